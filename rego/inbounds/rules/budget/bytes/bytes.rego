# METADATA
# title: Budget of bytes used up
# description: |
#   Where a task says how much it may send out, it sends no more. A call that sends something
#   counts for its canonical arguments, all of them, in bytes of UTF-8; what a path or an id among
#   them stands for is not counted.
# custom:
#   severity: high
#   remedy: Send less, or ask the user for a task that may send more
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
