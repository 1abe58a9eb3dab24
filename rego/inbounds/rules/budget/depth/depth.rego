# METADATA
# title: Budget of delegations used up
# description: |
#   The token of a delegated task states how many delegations the task has passed through. That number
#   must not exceed the limit in the token, nor the task's budget `depth`, if it has one.
# custom:
#   severity: medium
#   remedy: An agent closer to the user must make the call; the user can begin a task with a greater budget of `depth`
#   controls: ["owasp_asi:ASI08", "owasp_aisvs:v1.0-C9.1.2", "owasp_aisvs:v1.0-C9.5.5"]
#   depends_on: [request.malformed, task.unverified, delegation.chain_unverified, delegation.too_deep]
package inbounds.rules.budget.depth

import data.inbounds.lib.budgets
import data.inbounds.lib.task

# METADATA
# description: The task has been through no more hops than it may
ruled_out if {
	is_number(task.claims.del_max_depth)
	task.depth <= task.claims.del_max_depth
	_kept
}

# METADATA
# description: The budget that is exceeded, and the most hops that it permits
details contains budgets.exceeded("depth") if not _kept

_kept if budgets.open("depth")

_kept if budgets.covers("depth", task.depth)
