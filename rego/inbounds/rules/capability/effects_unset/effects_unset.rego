# METADATA
# title: Effects not set
# description: |
#   The registry states the effects of each tool. A person must set them, because a draft leaves them
#   empty. Until then, and while one of them is not a known effect, no agent may call the tool.
# custom:
#   severity: high
#   remedy: The operator must set the `effects` of the tool in deployment/tools.yaml
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C5.2.1", "csa_atf:I-5"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.capability.effects_unset

import data.inbounds.lib.tools

# METADATA
# description: The tool has effects, and all are known
ruled_out if {
	count(tools.effects) > 0
	count(tools.effects - tools.known) == 0
}

# METADATA
# description: The effects that nobody knows
details contains {"effect": effect} if some effect in (tools.effects - tools.known)
