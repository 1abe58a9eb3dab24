# METADATA
# description: |
#   Where data would go. The destinations of a call are the leaves of its arguments that name
#   somebody or somewhere, and those the registry states for the tool itself.
package inbounds.lib.destinations

import data.inbounds.lib.arguments
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The pointers of the leaves that name a destination
outward contains pointer if {
	some pointer, leaf in arguments.leaves
	_names_somewhere(arguments.spec(leaf.pattern))
}

# METADATA
# description: The destinations the registry states for the tool
stated := {name | some name in tools.entry.destinations}

# METADATA
# description: |
#   The destinations the task may send to: those it was begun with that the deployment
#   knows.
permitted := {name |
	some name in task.authority.destinations
	data.deployment.destinations[name]
}

# METADATA
# description: Whether the leaf at `pointer` is one of the permitted destinations
allowed(pointer) if {
	some name in permitted
	_matches(data.deployment.destinations[name], arguments.leaves[pointer])
}

_names_somewhere(spec) if spec.role == "recipient"

_names_somewhere(spec) if spec.kind in {"url", "host"}

_names_somewhere(spec) if {
	spec.kind in {"email", "phone", "iban"}
	not object.get(spec, "role", "none") in {"query", "content"}
}

_matches(destination, leaf) if leaf.value in destination.addresses

_matches(destination, leaf) if {
	leaf.parsed.kind == "email"

	# What was parsed must be what is sent.
	concat("@", [leaf.parsed.local, leaf.parsed.domain]) == leaf.value
	leaf.parsed.domain in destination.domains
}

_matches(destination, leaf) if {
	leaf.parsed.kind == "host"
	leaf.parsed.host == leaf.value
	leaf.parsed.host in destination.hosts
}

_matches(destination, leaf) if {
	leaf.parsed.kind == "url"
	_starts_with_host(leaf)
	leaf.parsed.host in destination.hosts
}

# The canonical URL carries no user information, so the host follows the scheme at once.
_starts_with_host(leaf) if {
	start := concat("", [leaf.parsed.scheme, "://", leaf.parsed.host])
	some end in ["/", ":", "?", "#"]
	startswith(leaf.value, concat("", [start, end]))
}
