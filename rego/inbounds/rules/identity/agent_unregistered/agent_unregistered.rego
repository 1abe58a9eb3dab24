# METADATA
# title: Agent not registered
# description: |
#   Every agent needs an entry in the deployment, with a manifest of what it was built to do.
# custom:
#   severity: high
#   remedy: The operator can register the agent in deployment/agents.yaml, with an owner and a manifest
#   controls: ["owasp_asi:ASI10", "csa_atf:I-3", "nist_ai_rmf:GOVERN 1.6", "owasp_mcp:MCP09:2025"]
#   depends_on: [request.malformed, identity.unverified]
package inbounds.rules.identity.agent_unregistered

import data.inbounds.lib.agents

# METADATA
# description: The agent has an entry that says what it was built to do
ruled_out if _built

# METADATA
# description: What the registry lacks
# scope: document
details contains {"lacks": "entry"} if not agents.entry

details contains {"lacks": "manifest"} if {
	agents.entry
	not _built
}

_built if {
	is_array(agents.entry.manifest.tools)
	is_array(agents.entry.manifest.effects)
}
