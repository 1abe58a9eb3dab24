# METADATA
# title: Freeze window
# description: |
#   While an environment is frozen, a call is denied if the freeze lists one of its effects. If the
#   deployment does not know the environment, it could be frozen, so the call is denied.
# custom:
#   severity: high
#   remedy: Wait until the freeze ends; the operator states environments and freezes in deployment/environments.yaml
#   controls: ["nist_800_207:T4", "iso_42001:A.6.2.5", "csa_atf:S-5"]
#   depends_on:
#     - request.malformed
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - environment.other_than_task
package inbounds.rules.environment.freeze_window

import data.inbounds.lib.clock
import data.inbounds.lib.resources
import data.inbounds.lib.tools

# METADATA
# description: No freeze of the environment holds now for an effect of the tool
ruled_out if {
	count(tools.effects) > 0
	is_object(_environment)

	every freeze in object.get(_environment, "freezes", []) {
		_open(freeze)
	}
}

# METADATA
# description: The freezes that hold, by their end in Unix seconds
details contains {"environment": resources.environment, "until": freeze.end} if {
	some freeze in _environment.freezes
	not _open(freeze)
}

_environment := data.deployment.environments[resources.environment]

_open(freeze) if {
	is_array(freeze.effects)
	count(tools.effects & {effect | some effect in freeze.effects}) == 0
}

_open(freeze) if {
	_window(freeze)
	clock.now < freeze.start
}

_open(freeze) if {
	_window(freeze)
	clock.now >= freeze.end
}

# A freeze that ends before it starts has been written wrongly, and is taken to hold.
_window(freeze) if {
	is_number(clock.now)
	is_number(freeze.start)
	is_number(freeze.end)
	freeze.start <= freeze.end
}
