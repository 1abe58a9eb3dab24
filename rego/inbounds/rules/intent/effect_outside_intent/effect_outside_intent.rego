# METADATA
# title: Effect outside the task's intent
# description: |
#   A task states what the user asked for as a set of effects, such as `read` and `write`. Every effect
#   of the tool that the agent calls must be among them, and among those of the task for the type of
#   resource that it touches. Effects that the task only assumes (`assumed`) are not sufficient for a call
#   with an argument from an untrusted source.
# custom:
#   severity: high
#   remedy: Ask the user to widen the task, or choose a tool without this effect; intents are in deployment/intents.yaml
#   controls: ["owasp_asi:ASI01", "owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.5.1"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.intent.effect_outside_intent

import data.inbounds.lib.assumptions
import data.inbounds.lib.bounds
import data.inbounds.lib.resources
import data.inbounds.lib.steering
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: Every effect of the tool is one the user asked for
ruled_out if {
	count(tools.effects) > 0
	is_string(tools.entry.resource)
	is_array(task.authority.resources)
	_on_this_type
	_as_assumed

	every effect in tools.effects {
		effect in task.authority.effects
	}
}

# METADATA
# description: The effects nobody asked for, at all or on this type of resource
# scope: document
details contains {"effect": effect} if {
	some effect in tools.effects
	not effect in task.authority.effects
}

details contains {"effect": effect, "resource": tools.entry.resource} if {
	not _on_this_type
	some effect in tools.effects
	effect in task.authority.effects
	not _asked_for(effect)
}

details contains {"argument": pointer, "origin": steering.grade(pointer)} if {
	not _as_assumed
	some pointer, _ in steering.leaves
	not bounds.steers_unasked(pointer)
}

details contains {"argument": pattern, "origin": "none"} if {
	not _as_assumed
	some pattern, _ in steering.unstated
}

# A type that the task does not name at all is what nothing grants.
_on_this_type if count(_of_this_type) == 0

_on_this_type if {
	some bound in _of_this_type
	resources.lets(bound, tools.effects)
}

# Nobody has stated that it may be done, so no third party may steer it.
_as_assumed if assumptions.none_needed

_as_assumed if bounds.steered_unasked

_of_this_type := [bound |
	some bound in task.authority.resources
	bound.type == tools.entry.resource
]

_asked_for(effect) if {
	some bound in _of_this_type
	resources.lets(bound, {effect})
}
