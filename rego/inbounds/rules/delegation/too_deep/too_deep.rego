# METADATA
# title: Delegation too deep
# description: |
#   The issuer says how many hops a task may pass through, every holder may say less, and four is the
#   most there is. Each hop is one more agent that can be led astray.
# custom:
#   severity: high
#   remedy: An agent nearer to the user can do this; the user can begin a task with a greater budget of `depth`
#   controls: ["owasp_asi:ASI08", "owasp_aisvs:v1.0-C9.1.2", "owasp_aisvs:v1.0-C9.5.5"]
#   depends_on: [request.malformed, task.unverified]
package inbounds.rules.delegation.too_deep

import data.inbounds.lib.delegation
import data.inbounds.lib.task

# METADATA
# description: Nobody delegated the task, or no more often than any of its tokens says
# scope: document
ruled_out if delegation.given == []

ruled_out if {
	delegation.hands <= delegation.most
	_lets(task.claims.del_max_depth)

	every link in delegation.links {
		_lets(link.claims.del_max_depth)
	}
}

# METADATA
# description: Through how many hands it went
details contains {"depth": task.depth} if not ruled_out

_lets(most) if {
	is_number(most)
	task.depth <= most
}
