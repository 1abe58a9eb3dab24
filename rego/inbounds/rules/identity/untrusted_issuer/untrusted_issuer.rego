# METADATA
# title: Token signed by another issuer
# description: |
#   A token names its issuer. The key that signed the token must belong to that issuer, so that no
#   issuer can issue tokens in the name of another.
# custom:
#   severity: critical
#   remedy: The token must be issued by the issuer that it names
#   controls: ["owasp_asi:ASI03", "owasp_t:T9", "nist_800_53:IA-9"]
#   depends_on: [request.malformed, identity.unverified, task.unverified]
package inbounds.rules.identity.untrusted_issuer

import data.inbounds.lib.tokens

# METADATA
# description: Each token names the issuer whose key signed it
ruled_out if {
	every name in tokens.names {
		_own(name)
	}
}

# METADATA
# description: The tokens that name another
details contains {"token": name} if {
	some name in tokens.names
	not _own(name)
}

_own(name) if tokens.own(tokens.verified[name])
