# METADATA
# title: Token of another issuer
# description: |
#   A token says who issued it. That must be the very issuer whose key has signed it, so that
#   none can speak in another's name.
# custom:
#   severity: critical
#   remedy: Have the token issued by the issuer that it names
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
