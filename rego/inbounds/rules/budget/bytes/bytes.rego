# METADATA
# title: Budget of bytes used up
# description: |
#   A task with a budget of bytes sends no more bytes than that. A call that sends something counts
#   with all its canonical arguments, in bytes of UTF-8. The content of a file that an argument names
#   by path or id is not counted.
# custom:
#   severity: high
#   remedy: The agent can send less; the user can begin a task with a greater budget of `bytes`
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.1.2", "nist_800_53:AC-4", "csa_atf:S-4"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.bytes

import data.inbounds.lib.budgets

# METADATA
# description: This call sends nothing, or the task may send this much
ruled_out if budgets.kept("bytes")

# METADATA
# description: The budget that would be exceeded, and the most it lets be taken
details contains budgets.overdrawn("bytes") if not budgets.kept("bytes")
