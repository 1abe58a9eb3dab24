# METADATA
# title: Delegation cycle
# description: |
#   A task must not be delegated to an agent that already has it. Such a cycle could repeat until the
#   task expires. It is also a cycle if two tokens of the chain name the same key: an agent has then
#   delegated the task to itself under another name.
# custom:
#   severity: high
#   remedy: The agent that already has the task must make the call itself, with the first token that it was given
#   controls: ["owasp_asi:ASI08", "owasp_t:T12", "owasp_aisvs:v1.0-C9.5.5"]
#   depends_on: [request.malformed, task.unverified, delegation.too_deep, delegation.chain_unverified]
package inbounds.rules.delegation.loop

import data.inbounds.lib.delegation
import data.inbounds.lib.task

# METADATA
# description: The task was not delegated, or no agent got it twice
# scope: document
ruled_out if delegation.given == []

ruled_out if {
	count(delegation.actors) == delegation.hops + 1
	count({actor | some actor in delegation.actors; is_string(actor)}) == count(delegation.actors)
	count({key | some key in _keys}) == count(delegation.actors)
}

_keys := array.concat([task.claims.cnf.jwk], [link.claims.cnf.jwk | some link in delegation.links])

# METADATA
# description: The links by which it came back, to an agent or to a key
# scope: document
details contains {"link": later} if {
	some later, actor in delegation.actors
	actor in array.slice(delegation.actors, 0, later)
}

details contains {"link": later, "of": "key"} if {
	some later, key in _keys
	key in array.slice(_keys, 0, later)
}
