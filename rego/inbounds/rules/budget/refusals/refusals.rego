# METADATA
# title: Too many refusals
# description: |
#   A task with a budget of refusals may only read once its session has had more refusals than that.
#   An agent that repeats denied calls may follow injected instructions. Its other calls may then not
#   be what the user meant either.
# custom:
#   severity: high
#   remedy: A person must look at the denied calls; then the user can begin another session
#   controls: ["owasp_asi:ASI08", "owasp_asi:ASI10", "owasp_aisvs:v1.0-C9.1.2"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.refusals

import data.inbounds.lib.steering
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: This call only reads, no budget is set, or the session was refused no more often
# scope: document
ruled_out if {
	_known
	not steering.acts
}

ruled_out if {
	_known
	not "refusals" in object.keys(task.authority.budgets)
}

ruled_out if {
	_known
	is_number(task.authority.budgets.refusals)
	input.context.session.refusals <= task.authority.budgets.refusals
}

# METADATA
# description: How many refusals there may have been
details contains {"budget": "refusals", "most": most} if {
	not ruled_out
	most := task.authority.budgets.refusals
	is_number(most)
}

_known if {
	count(tools.effects) > 0
	is_object(task.authority.budgets)
	is_number(input.context.session.refusals)
}
