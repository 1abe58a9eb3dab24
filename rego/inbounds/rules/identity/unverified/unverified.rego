# METADATA
# title: Identity token not verified
# description: |
#   An agent identifies itself with a token that an issuer of the deployment has signed. The token
#   must have all claims of an identity, in particular the agent's SPIFFE ID, or a subject that the
#   deployment maps to an agent.
# custom:
#   severity: critical
#   remedy: The agent must fetch a fresh identity token from the deployment's issuer
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI4:2025", "owasp_aisvs:v1.0-C9.4.1", "nist_800_53:IA-9"]
#   depends_on: [request.malformed]
package inbounds.rules.identity.unverified

import data.inbounds.lib.identity
import data.inbounds.lib.shape.identity_claims

# METADATA
# description: The signature holds, every claim is there, and the subject is an agent's
ruled_out if {
	identity_claims.ordinary
	_named
	_jti
	_start
}

# METADATA
# description: |
#   The claims that are missing or of another type, as JSON Pointers. None where the
#   signature does not hold: nothing is said about what a stranger wrote.
# scope: document
details contains {"claim": place} if {
	identity.claims
	some place in identity_claims.faults
}

details contains {"claim": "/sub"} if {
	identity.claims
	not _named
}

details contains {"claim": "/jti"} if {
	identity.claims
	not _jti
}

details contains {"claim": "/nbf"} if {
	identity.claims
	not _start
}

_named if is_string(identity.agent)

# A JWT-SVID has no `jti`; one that is there must be fit for a list of revoked ones.
_jti if is_string(object.get(identity.claims, "jti", ""))

_start if is_number(object.get(identity.claims, "nbf", 0))
