# METADATA
# title: PEP not entitled
# description: |
#   The deployment states for which tenants and environments each PEP may ask, and which obligations
#   it can discharge. A question from a PEP that asks for others, or that claims further obligations,
#   is denied.
# custom:
#   severity: high
#   remedy: The operator can add the tenant, environment or obligation to this PEP in deployment/peps.yaml
#   controls: ["nist_800_53:IA-9", "owasp_mcp:MCP07:2025", "nist_800_207:T6"]
#   depends_on: [request.malformed, task.unverified, delegation.chain_unverified]
package inbounds.rules.pep.not_entitled

import data.inbounds.lib.task

# METADATA
# description: The PEP may ask for this tenant and environment, and claims no more than it may
ruled_out if {
	_tenant
	_environment
	is_array(input.context.pep.supported_obligations)

	every type in input.context.pep.supported_obligations {
		_obligation(type)
	}
}

# METADATA
# description: What the PEP may not ask for, or claims without being set up for it
# scope: document
details contains {"tenant": task.claims.tenant} if not _tenant

details contains {"environment": task.authority.environment} if not _environment

details contains {"obligation": type, "place": place} if {
	is_array(input.context.pep.supported_obligations)
	some index, type in input.context.pep.supported_obligations
	not _obligation(type)
	place := concat("/", ["/context/pep/supported_obligations", format_int(index, 10)])
}

_tenant if task.claims.tenant in _entry.tenants

_environment if task.authority.environment in _entry.environments

_obligation(type) if type in _entry.obligations

_entry := data.deployment.peps[input.context.pep.id]
