# METADATA
# description: |
#   The arguments that steer an effect: who gets something, what is acted on, how much, what is
#   run and with which secret. They must be traced to something trusted; what they are traced to
#   is the SDK's word, leaf by leaf.
package inbounds.lib.steering

import data.inbounds.lib.arguments
import data.inbounds.lib.destinations
import data.inbounds.lib.tools

# METADATA
# description: The roles of arguments that steer
roles := {"recipient", "target", "amount", "code", "credential"}

# METADATA
# description: |
#   The role of each leaf that steers, by its pointer. Undefined where the question holds no
#   arguments.
leaves := {pointer: role | some pointer, role in _leaves} if is_object(arguments.leaves)

_leaves[pointer] := role if {
	some pointer, leaf in arguments.leaves
	leaf.value != null
	not arguments.holds_nothing(leaf)
	role := arguments.spec(leaf.pattern).role
	role in roles
}

# An address to which something goes steers, whatever else the registry says of it.
_leaves[pointer] := "recipient" if {
	some pointer in destinations.outward
	leaf := arguments.leaves[pointer]
	not arguments.spec(leaf.pattern).role in roles
}

# METADATA
# description: |
#   The roles of the arguments that the call leaves out, by pattern, where the tool then chooses:
#   everybody, a default, all that was paid. An entry that says nothing readable of it counts as
#   one of those. A call that only reads leaves none out. Undefined where the entry cannot be read.
# scope: document
unstated := {} if not acts

unstated := {pattern: _unstated_role(spec) |
	some pattern, spec in tools.entry.arguments
	not _says_nothing_is_done(spec)
	not _states(pattern)
} if {
	acts
	is_object(object.get(tools.entry, "arguments", {}))
}

_says_nothing_is_done(spec) if {
	is_object(spec)
	object.get(spec, "absent", "") in {"", "none"}
}

# By itself or by what stands in it. Which element leaves it out cannot be seen where a list stands
# above it.
_states(pattern) if {
	not contains(trim_suffix(pattern, "/*"), "*")
	some leaf in arguments.leaves
	startswith(concat("", [leaf.pattern, "/"]), concat("", [pattern, "/"]))
	not _is_empty(leaf)
}

_is_empty(leaf) if leaf.value in {null, [], {}}

_is_empty(leaf) if {
	is_string(leaf.value)
	trim_space(leaf.value) == ""
}

# A program takes no amount at all and an amount of zero for the same.
_is_empty(leaf) if {
	leaf.value == 0
	arguments.spec(leaf.pattern).role == "amount"
}

# Of an entry of another shape there is none to give.
# regal ignore:narrow-argument
_unstated_role(spec) := role if {
	role := spec.role
	role in roles
} else := "recipient"

# METADATA
# description: Whether the call states an amount
states_amount if {
	some role in leaves
	role == "amount"
}

# METADATA
# description: Where the value of a leaf was found; `none` where nobody says
grade(pointer) := object.get(input.action.properties, ["origins", pointer, "grade"], "none")

# METADATA
# description: |
#   What the SDK says a leaf came out of, such as a memory; `none` where it says nothing of it.
#   Undefined for an origin that has another shape.
# scope: document
source(pointer) := "none" if {
	is_object(object.get(input.action.properties, "origins", {}))
	not _has_origin(pointer)
}

source(pointer) := input.action.properties.origins[pointer].source

# Not by `object.keys`: a call has as many origins as leaves.
_has_origin(pointer) if _ := input.action.properties.origins[pointer]

# METADATA
# description: Whether the call does more than read
acts if count(tools.effects - {"read"}) > 0

# METADATA
# description: |
#   The grades at which a leaf steers unasked. A local write that can be undone takes weaker
#   ones than what leaves the house, costs, runs or cannot be undone.
# scope: document
accepted := firm if not lenient

accepted := firm | {"listing", "third_party_meta", "quoted_text"} if lenient

# METADATA
# description: The grades of what the user, or somebody the user trusts, said
firm := {"prompt", "first_party", "quoted"}

# METADATA
# description: |
#   Whether the call is a local write that can be undone. What goes somewhere is not local, and what
#   somebody has been told is not undone.
lenient if {
	count(tools.effects) > 0
	count(tools.effects - {"read", "write"}) == 0
	tools.entry.reversible == "yes"
	count(destinations.ways) == 0
}
