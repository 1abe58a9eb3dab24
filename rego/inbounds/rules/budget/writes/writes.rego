# METADATA
# title: Budget of writes used up
# description: |
#   A task with a budget of writes makes no more calls that change something than that. Other calls
#   are not affected.
# custom:
#   severity: medium
#   remedy: >-
#     The agent can continue without changing anything; the user can begin a task with a greater budget of
#     `writes`
#   controls: ["owasp_asi:ASI08", "owasp_aisvs:v1.0-C9.1.2", "csa_atf:S-4"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.writes

import data.inbounds.lib.budgets

# METADATA
# description: This call changes nothing, or the task may make this many calls that do
ruled_out if budgets.kept("writes")

# METADATA
# description: The budget that would be exceeded, and the most it lets be taken
details contains budgets.overdrawn("writes") if not budgets.kept("writes")
