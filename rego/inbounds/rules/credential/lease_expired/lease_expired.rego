# METADATA
# title: Lease not in force
# description: |
#   A lease ends no later than its task. Its end is exact.
# custom:
#   severity: high
#   remedy: The guard must lease the credential again, for no longer than the task
#   controls: ["owasp_nhi:NHI7:2025", "owasp_aisvs:v1.0-C5.1.2"]
#   depends_on: [request.malformed, task.unverified, delegation.chain_unverified, credential.lease_missing]
package inbounds.rules.credential.lease_expired

import data.inbounds.lib.clock
import data.inbounds.lib.leases
import data.inbounds.lib.task

# METADATA
# description: The tool needs no lease, or each that the question names ends in time
# scope: document
ruled_out if leases.none

ruled_out if leases.static

ruled_out if {
	count(leases.held) > 0

	every lease in leases.held {
		_ahead(lease.expires)
		_within_task(lease.expires)
	}
}

# METADATA
# description: The leases that have ended, and those that outlive the task
# scope: document
details contains {"lease": place, "is": "past"} if {
	some place, lease in leases.held
	not _ahead(lease.expires)
}

details contains {"lease": place, "is": "beyond the task"} if {
	some place, lease in leases.held
	not _within_task(lease.expires)
}

_ahead(end) if {
	is_number(end)
	end > clock.now
}

_within_task(end) if {
	is_number(end)
	is_number(task.authority.deadline)
	end <= task.authority.deadline
}
