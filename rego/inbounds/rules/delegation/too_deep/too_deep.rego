# METADATA
# title: Delegation too deep
# description: |
#   The issuer states how many hops a task may pass through, and each holder may reduce that number.
#   The upper limit is four. Each hop adds an agent that injected instructions could mislead.
# custom:
#   severity: high
#   remedy: An agent closer to the user must make the call; the user can begin a task with a greater budget of `depth`
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
	delegation.hops <= delegation.most
	_lets(task.claims.del_max_depth)

	every link in delegation.links {
		_lets(link.claims.del_max_depth)
	}
}

# METADATA
# description: How many hops the task went through
details contains {"depth": task.depth} if not ruled_out

_lets(most) if {
	is_number(most)
	task.depth <= most
}
