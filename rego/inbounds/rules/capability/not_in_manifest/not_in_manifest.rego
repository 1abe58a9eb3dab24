# METADATA
# title: Not in the agent's manifest
# description: |
#   The manifest of an agent lists the tools and effects that the agent can ever be given. A call
#   beyond the manifest is denied, whichever user asks for it.
# custom:
#   severity: high
#   remedy: The user can choose another agent; its owner can widen its `manifest` in deployment/agents.yaml
#   controls: ["owasp_asi:ASI02", "owasp_nhi:NHI5:2025", "owasp_aisvs:v1.0-C9.3.4", "mitre_atlas_m:AML.M0028"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - identity.agent_unregistered
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - delegation.chain_unverified
#     - delegation.not_permitted
package inbounds.rules.capability.not_in_manifest

import data.inbounds.lib.agents
import data.inbounds.lib.tools

# METADATA
# description: The manifest has the tool, and every effect of it
ruled_out if {
	_has_tool
	count(tools.effects) > 0

	every effect in tools.effects {
		_has_effect(effect)
	}
}

# METADATA
# description: The tool or the effects that the manifest lacks
# scope: document
details contains {"tool": input.action.name} if not _has_tool

details contains {"effect": effect} if {
	some effect in tools.effects
	not _has_effect(effect)
}

_has_tool if {
	count(agents.chain) > 0

	every agent in agents.chain {
		input.action.name in agent.manifest.tools
	}
}

_has_effect(effect) if {
	count(agents.chain) > 0

	every agent in agents.chain {
		effect in agent.manifest.effects
	}
}
