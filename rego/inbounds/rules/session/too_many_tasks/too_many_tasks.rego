# METADATA
# title: Too many tasks under way
# description: |
#   A session keeps what each task under way has taken, and keeps that of eight at most, so that
#   its last call costs what its first one did. A task is under way until its deadline.
# custom:
#   severity: medium
#   remedy: Go on with a task that is under way, or begin another session
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
