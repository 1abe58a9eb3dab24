# METADATA
# title: Same call repeated too often
# description: |
#   A task with a budget of repeats does not make the same call with the same arguments more often
#   than that without another call in between.
# custom:
#   severity: medium
#   remedy: The agent can use the result that this call has already returned, or ask the user how to continue
#   controls: ["owasp_asi:ASI08", "owasp_t:T4", "owasp_aisvs:v1.0-C9.1.1", "mitre_atlas:AML.T0034.002"]
#   depends_on: [request.malformed, session.missing, task.unverified, delegation.chain_unverified]
package inbounds.rules.budget.repeats

import data.inbounds.lib.budgets
import data.inbounds.lib.sessions

# METADATA
# description: This call is not one repetition too many
# scope: document
ruled_out if budgets.open("repeats")

ruled_out if budgets.covers("repeats", sessions.repeats)

# METADATA
# description: The budget that would be exceeded, and how many repetitions it lets be made
details contains budgets.exceeded("repeats") if not budgets.covers("repeats", sessions.repeats)
