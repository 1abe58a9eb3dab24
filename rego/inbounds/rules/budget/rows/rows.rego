# METADATA
# title: Budget of records used up
# description: |
#   Where a task says how many records it may read, it reads no more. A call counts for as many
#   as its tool returns at most, so that what comes back is never too much.
# custom:
#   severity: medium
#   remedy: Ask for fewer records at a time, or ask the user for a task that may read more
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
