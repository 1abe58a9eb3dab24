# METADATA
# title: Proof of possession does not match
# description: |
#   A proof of possession is signed with the key that the last token of the task names. It is valid
#   for that token, this tool, these arguments, this time and this audience only. Any other proof is
#   denied even if no proof is needed, because it may be an attempt to use a stolen token.
# custom:
#   severity: critical
#   remedy: The guard must sign a proof for this very call; if it did, the operator compares the clocks
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI2:2025"]
#   depends_on: [request.malformed, task.unverified, delegation.chain_unverified]
package inbounds.rules.identity.pop_mismatch

import data.inbounds.lib.clock
import data.inbounds.lib.proof
import data.inbounds.lib.task

# METADATA
# description: There is no proof, or it is signed by the holder and of this very call
# scope: document
ruled_out if proof.given == ""

ruled_out if {
	object.keys(proof.claims) == _claims

	every name in _claims {
		_sound(name)
	}
}

# METADATA
# description: That the signature does not hold, or the claims that are of something else
# scope: document
details contains {"fault": "signature"} if {
	proof.given != ""
	not proof.claims
}

details contains {"claim": name} if {
	proof.claims
	some name in _claims
	not _sound(name)
}

details contains {"fault": "unknown_claim"} if count(object.keys(proof.claims) - _claims) > 0

_claims := {"jti", "iat", "aud", "token", "tool", "digest", "sid", "version"}

# Of which decision and which state it is, is for identity.replayed to see.
_sound(name) if {
	name in {"jti", "sid"}
	is_string(proof.claims[name])
}

_sound("version") if is_number(proof.claims.version)

_sound("iat") if {
	is_number(proof.claims.iat)
	proof.claims.iat >= clock.now - 30
	proof.claims.iat <= clock.now + 30
}

_sound("aud") if proof.claims.aud == [data.deployment.settings.audience]

_sound("token") if {
	is_string(proof.claims.token)
	proof.claims.token == task.jti
}

_sound("tool") if {
	is_string(proof.claims.tool)
	proof.claims.tool == input.action.name
}

_sound("digest") if {
	is_string(proof.claims.digest)
	proof.claims.digest == input.action.properties.digest
}
