# METADATA
# title: MCP server not listed
# description: |
#   The MCP server decides what its tools do, whatever their names are. A tool may be called only if
#   the deployment lists its server, with the URL or the command line that the PEP has really
#   connected to.
# custom:
#   severity: high
#   remedy: The operator can add the server to deployment/servers.yaml, under the first part of the tool's name
#   controls: ["owasp_asi:ASI04", "owasp_mcp:MCP04:2025", "owasp_aisvs:v1.0-C10.1.2"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.supply.server_not_listed

import data.inbounds.lib.servers

# METADATA
# description: No MCP server is concerned, or it runs where it may
# scope: document
ruled_out if {
	servers.name
	not servers.listed
	servers.runs_at == ""
}

ruled_out if {
	servers.runs_at in servers.places
	servers.runs_at != ""
}

# METADATA
# description: The server, and what it lacks
# scope: document
details contains {"server": servers.name, "lacks": "an entry", "place": "/resource/properties/server"} if {
	servers.runs_at != ""
	not servers.listed
}

details contains {"server": servers.name, "lacks": "where it runs"} if {
	servers.listed
	servers.runs_at == ""
}

details contains {"server": servers.name, "runs_at": servers.runs_at, "place": "/resource/properties/server"} if {
	servers.runs_at != ""
	not servers.runs_at in servers.places
}
