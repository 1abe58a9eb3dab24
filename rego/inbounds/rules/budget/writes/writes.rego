# METADATA
# title: Budget of writes used up
# description: |
#   Where a task says how many calls it may make that change something, it makes no more of
#   them. What changes nothing goes on.
# custom:
#   severity: medium
#   remedy: Go on without changing anything, or ask the user for a task that may change more
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
