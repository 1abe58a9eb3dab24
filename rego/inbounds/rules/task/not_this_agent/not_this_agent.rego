# METADATA
# title: Task of another agent
# description: |
#   A task is given to one agent. Its token is invalid in a call of another agent, whose identity
#   token names that other agent.
# custom:
#   severity: critical
#   remedy: The user must begin a task for the agent that makes the call
#   controls: ["owasp_asi:ASI03", "owasp_t:T9", "csa_atf:I-2"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - task.unverified
#     - delegation.chain_unverified
#     - identity.not_the_agent_asserted
package inbounds.rules.task.not_this_agent

import data.inbounds.lib.identity
import data.inbounds.lib.task

# METADATA
# description: The actor of the task token is the agent that the identity token is of
ruled_out if task.actor == identity.agent

# METADATA
# description: Nothing beyond the code
details := set()
