# METADATA
# title: Tool reaches further than allowed
# description: |
#   A call also does what its tool sets in motion, so all of that must be known. An agent that is
#   `read_only` makes no call that has another effect, reaches one, or uses a credential that is valid
#   for one; nor does an agent to which such an agent has delegated its task.
# custom:
#   severity: high
#   remedy: Use an agent that is not `read_only`; the operator can complete `effects` and `reaches` in tools.yaml
#   controls: ["owasp_asi:ASI02", "owasp_asi:ASI03", "owasp_nhi:NHI5:2025", "owasp_aisvs:v1.0-C9.3.4"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - identity.agent_unregistered
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - delegation.chain_unverified
#     - delegation.not_permitted
package inbounds.rules.capability.reaches_further

import data.inbounds.lib.agents
import data.inbounds.lib.tools

# METADATA
# description: All that the call sets in motion is known, and only reads where an agent only reads
# scope: document
ruled_out if {
	count(tools.lost) == 0
	count(agents.chain) > 0

	every agent in agents.chain {
		is_object(agent)
		object.get(agent, "read_only", false) == false
	}
}

ruled_out if {
	count(tools.lost) == 0
	count(agents.chain) > 0
	count(tools.effects) > 0
	count(_beyond_reading) == 0
}

# METADATA
# description: What cannot be followed, and what goes beyond reading, by whom
# scope: document
details contains {"reaches": word, "is": "not known"} if some word in tools.lost

details contains {"tool": input.action.name, "reaches": "more than is followed"} if {
	tools.entry
	not tools.reached
}

details contains about if {
	not ruled_out
	tools.lost == set()
	some about in _beyond_reading
}

_beyond_reading := _by_effects | _by_credentials

_by_effects contains {"tool": input.action.name, "effect": effect} if {
	some effect in (tools.effects - {"read"})
}

_by_credentials contains {"credential": name, "effect": effect} if {
	some name in _credentials
	some effect in data.deployment.credentials[name].effects
	effect != "read"
}

_by_credentials contains {"credential": name, "is": "not known"} if {
	some name in _credentials
	not _is_stated(name)
}

_is_stated(name) if {
	is_object(data.deployment.credentials[name])
	is_array(object.get(data.deployment.credentials[name], "effects", []))
}

_credentials contains name if {
	some tool in (tools.reached | {input.action.name})
	name := data.deployment.tools[tool].credential
	name != ""
}
