# METADATA
# title: Budget of calls used up
# description: |
#   A task with a budget of calls makes no more calls than that. This stops an agent that calls tools
#   in an endless loop.
# custom:
#   severity: medium
#   remedy: The user can begin another task, with a budget of `calls` that covers what is left to do
#   controls: ["owasp_asi:ASI08", "owasp_t:T4", "owasp_aisvs:v1.0-C9.1.2", "mitre_atlas:AML.T0034.002"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.calls

import data.inbounds.lib.budgets

# METADATA
# description: With this call the task will have made no more calls than it may
ruled_out if budgets.kept("calls")

# METADATA
# description: The budget that would be exceeded, and the most it lets be taken
details contains budgets.overdrawn("calls") if not budgets.kept("calls")
