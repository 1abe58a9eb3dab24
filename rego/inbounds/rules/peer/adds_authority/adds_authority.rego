# METADATA
# title: Peer's answer used as authority
# description: |
#   The answer of another operator's agent is text of a third party. It gives no permission, names no
#   recipient and confirms no amount. The registry must therefore state `party: third` for the results
#   of a tool that speaks to peers, and no argument that steers a call is trusted because a peer
#   stated it.
# custom:
#   severity: high
#   remedy: >-
#     The operator must register the tool's result as a third party's; the user must state the value that steers
#     the call
#   controls: ["owasp_asi:ASI07", "owasp_asi:ASI01"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.peer.adds_authority

import data.inbounds.lib.peers
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Peers answer as strangers do, and nothing that steers is trusted for their word
ruled_out if {
	_registered_as_strangers
	is_object(steering.leaves)
	count(_trusted) == 0
}

# METADATA
# description: What of the registry trusts the peer, or which arguments were trusted for its word
# scope: document
details contains {"tool": input.action.name, "returns": "party"} if {
	tools.entry
	not peers.none
	not _of_others
}

details contains {"tool": input.action.name, "returns": pattern} if {
	not peers.none
	some pattern, field in _fields
	not _plain(field)
}

details contains {"tool": input.action.name, "returns": "titled_by"} if {
	is_object(_returns)
	not peers.none
	not _untitled
}

details contains {"argument": pointer} if some pointer in _trusted

_registered_as_strangers if peers.none

_registered_as_strangers if {
	_of_others
	_untitled
	is_object(_fields)
	every field in _fields {
		_plain(field)
	}
}

_of_others if object.get(_returns, "party", "third") == "third"

# A record that the user has named is quoted: to speak of a peer is not to speak for it.
_untitled if object.get(_returns, "titled_by", "") == ""

_returns := returns if {
	is_object(tools.entry)
	returns := object.get(tools.entry, "returns", {})
	is_object(returns)
}

_fields := object.get(_returns, "fields", {})

# Ids and titles of a stranger's would be taken for what the user has named.
_plain(field) if {
	is_object(field)
	object.get(field, "party", "third") == "third"
	object.get(field, "holds", "value") in {"value", "text"}
}

_trusted contains pointer if {
	some pointer, _ in steering.leaves
	not _own(pointer)
}

# The value is not a peer's, or it is graded as a stranger's word.
_own(pointer) if {
	is_string(_tool(pointer))
	not peers.speaks_to_peers(_tool(pointer))
}

_own(pointer) if steering.grade(pointer) in {"third_party_meta", "third_party_text", "none"}

_tool(pointer) := object.get(input.action.properties, ["origins", pointer, "tool"], "")
