# METADATA
# title: Too many tasks in progress
# description: |
#   A session records the spending of each task in progress, for at most eight tasks, so that the cost
#   of a call does not grow. A task is in progress until its deadline.
# custom:
#   severity: medium
#   remedy: The user can continue a task in progress, or begin another session
#   controls: ["owasp_t:T4", "owasp_aisvs:v1.0-C9.1.2"]
#   depends_on:
#     - request.malformed
#     - session.missing
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - budget.money
package inbounds.rules.session.too_many_tasks

import data.inbounds.lib.sessions

# METADATA
# description: With this call the session knows no more than eight tasks that are under way
ruled_out if count(sessions.tasks) <= _most

# METADATA
# description: How many tasks there can be
details contains {"most": _most} if not ruled_out

_most := 8
