# METADATA
# description: What the tool registry says about the tool. The agent's own word is never asked.
package inbounds.lib.tools

import data.inbounds.lib.addresses

# METADATA
# description: The registered tool; undefined for one that is not registered
entry := data.deployment.tools[input.action.name]

# METADATA
# description: |
#   The effects that the registry states. Undefined for a tool that is not registered, empty for
#   one whose effects nobody has set: `every` over nothing is true, so rules count them first.
stated := {effect | some effect in entry.effects} if entry

# METADATA
# description: |
#   The effects of the call: those stated and, where an argument names somewhere, `export`. A
#   request carries data to where it goes, also one that only reads.
effects := stated | _implied

default _implied := set()

_implied := {"export"} if {
	count(stated) > 0
	count(stated & {"export", "spend", "delegate"}) == 0
	count(addresses.named) > 0
}
