# METADATA
# description: |
#   Where data would go. The destinations of a call are the leaves of its arguments that name
#   somebody or somewhere, and those the registry states for the tool itself. Reading from a place
#   sends it a request, so the effects of a tool do not decide what a destination is.
package inbounds.lib.destinations

import data.inbounds.lib.addresses
import data.inbounds.lib.arguments
import data.inbounds.lib.code
import data.inbounds.lib.hosts
import data.inbounds.lib.kinds
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The pointers of the leaves that name a destination
outward := addresses.named

# METADATA
# description: The destinations the registry states for the tool
stated contains name if some name in tools.entry.destinations

# METADATA
# description: Every way in which the call could take something away
ways := outward | stated

# METADATA
# description: Whether the call takes something out, by its effects or by an argument that names where
# scope: document
sends if "export" in tools.effects

sends if count(outward) > 0

# METADATA
# description: The effects by which a call says where it goes, or it is not known
sending := {"export", "spend"}

# METADATA
# description: Whether the call sends nothing, or says where
# scope: document
says_where if count(tools.effects & sending) == 0

says_where if count(ways) > 0

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
allowed(pointer) if count(taking(pointer)) > 0

# METADATA
# description: The permitted destinations that the leaf at `pointer` is one of
taking(pointer) := {name |
	some name in permitted
	_matches(data.deployment.destinations[name], arguments.leaves[pointer])
}

# METADATA
# description: |
#   The label of the most sensitive data that may go to a destination: its own, or, where it
#   states none, the highest that the task may see
# scope: document
label(name) := stated_label(name) if stated_label(name) != ""

label(name) := task.authority.label if stated_label(name) == ""

# METADATA
# description: The label that a destination states, empty where it states none
stated_label(name) := object.get(destination, "label", "") if {
	destination := data.deployment.destinations[name]
	is_object(destination)
}

# METADATA
# description: The hosts that are named by the permitted destinations
named_hosts contains host if {
	some name in permitted
	some host in data.deployment.destinations[name].hosts
}

# What is let go anywhere is left to the bounds of the task and to where values came from. This
# machine, its network and its platform are not anywhere: only a host that is named lets them.
_matches(destination, leaf) if {
	destination.anywhere == true
	is_string(leaf.value)
	leaf.value != ""
	_public(arguments.spec(leaf.pattern).kind, leaf)
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

# A scheme that has no kind: the host is what stands alone between the slashes.
_matches(destination, leaf) if {
	spec := arguments.spec(leaf.pattern)
	not spec.kind in {"url", "host"}
	spec.role != "code"
	kinds.authority(leaf.value) in destination.hosts
}

# Code goes to a destination that is each host it names.
_matches(destination, leaf) if {
	arguments.spec(leaf.pattern).role == "code"
	named := code.hosts(leaf.value)
	count(named) > 0

	every host in named {
		_is_host_of(destination, host)
	}
}

_is_host_of(destination, host) if host in destination.hosts

_is_host_of(destination, host) if {
	destination.anywhere == true
	hosts.public(host)
}

_public(kind, leaf) if {
	kind in {"url", "host"}
	kinds.read_as(leaf, kind)
	hosts.public(leaf.parsed.host)
}

_public("email", leaf) if {
	kinds.read_as(leaf, "email")
	hosts.public(leaf.parsed.domain)
}

_public(kind, leaf) if {
	not kind in {"url", "host", "email"}
	not addresses.names_host(kind, leaf.value)
	not kinds.has_scheme(leaf.value)
	not kinds.names_host_within(leaf.value)
	arguments.spec(leaf.pattern).role != "code"
}
