# METADATA
# title: Effect that the prompt does not state
# description: |
#   A task can assume effects, such as those of an intent where a draft understood nothing in the prompt. A
#   person is asked about each call that only such a bound of the task permits. Where a third party
#   steers the call, it is denied (`intent.effect_outside_intent`).
# custom:
#   severity: medium
#   remedy: >-
#     User: approve the call if it is what you meant. Operator: add the words that users say to `words` of the
#     intent in deployment/intents.yaml
#   controls: ["owasp_asi:ASI01", "owasp_asi:ASI02"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.escalations.intent.assumed_effect

import data.inbounds.lib.assumptions
import data.inbounds.lib.resources
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The call needs nothing that the task only assumes
ruled_out if {
	count(tools.effects) > 0
	assumptions.none_needed
}

# METADATA
# description: What the task assumes that the call needs
# scope: document
details contains {"assumed": bound.type, "effect": effect} if {
	some bound in task.authority.resources
	bound.assumed == true
	bound.type == tools.entry.resource
	some effect in tools.effects
	resources.lets(bound, {effect})
}
