# METADATA
# description: |
#   Who runs, as the identity token says it once its signature has been verified. What
#   the caller asserts is compared with it and never believed.
package inbounds.lib.identity

import data.inbounds.lib.jwt
import data.inbounds.lib.spiffe

# METADATA
# description: |
#   The verified token: the name of the issuer whose key signed it, that issuer's entry in
#   the deployment, and the claims. Undefined when no signature of a known key holds.
verified := found if {
	parts := jwt.read(input.context.credentials.identity)
	signers := {signer |
		some signer, entry in data.deployment.issuers
		entry.keys[parts.header.kid]
	}

	# A `kid` that two issuers share is nobody's.
	count(signers) == 1
	some name in signers
	issuer := data.deployment.issuers[name]
	found := {
		"name": name,
		"issuer": issuer,
		"claims": jwt.verified(parts, "JWT", issuer.keys, _but_eddsa(issuer.algorithms)),
	}
}

# METADATA
# description: The claims of the identity token
claims := verified.claims

# METADATA
# description: The trust domain of the agent; undefined where its name is no SPIFFE ID
trust_domain := spiffe.trust_domain(claims.sub)

# EdDSA is none of JWT-SVID's algorithms (section 2.1), whatever else an issuer signs with it.
_but_eddsa(algorithms) := {algorithm | some algorithm in algorithms} - {"EdDSA"}
