# METADATA
# title: Tool descriptor changed
# description: |
#   The model reads the descriptor that an MCP server gives for a tool, and calls the tool
#   accordingly. A changed description or schema steers the agent. A tool may be called only while its
#   descriptor is the one that a person has reviewed and pinned in the registry.
# custom:
#   severity: high
#   remedy: The operator must review the tool's descriptor, and pin it with `inbounds registry draft --mcp`
#   controls: ["owasp_asi:ASI04", "owasp_mcp:MCP03:2025", "owasp_aisvs:v1.0-C10.4.8"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.supply.descriptor_changed

import data.inbounds.lib.servers
import data.inbounds.lib.tools

# METADATA
# description: The descriptor is the pinned one; or there is neither a descriptor nor a pin
ruled_out if {
	is_string(servers.descriptor)
	servers.descriptor == _pin
}

# METADATA
# description: The tool, what is pinned of it and what was seen
# scope: document
details contains {
	"tool": input.action.name,
	"seen": servers.descriptor,
	"place": "/resource/properties/descriptor",
} if {
	_pin == ""
	servers.descriptor != ""
}

details contains {"tool": input.action.name, "pinned": _pin, "seen": servers.descriptor} if {
	not _pin in {"", servers.descriptor}
}

_pin := object.get(tools.entry, "pin", "") if is_object(tools.entry)
