# METADATA
# title: No lease of the credential
# description: |
#   The registry says which credential a tool needs. One that is leased has to be leased for the
#   task before the tool runs; one that the deployment does not know cannot be had at all.
# custom:
#   severity: high
#   remedy: Give the guard a backend that leases it; which credentials there are is in deployment/credentials.yaml
#   controls: ["owasp_nhi:NHI7:2025", "owasp_aisvs:v1.0-C5.1.2", "csa_atf:I-2"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.credential.lease_missing

import data.inbounds.lib.leases

# METADATA
# description: The tool needs no lease, or the question names one
# scope: document
ruled_out if leases.none

ruled_out if leases.static

ruled_out if count(leases.held) > 0

# METADATA
# description: The credential, and whether it is not known or not leased
# scope: document
details contains {"credential": leases.needed, "is": "not known"} if {
	not leases.none
	not leases.entry
}

details contains {"credential": leases.needed, "is": "not leased"} if {
	leases.entry
	not ruled_out
}
