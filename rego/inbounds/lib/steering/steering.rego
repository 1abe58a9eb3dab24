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
	origins := object.get(input.action.properties, "origins", {})
	is_object(origins)
	not pointer in object.keys(origins)
}

source(pointer) := input.action.properties.origins[pointer].source

# METADATA
# description: Whether the call does more than read
acts if count(tools.effects - {"read"}) > 0

# METADATA
# description: |
#   The grades at which a leaf steers unasked. A local write that can be undone takes weaker
#   ones than what leaves the house, costs, runs or cannot be undone.
# scope: document
accepted := firm if not _lenient

accepted := firm | {"listing", "third_party_meta", "quoted_text"} if _lenient

# METADATA
# description: The grades of what the user, or somebody the user trusts, said
firm := {"prompt", "first_party", "quoted"}

# What goes somewhere is not local, and what somebody has been told is not undone.
_lenient if {
	count(tools.effects) > 0
	count(tools.effects - {"read", "write"}) == 0
	tools.entry.reversible == "yes"
	count(destinations.ways) == 0
}
