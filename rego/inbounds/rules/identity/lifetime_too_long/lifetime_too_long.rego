# METADATA
# title: Lifetime of a token too long
# description: |
#   A stolen token can be used until it expires. The lifetime of an identity token must not exceed the
#   limit in its issuer's entry, and that of a task token must not exceed 5 minutes.
# custom:
#   severity: medium
#   remedy: The issuer must issue tokens with a shorter lifetime; the guard renews them during the task
#   controls: ["owasp_aisvs:v1.0-C5.1.2", "owasp_nhi:NHI7:2025", "nist_800_207:T3"]
#   depends_on: [request.malformed, identity.unverified, task.unverified]
package inbounds.rules.identity.lifetime_too_long

import data.inbounds.lib.tokens

# METADATA
# description: Each token ends after it was issued, and soon enough
ruled_out if {
	every name in tokens.names {
		_short(name)
	}
}

# METADATA
# description: The tokens that live too long
details contains {"token": name} if {
	some name in tokens.names
	not _short(name)
}

_short(name) if tokens.short(tokens.verified[name], _most[name])

# In seconds, whatever an issuer's entry says.
_most := {"identity": 86400, "task": 300}
