# METADATA
# title: Proof of possession used again
# description: |
#   A proof of possession names the decision that it was made for, and the state of the session, which
#   changes with every decision. A proof that names another decision or state was used before, or was
#   made for another call.
# custom:
#   severity: critical
#   remedy: The guard must sign a proof for each call; if it did, the operator must find out who saw the earlier one
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI2:2025"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - session.not_this_task
#     - identity.pop_mismatch
package inbounds.rules.identity.replayed

import data.inbounds.lib.proof

# METADATA
# description: There is no proof, or it is of this decision and this state of the session
# scope: document
ruled_out if proof.given == ""

ruled_out if {
	count(_now) == 3

	every name in object.keys(_now) {
		proof.claims[name] == _now[name]
	}
}

# METADATA
# description: What it names something else by
details contains {"claim": name} if {
	proof.claims
	some name, value in _now
	not proof.claims[name] == value
}

_now["jti"] := input.context.decision.id

_now["sid"] := input.context.session.id

_now["version"] := input.context.session.version
