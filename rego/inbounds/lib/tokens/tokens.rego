# METADATA
# description: |
#   The two tokens of a question, for what is asked of both alike. A token whose signature
#   does not hold is missing here, so a rule asks for each by its name.
package inbounds.lib.tokens

import data.inbounds.lib.clock
import data.inbounds.lib.identity
import data.inbounds.lib.task

# METADATA
# description: What the tokens are called, in the details of a fault as well
names := {"identity", "task"}

# METADATA
# description: The verified identity token, as lib/identity gives it
verified["identity"] := identity.verified

# METADATA
# description: The verified task token, as lib/task gives it
verified["task"] := task.verified

# METADATA
# description: |
#   Whether the token is in force now. Its end is exact; that it begins or was issued up to
#   30 s ahead is put down to clocks that differ.
in_force(name) if current(verified[name].claims)

# METADATA
# description: The same of the claims of any verified token
current(claims) if {
	is_number(claims.exp)
	claims.exp > clock.now
	is_number(claims.iat)
	claims.iat <= clock.now + 30

	start := object.get(claims, "nbf", 0)
	is_number(start)
	start <= clock.now + 30
}

# METADATA
# description: Whether a verified token names the issuer whose key signed it
own(token) if {
	is_string(token.claims.iss)
	token.claims.iss == token.issuer.issuer
}

# METADATA
# description: |
#   Whether a verified token ends after it was issued, within `most` seconds and within what its
#   issuer's entry says
short(token, most) if {
	is_number(token.claims.exp)
	is_number(token.claims.iat)
	seconds := token.claims.exp - token.claims.iat
	seconds > 0
	seconds <= most
	is_number(token.issuer.max_seconds)
	seconds <= token.issuer.max_seconds
}

# METADATA
# description: |
#   Whether an issuer, by its entry, may vouch for what a token of it is used as, in the tenant and
#   the environment of `place`
vouches(issuer, kind, place) if {
	kind in issuer.vouches_for
	place.tenant in issuer.tenants
	place.environment in issuer.environments
	_at_home(issuer.kind, place.environment)
}

# METADATA
# description: |
#   Whether the identity token is of an agent whom its issuer may speak of. Which agent a subject is
#   that is not a SPIFFE ID, the deployment says itself.
# scope: document
of_its_domain if {
	not identity.trust_domain
	identity.agent
}

of_its_domain if identity.trust_domain == identity.verified.issuer.trust_domain

_at_home("production", _)

_at_home("development", environment) if data.deployment.environments[environment].development == true
