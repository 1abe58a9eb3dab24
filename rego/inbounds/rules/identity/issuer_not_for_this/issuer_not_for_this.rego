# METADATA
# title: Issuer may not vouch for this
# description: |
#   The deployment states what each issuer may vouch for: kinds of token, trust domain or subjects,
#   tenants, environments and, for tasks, effects. The key of a development issuer is in the agent's
#   process, so such an issuer is accepted in development environments only.
# custom:
#   severity: high
#   remedy: Use the issuer of this tenant and environment; the operator can widen its entry in deployment/issuers.yaml
#   controls: ["owasp_asi:ASI03", "owasp_mcp:MCP02:2025", "nist_800_53:IA-9", "nist_800_53:AC-6"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.identity.issuer_not_for_this

import data.inbounds.lib.task
import data.inbounds.lib.tokens
import data.inbounds.lib.tools

# METADATA
# description: What each token says lies within what its issuer may vouch for
ruled_out if {
	every name in tokens.names {
		_vouched(name)
	}
}

# METADATA
# description: The tokens that go beyond
details contains {"token": name} if {
	some name in tokens.names
	not _vouched(name)
}

_vouched(name) if {
	place := {"tenant": task.claims.tenant, "environment": task.authority.environment}
	tokens.vouches(tokens.verified[name].issuer, name, place)
	_within(name)
}

_within("identity") if tokens.of_its_domain

_within("task") if {
	count(tools.effects) > 0

	every effect in tools.effects {
		effect in task.verified.issuer.effects
	}
}
