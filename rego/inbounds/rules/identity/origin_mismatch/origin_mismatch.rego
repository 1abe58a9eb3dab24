# METADATA
# title: Call from an unexpected network or issuer
# description: |
#   The deployment can list the networks that an agent calls from, and the issuers of its tokens. A
#   call from another network, or with another issuer's token, may come from somebody who has copied
#   the agent's tokens. The PEP states the network (`call_environment`); the token's signature shows
#   the issuer.
# custom:
#   severity: high
#   remedy: The operator must find out who called; if the agent has moved, change its entry in deployment/agents.yaml
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
