# METADATA
# title: Task or its token not in force
# description: |
#   A task token holds from its beginning to its end, and is renewed until the task's
#   deadline. The end is exact; a beginning or an issue up to 30 seconds ahead is put down to
#   clocks that differ.
# custom:
#   severity: high
#   remedy: Renew the task token; after the deadline, begin another task
#   controls: ["owasp_aisvs:v1.0-C5.1.2", "owasp_nhi:NHI7:2025", "nist_800_207:T3"]
#   depends_on: [request.malformed, task.unverified]
package inbounds.rules.task.expired

import data.inbounds.lib.clock
import data.inbounds.lib.task
import data.inbounds.lib.tokens

# METADATA
# description: The token is in force and the deadline lies ahead
ruled_out if {
	tokens.in_force("task")
	_going
}

# METADATA
# description: Whether it is the token or the task that is not in force
# scope: document
details contains {"of": "token"} if not tokens.in_force("task")

details contains {"of": "task"} if not _going

_going if {
	is_number(task.authority.deadline)
	task.authority.deadline > clock.now
}
