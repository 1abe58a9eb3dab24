# METADATA
# title: Budget of records used up
# description: |
#   A task with a budget of rows reads no more records than that. Each call counts with the most
#   records that its tool can return, so a result never exceeds the budget.
# custom:
#   severity: medium
#   remedy: The agent can ask for fewer records; the user can begin a task with a greater budget of `rows`
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.1.2", "csa_atf:S-4"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.rows

import data.inbounds.lib.budgets

# METADATA
# description: This call reads no record, or the task may read this many
ruled_out if budgets.kept("rows")

# METADATA
# description: The budget that would be exceeded, and the most it lets be taken
details contains budgets.overdrawn("rows") if not budgets.kept("rows")
