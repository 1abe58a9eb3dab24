# METADATA
# title: Task of another agent
# description: |
#   A task is given to one agent. Its token is worth nothing in the hands of another, whose
#   own identity token names somebody else.
# custom:
#   severity: critical
#   remedy: Begin a task for the agent that runs
#   controls: ["owasp_asi:ASI03", "owasp_t:T9", "csa_atf:I-2"]
#   depends_on: [request.malformed, identity.unverified, task.unverified, identity.not_the_agent_asserted]
package inbounds.rules.task.not_this_agent

import data.inbounds.lib.identity
import data.inbounds.lib.task

# METADATA
# description: The actor of the task token is the subject of the identity token
ruled_out if {
	is_string(identity.claims.sub)
	task.claims.act.sub == identity.claims.sub
}

# METADATA
# description: Nothing beyond the code
details := set()
