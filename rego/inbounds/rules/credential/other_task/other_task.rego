# METADATA
# title: Lease of another task
# description: |
#   A call may use only a credential that was leased for its own task. In a delegated task, each hop
#   leases its own credentials. They are revoked when that hop ends.
# custom:
#   severity: critical
#   remedy: The guard of the agent that makes the call must lease the credential for this task
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI2:2025", "csa_atf:I-2"]
#   depends_on: [request.malformed, task.unverified, delegation.chain_unverified, credential.lease_missing]
package inbounds.rules.credential.other_task

import data.inbounds.lib.delegation
import data.inbounds.lib.leases
import data.inbounds.lib.task

# METADATA
# description: The tool needs no lease, or each lease in the question is of this task and hop
# scope: document
ruled_out if leases.none

ruled_out if leases.static

ruled_out if {
	count(leases.held) > 0

	every lease in leases.held {
		_of_these_hands(lease.task)
	}
}

# METADATA
# description: The leases of other tasks or other hops
details contains {"lease": place} if {
	some place, lease in leases.held
	not _of_these_hands(lease.task)
}

_of_these_hands(name) if {
	is_string(name)
	name == _hands
}

_hands := task.claims.task if delegation.given == []

# A hop is of the ids of all hops down to it, so that no agent gets the lease of a hop that it does not hold by
# giving its own the same id.
_hands := concat("", [task.claims.task, delegation.last.account]) if delegation.last.account != ""
