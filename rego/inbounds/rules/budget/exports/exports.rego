# METADATA
# title: Budget of exports used up
# description: |
#   A task with a budget of exports makes no more calls that send something out than that. Other calls
#   are not affected.
# custom:
#   severity: high
#   remedy: The agent can continue without sending; the user can begin a task with a greater budget of `exports`
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
