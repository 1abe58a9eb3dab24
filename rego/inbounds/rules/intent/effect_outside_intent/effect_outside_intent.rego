# METADATA
# title: Effect outside the task's intent
# description: |
#   A task says what the user asked for as a set of effects, such as `read` and `write`.
#   Whatever path led the agent here, every effect of the tool it now calls must be among
#   them.
# custom:
#   severity: high
#   remedy: Ask the user to widen the task, or choose a tool without this effect
#   controls: ["owasp_asi:ASI01", "owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.5.1"]
#   depends_on: [request.malformed, task.unverified, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.intent.effect_outside_intent

import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: Every effect of the tool is one the user asked for
ruled_out if {
	count(tools.effects) > 0

	every effect in tools.effects {
		effect in task.authority.effects
	}
}

# METADATA
# description: The effects nobody asked for
details contains {"effect": effect} if {
	some effect in tools.effects
	not effect in task.authority.effects
}
