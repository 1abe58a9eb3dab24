# METADATA
# title: Task or its token not in force
# description: |
#   A task token is valid from its beginning to its end, and the guard renews it until the task's
#   deadline. The end is exact. For the beginning and the issue time, clocks may differ by 30 seconds.
# custom:
#   severity: high
#   remedy: The guard must renew the task token; after the deadline, the user can begin another task
#   controls: ["owasp_aisvs:v1.0-C5.1.2", "owasp_nhi:NHI7:2025", "nist_800_207:T3"]
#   depends_on: [request.malformed, task.unverified, delegation.chain_unverified]
package inbounds.rules.task.expired

import data.inbounds.lib.clock
import data.inbounds.lib.delegation
import data.inbounds.lib.task
import data.inbounds.lib.tokens

# METADATA
# description: The token is in force and the deadline lies ahead
ruled_out if {
	tokens.in_force("task")
	_going

	every link in delegation.links {
		_in_force(link.claims)
	}
}

# METADATA
# description: Whether it is the token or the task that is not in force
# scope: document
details contains {"of": "token"} if not tokens.in_force("task")

details contains {"of": "task"} if not _going

details contains {"of": "delegation", "link": number} if {
	some number, link in delegation.links
	not _in_force(link.claims)
}

_in_force(claims) if {
	is_number(claims.exp)
	claims.exp > clock.now
	is_number(claims.iat)
	claims.iat <= clock.now + 30
}

_going if {
	is_number(task.authority.deadline)
	task.authority.deadline > clock.now
}
