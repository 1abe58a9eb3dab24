# METADATA
# description: |
#   On whose authority a task is asked for, as the user's own token says it once its signature has
#   been verified: an ID token, or an access token that is a JWT.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc8693#section-2.1
#     description: OAuth 2.0 Token Exchange, `subject_token`
package inbounds.lib.subject_token

import data.inbounds.lib.issuers
import data.inbounds.lib.jwt

# METADATA
# description: What was given as one; "" where nothing was
given := object.get(input, "subject_token", "") if is_object(input)

# METADATA
# description: |
#   The verified token: the name of the issuer whose key signed it, that issuer's entry in
#   the deployment, and the claims. Undefined when no signature of a known key holds.
verified := {"name": signer.name, "issuer": signer.issuer, "claims": payload} if {
	parts := jwt.read(given)
	signer := issuers.of(parts.header.kid)
	typ := object.get(parts.header, "typ", "")
	typ in {"JWT", "at+jwt", ""}
	payload := jwt.verified(parts, typ, signer.issuer.keys, signer.issuer.algorithms)
}

# METADATA
# description: |
#   The id of the subject, by the claim that the issuer's entry names. An address counts where
#   the issuer says that it has verified it.
# scope: document
subject := verified.claims.sub if {
	_claim == "sub"
	_of_its_domains(verified.claims.sub)
}

subject := verified.claims.email if {
	_claim == "email"
	verified.claims.email_verified == true
	_of_its_domains(verified.claims.email)
}

# METADATA
# scope: document
# description: For whom the issuer's tokens of users may be, besides this deployment
audiences contains data.deployment.settings.audience

audiences contains name if some name in object.get(verified.issuer, ["users", "audiences"], [])

_claim := object.get(verified.issuer, ["users", "claim"], "sub")

# METADATA
# description: |
#   Whether the token lets this agent act for its subject. One that was delegated already stands
#   for somebody else besides, and one that names who may act names this agent (RFC 8693,
#   sections 4.1 and 4.4).
may_act(agent) if {
	not "act" in object.keys(verified.claims)
	allowed := object.get(verified.claims, "may_act", {"sub": agent})
	allowed.sub == agent
}

_of_its_domains(name) if {
	is_string(name)
	_domains == []
}

_of_its_domains(name) if {
	is_string(name)
	is_array(_domains)
	parts := split(name, "@")
	count(parts) == 2
	parts[1] in _domains
}

_domains := object.get(verified.issuer, ["users", "domains"], [])
