# METADATA
# description: |
#   Where data would go. The destinations of a call are the leaves of its arguments that name
#   somebody or somewhere, and those the registry states for the tool itself.
package inbounds.lib.destinations

import data.inbounds.lib.arguments
import data.inbounds.lib.kinds
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: |
#   The pointers of the leaves that name a destination. Where null may stand it names none;
#   that a call which sends names none at all is for the rule to see.
outward contains pointer if {
	some pointer, leaf in arguments.leaves
	leaf.value != null
	_names_somewhere(arguments.spec(leaf.pattern))
}

# METADATA
# description: The destinations the registry states for the tool
stated contains name if some name in tools.entry.destinations

# METADATA
# description: |
#   The destinations the task may send to: those it was begun with that the deployment
#   knows.
permitted contains name if {
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
	not spec.role in {"query", "content"}
}

_matches(destination, leaf) if leaf.value in destination.addresses

_matches(destination, leaf) if {
	kinds.read_as(leaf, "email")
	leaf.parsed.domain in destination.domains
}

_matches(destination, leaf) if {
	leaf.parsed.host in destination.hosts
	some kind in ["host", "url"]
	kinds.read_as(leaf, kind)
}
