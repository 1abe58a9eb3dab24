# METADATA
# title: Argument not allowed
# description: |
#   A tool accepts only the arguments that the registry lists, each within the bounds of the registry
#   and of the task. An argument that the registry does not list is denied. A bound that this policy
#   does not know denies the argument.
# custom:
#   severity: high
#   remedy: The agent can leave the argument out or keep to its bounds; the operator sets them in deployment/tools.yaml
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.5.1", "owasp_aisvs:v1.0-C10.4.3", "nist_800_53:SI-10"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.not_in_task
package inbounds.rules.capability.argument_not_allowed

import data.inbounds.lib.arguments
import data.inbounds.lib.constraints
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: Every argument is known and within bounds, and every required one is there
ruled_out if {
	is_object(tools.entry)
	is_object(_bounds)
	count(object.remove(_bounds, ["arguments"])) == 0
	count(_missing) == 0

	every leaf in arguments.leaves {
		_allowed(leaf)
	}
}

# METADATA
# description: The arguments that are unknown, out of bounds or missing
# scope: document
details contains {"argument": pointer} if {
	some pointer, leaf in arguments.leaves
	not _allowed(leaf)
}

details contains {"argument": pattern} if some pattern in _missing

_bounds := task.authority.tools[input.action.name]

_missing := _required - arguments.patterns

_required contains pattern if {
	some pattern, argument in tools.entry.arguments
	argument.required == true
}

_allowed(leaf) if arguments.holds_nothing(leaf)

_allowed(leaf) if {
	constraints.met(leaf, arguments.spec(leaf.pattern))
	constraints.met(leaf, object.get(_bounds, ["arguments", leaf.pattern], {}))
}
