# METADATA
# title: Credential not leased
# description: |
#   The registry states which credential a tool needs. If that credential is leased, it must be leased
#   for the task before the tool runs. A credential that the deployment does not know cannot be
#   leased. If the deployment requires leases for an effect, each tool with that effect needs one.
# custom:
#   severity: high
#   remedy: The operator can set the tool's `credential` to a leased one; the guard needs a backend that leases it
#   controls: ["owasp_nhi:NHI7:2025", "owasp_aisvs:v1.0-C5.1.2", "csa_atf:I-2"]
#   depends_on: [request.malformed, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.credential.lease_missing

import data.inbounds.lib.leases

# METADATA
# description: The tool needs no lease, or the question names one
# scope: document
ruled_out if {
	leases.none
	count(leases.demanded) == 0
}

ruled_out if {
	leases.static
	count(leases.demanded) == 0
}

ruled_out if count(leases.held) > 0

# METADATA
# description: The credential, and whether it is not known or not leased; the effects that need a lease
# scope: document
details contains {"credential": leases.needed, "is": "not known"} if {
	not leases.none
	not leases.entry
}

details contains {"credential": leases.needed, "is": "not leased"} if {
	leases.entry
	not ruled_out
}

details contains {"effect": effect, "needs": "a lease"} if {
	not ruled_out
	some effect in leases.demanded
}
