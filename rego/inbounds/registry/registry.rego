# METADATA
# description: |
#   What the SDK has to know of one tool before it can ask about a call: which arguments to
#   parse, what the result is labelled at most, and how labels are ordered.
# scope: package
# schemas:
#   - input: schema.registry_question
package inbounds.registry

import data.inbounds.lib.stores
import data.inbounds.lib.tools

# METADATA
# title: Tool
# description: One entry of the tool registry, with the revision in force
# entrypoint: true
tool := object.union(
	{
		"revision": data.deployment.revision,
		"labels": data.deployment.labels.order,
		"proof": object.get(data.deployment.settings, "proof", []),
		"registered": _registered,
	},
	_entry,
)

default _registered := false

_registered if data.deployment.tools[input.tool]

default _entry := {}

# What a tool sets in motion is among its effects, whatever its own entry says.
_entry := {"tool": object.union_n([entry, _effects, {"store": stores.of(entry)}])} if {
	entry := data.deployment.tools[input.tool]
}

default _effects := {}

_effects := {"effects": sort(tools.most(input.tool))} if {
	data.deployment.tools[input.tool].reaches
	data.deployment.tools[input.tool].reaches != []
}
