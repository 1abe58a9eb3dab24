# METADATA
# title: Agent not registered
# description: |
#   Every agent stands in the deployment's registry with an owner who answers for it and a
#   manifest of what it was built to do.
# custom:
#   severity: high
#   remedy: Register the agent in the deployment, with an owner and a manifest
#   controls: ["owasp_asi:ASI10", "csa_atf:I-3", "nist_ai_rmf:GOVERN 1.6", "owasp_mcp:MCP09:2025"]
#   depends_on: [request.malformed, identity.unverified]
package inbounds.rules.identity.agent_unregistered

import data.inbounds.lib.agents

# METADATA
# description: The agent has an entry that names its owner and its manifest
ruled_out if {
	_owned
	_built
}

# METADATA
# description: What the registry lacks
# scope: document
details contains {"lacks": "owner"} if not _owned

details contains {"lacks": "manifest"} if not _built

_owned if {
	is_string(agents.entry.owner)
	trim_space(agents.entry.owner) != ""
}

_built if {
	is_array(agents.entry.manifest.tools)
	is_array(agents.entry.manifest.effects)
}
