# METADATA
# description: What the tool registry says about the tool. The agent's own word is never asked.
package inbounds.lib.tools

# METADATA
# description: The registered tool; undefined for one that is not registered
entry := data.deployment.tools[input.action.name]

# METADATA
# description: |
#   The effects of the tool. Undefined for a tool that is not registered, empty for one
#   whose effects nobody has set: `every` over nothing is true, so rules count them first.
effects := {effect | some effect in entry.effects} if entry
