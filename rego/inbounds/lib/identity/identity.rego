# METADATA
# description: |
#   Who runs, as the identity token says it once its signature has been verified. What
#   the caller asserts is compared with it and never believed.
package inbounds.lib.identity

import data.inbounds.lib.issuers
import data.inbounds.lib.jwt
import data.inbounds.lib.spiffe

# METADATA
# description: |
#   The verified token: the name of the issuer whose key signed it, that issuer's entry in
#   the deployment, and the claims. Undefined when no signature of a known key holds.
verified := {"name": signer.name, "issuer": signer.issuer, "claims": payload} if {
	parts := jwt.read(input.context.credentials.identity)
	signer := issuers.of(parts.header.kid)
	typ := object.get(parts.header, "typ", "")
	_identity(typ, object.get(signer.issuer, "subjects", {}))
	payload := jwt.verified(parts, typ, signer.issuer.keys, _but_eddsa(signer.issuer.algorithms))
}

# METADATA
# description: The claims of the identity token
claims := verified.claims

# METADATA
# description: |
#   Which agent the token is of: of an issuer that has a trust domain, the one whose SPIFFE ID
#   the subject is; else the one that the deployment says the subject is, by its SPIFFE ID. A
#   subject that is one stands for itself, so no entry makes it another's. Undefined for a
#   subject that is nobody.
# scope: document
agent := claims.sub if {
	trust_domain
	is_string(verified.issuer.trust_domain)
	verified.issuer.trust_domain != ""
}

agent := name if {
	not trust_domain
	is_string(claims.sub)
	name := verified.issuer.subjects[claims.sub]
	spiffe.trust_domain(name)
}

# METADATA
# description: The trust domain of the token's subject; undefined where that is not a SPIFFE ID
trust_domain := spiffe.trust_domain(claims.sub)

_identity("JWT", _)

# The tokens of Kubernetes do not say their type, and an OIDC client shows an access token
# (RFC 9068). Where no subject is named, no token of either kind is expected.
_identity(typ, subjects) if {
	typ in {"", "at+jwt"}
	is_object(subjects)
	count(subjects) > 0
}

# EdDSA is not one of JWT-SVID's algorithms (section 2.1), whatever else an issuer signs with it.
_but_eddsa(algorithms) := {algorithm | some algorithm in algorithms} - {"EdDSA"}
