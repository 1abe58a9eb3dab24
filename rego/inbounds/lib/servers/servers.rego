# METADATA
# description: |
#   The MCP server that serves a tool, by the first part of the tool's name; and what the PEP has seen
#   of it.
# related_resources:
#   - ref: https://modelcontextprotocol.io/specification/2026-07-28/server/tools
#     description: Model Context Protocol, tools
package inbounds.lib.servers

# METADATA
# description: The server's name
name := split(input.action.name, ".")[0] if is_string(input.action.name)

# METADATA
# description: Whether the deployment has a server of that name
listed if {
	some key, _ in data.deployment.servers
	key == name
}

# METADATA
# description: Where the server may run
places := {place | some place in data.deployment.servers[name].at} if listed

# METADATA
# description: Where the PEP says that it runs; empty where it says nothing
runs_at := _said("server")

# METADATA
# description: The digest of the tool's descriptor as the PEP has seen it; empty where it says none
descriptor := _said("descriptor")

_said(member) := object.get(input.resource, ["properties", member], "") if is_object(input.resource)
