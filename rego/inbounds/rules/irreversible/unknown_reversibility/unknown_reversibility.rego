# METADATA
# title: Reversibility unknown
# description: |
#   If a tool changes, runs or spends something, the registry must state whether that can be undone.
#   Otherwise the tool is denied. No statement is needed for a tool that only reads, which leaves
#   nothing to undo, or that only sends, which can never be undone.
# custom:
#   severity: medium
#   remedy: The operator must set `reversible` of the tool to "yes" or "no" in deployment/tools.yaml
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.2.3"]
#   depends_on: [request.malformed, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.irreversible.unknown_reversibility

import data.inbounds.lib.spending
import data.inbounds.lib.tools

# METADATA
# description: It is known whether what the tool does can be undone, or there is nothing to say of it
# scope: document
ruled_out if {
	count(tools.effects) > 0
	count(tools.effects & spending.writing) == 0
}

ruled_out if {
	count(tools.effects) > 0
	tools.entry.reversible in {"yes", "no"}
}

# METADATA
# description: The effects of which it is not known
details contains {"effect": effect} if {
	not ruled_out
	some effect in (tools.effects & spending.writing)
}
