# METADATA
# title: Peer not verified
# description: |
#   An agent may speak to another operator's agent only if the deployment lists that agent, its
#   operator has signed its agent card, a person has reviewed the card and the entry is still in
#   force, and the call goes to an address of the card. At another address, anybody may answer.
# custom:
#   severity: high
#   remedy: >-
#     The operator can add the peer's signed card and key to deployment/peers.yaml; the agent must call the card's
#     address
#   controls: ["owasp_asi:ASI04", "owasp_asi:ASI07"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.peer.unverified

import data.inbounds.lib.arguments
import data.inbounds.lib.clock
import data.inbounds.lib.peers

# METADATA
# description: The call speaks to no peer, or to one whose card holds, where the card says
# scope: document
ruled_out if peers.none

ruled_out if {
	peers.card
	_in_force
	is_object(arguments.leaves)
	count(_elsewhere) == 0
}

# METADATA
# description: What it lacks, or the arguments that lead elsewhere
# scope: document
details contains {"peer": input.resource.id, "lacks": "an entry"} if {
	_spoken_to
	not peers.entry
}

details contains {"peer": input.resource.id, "lacks": "a card that its operator has signed"} if {
	peers.entry
	not peers.card
}

details contains {"peer": input.resource.id, "lacks": "an end ahead"} if {
	peers.entry
	not _in_force
}

details contains {"peer": input.resource.id, "argument": pointer} if {
	peers.card
	some pointer in _elsewhere
}

_spoken_to if {
	is_string(input.resource.id)
	not peers.none
}

_in_force if {
	is_number(peers.entry.until)
	peers.entry.until > clock.now
}

# An address in the arguments is where the call goes, whatever its role.
_elsewhere contains pointer if {
	some pointer, leaf in arguments.leaves
	leaf.value != null
	kind := arguments.spec(leaf.pattern).kind
	kind in {"url", "host"}
	not _named(kind, leaf)
}

_named("host", leaf) if peers.at(leaf.value)

_named("url", leaf) if peers.at_url(leaf.value, leaf.parsed.host)
