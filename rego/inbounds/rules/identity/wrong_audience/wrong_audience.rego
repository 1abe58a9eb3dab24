# METADATA
# title: Wrong audience
# description: |
#   The identity token and the task token must each name this deployment's policy as their only
#   audience. A token for another service, or for several, could have been taken from that service.
# custom:
#   severity: high
#   remedy: The issuer must issue the tokens for the deployment's audience alone
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI4:2025", "owasp_mcp:MCP07:2025"]
#   depends_on: [request.malformed, identity.unverified, task.unverified]
package inbounds.rules.identity.wrong_audience

import data.inbounds.lib.tokens

# METADATA
# description: The one audience of each token is this deployment's
ruled_out if {
	every name in tokens.names {
		_for_us(name)
	}
}

# METADATA
# description: The tokens that are for others
details contains {"token": name} if {
	some name in tokens.names
	not _for_us(name)
}

_for_us(name) if tokens.verified[name].claims.aud == [data.deployment.settings.audience]
