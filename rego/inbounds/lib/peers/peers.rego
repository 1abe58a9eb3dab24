# METADATA
# description: |
#   The agent of somebody else that a call speaks to: a resource of the type `peer`, whose id is the
#   peer's name in the deployment. It is known by its agent card, which its own operator has signed.
# related_resources:
#   - ref: https://a2a-protocol.org/latest/specification/
#     description: Agent2Agent protocol, signed agent cards
package inbounds.lib.peers

import data.inbounds.lib.jwt
import data.inbounds.lib.tools

# METADATA
# description: Whether the call speaks to no peer, by the registry and by the PEP
none if {
	is_string(tools.entry.resource)
	tools.entry.resource != "peer"
	is_string(input.resource.type)
	input.resource.type != "peer"
}

# METADATA
# description: What the deployment says of the peer; undefined for one that it does not know
entry := known if {
	tools.entry.resource == "peer"
	input.resource.type == "peer"
	known := data.deployment.peers[input.resource.id]
	is_object(known)
}

# METADATA
# description: The peer's card, once one of the keys of its operator has signed it
card := jwt.claims(entry.card, "JOSE", entry.keys, entry.algorithms)

# METADATA
# description: Whether the card says that the peer is reached at `host`, by TLS
at(host) if {
	is_string(host)
	host != ""
	some url in _urls
	rest := trim_prefix(lower(url), concat("", ["https://", host]))
	rest != lower(url)
	regex.match(`^(:[0-9]{1,5})?(/|$)`, rest)
}

# METADATA
# description: Whether a tool is registered as one that speaks to peers
speaks_to_peers(name) if data.deployment.tools[name].resource == "peer"

# One address stands at the top of a card up to version 0.3 of the protocol, each of several in a
# list from 1.0.
_urls contains card.url if is_string(card.url)

_urls contains interface.url if {
	some interface in _interfaces
	is_string(interface.url)
}

_interfaces := array.flatten([listed |
	some name in ["supportedInterfaces", "additionalInterfaces"]
	listed := card[name]
	is_array(listed)
])
