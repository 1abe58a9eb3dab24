# METADATA
# title: Not known whether it can be undone
# description: |
#   Of a tool that changes, runs or spends something, the registry says whether that can be
#   undone. Where it does not, nobody has looked. What is sent can never be taken back, and what
#   is read leaves nothing to undo: of these it need not be said.
# custom:
#   severity: medium
#   remedy: Say in deployment/tools.yaml whether what this tool does can be undone, `reversible` as "yes" or "no"
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
