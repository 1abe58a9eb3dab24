# METADATA
# title: Call from elsewhere
# description: |
#   Where the deployment says from which networks an agent calls, or whose tokens it is known by, a
#   call from another place or with another issuer's token may be somebody's who has copied what the
#   agent holds. The network is the PEP's word (`call_environment`), the issuer's is a signature.
# custom:
#   severity: high
#   remedy: Find out who called; where the agent has moved, say so in deployment/agents.yaml
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI7:2025"]
#   depends_on: [request.malformed, identity.unverified, identity.agent_unregistered]
package inbounds.rules.identity.origin_mismatch

import data.inbounds.lib.agents
import data.inbounds.lib.identity

# METADATA
# description: The call comes from where the agent may be, by a token of whom it may be known by
ruled_out if {
	_from_its_network
	_by_its_issuer
}

# METADATA
# description: What does not fit
# scope: document
details contains {"origin": "network"} if {
	agents.entry
	not _from_its_network
}

details contains {"origin": "issuer"} if {
	agents.entry
	not _by_its_issuer
}

_from_its_network if {
	is_object(agents.entry)
	object.get(agents.entry, "networks", []) == []
}

_from_its_network if {
	is_array(agents.entry.networks)
	input.context.environment.network in agents.entry.networks
	input.context.environment.network != ""
}

_by_its_issuer if {
	is_object(agents.entry)
	object.get(agents.entry, "issuers", []) == []
}

_by_its_issuer if {
	is_array(agents.entry.issuers)
	identity.verified.name in agents.entry.issuers
}
