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
at(host) if count(_after(host)) > 0

# METADATA
# description: |
#   Whether `url`, whose host is `host`, is an address that the card names, by TLS and at its port, or
#   lies below one. Others may be at home beside it on the same host. What is written there in any but
#   plain letters may lead out of it again, so it is not a path below it.
at_url(url, host) if {
	is_string(url)
	is_string(host)
	origin := concat("", ["https://", host])
	startswith(url, origin)
	asked := _place(trim_prefix(url, origin))
	some rest in _after(host)
	named := _place(rest)
	asked.port == named.port
	named.query in {"", asked.query}
	_within(asked.path, named.path)
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

# What stands in the addresses of a card after their host.
_after(host) := {rest |
	is_string(host)
	host != ""
	origin := concat("", ["https://", host])
	some url in _urls
	startswith(lower(url), origin)
	rest := substring(url, count(origin), -1)
	regex.match(`^(:[0-9]{1,5})?(/|$)`, rest)
}

_place(rest) := {"port": _port(port), "path": trim_prefix(path, port), "query": trim_prefix(sent, path)} if {
	sent := split(rest, "#")[0]
	path := split(sent, "?")[0]
	port := split(path, "/")[0]
	regex.match(`^(:[0-9]{1,5})?$`, port)
}

_port(":443") := ""

_port(port) := port if port != ":443"

_within(path, named) if path == named

_within(path, named) if {
	folder := trim_suffix(named, "/")
	startswith(path, concat("", [folder, "/"]))
	regex.match(`^(/\.?[A-Za-z0-9_~-][A-Za-z0-9._~:-]*)*/?$`, trim_prefix(path, folder))
}
