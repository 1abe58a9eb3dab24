# METADATA
# title: Budget of exports used up
# description: |
#   Where a task says how many calls it may make that send something out, it makes no more of
#   them. What sends nothing goes on.
# custom:
#   severity: high
#   remedy: Go on without sending anything, or ask the user for a task that may send more
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.1.2", "nist_800_53:AC-4", "csa_atf:S-4"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.exports

import data.inbounds.lib.budgets

# METADATA
# description: This call sends nothing, or the task may make this many calls that do
ruled_out if budgets.kept("exports")

# METADATA
# description: The budget that would be exceeded, and the most it lets be taken
details contains budgets.overdrawn("exports") if not budgets.kept("exports")
