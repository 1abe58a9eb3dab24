# METADATA
# description: |
#   The bounds that a task declares for the arguments that steer: these recipients, up to this
#   amount. A role without bounds is left to the origins of its values.
package inbounds.lib.bounds

import data.inbounds.lib.arguments
import data.inbounds.lib.kinds
import data.inbounds.lib.steering
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The pointers of the leaves whose role the task bounds, whatever it lets through
bounded contains pointer if {
	is_object(task.authority.bounds)
	some pointer, role in steering.leaves
	role in object.keys(task.authority.bounds)
}

# METADATA
# description: |
#   The roles of the arguments that a call leaves out, by pattern, where the task or a hop bounds
#   the role and the value is then the tool's choice, which no bound lets through. So it is with the
#   amount of a payment that does not come back, unless the registry says that nothing is paid then.
# scope: document
unstated[pattern] := role if {
	some pattern, role in steering.unstated
	not _unbounded(role)
}

unstated[pattern] := "amount" if {
	"spend" in tools.effects
	not tools.entry.reversible == "yes"
	not steering.states_amount
	not _unbounded("amount")
	some pattern, spec in tools.entry.arguments
	spec.role == "amount"
	not spec.absent == "none"
}

_unbounded(role) if {
	every bounds_of in array.concat([task.authority.bounds], _of_all_hops) {
		is_object(bounds_of)
		not role in object.keys(bounds_of)
	}
}

# METADATA
# description: |
#   Whether a leaf lies within the bounds of its role: those of the task, and those of each hop.
#   What a third party states in a record that the prompt mentions does where the bounds let through
#   what one states that the prompt names. It does not steer unasked by that.
within(pointer) if {
	_admits(pointer, task.authority.bounds)

	every bounds_of in _of_all_hops {
		_passes(pointer, bounds_of)
	}
}

# METADATA
# description: |
#   Whether a leaf is stated outright, wherever it was found: by its whole value, or by its domain
#   or how much it is, where the operator's own intent lets that through. A range that a task alone
#   was restricted to states no value, or restricting it would let more through.
# scope: document
stated(pointer) if arguments.leaves[pointer].value in task.granted.bounds[steering.leaves[pointer]].values

stated(pointer) if {
	every bounds_of in [task.granted.bounds, _of_intent] {
		_lets_through(pointer, bounds_of, set())
	}
}

# METADATA
# description: |
#   Whether a bound of a role lets a leaf through that was found in a place of this grade.
#   Any one of its members may; what is not stated lets nothing through.
# scope: document
lets_through(bound, _, found) if found.leaf.value in bound.values

lets_through(bound, _, found) if {
	kinds.read_as(found.leaf, "email")
	found.leaf.parsed.domain in bound.domains
}

lets_through(bound, _, found) if found.grade in bound.origins

lets_through(bound, "amount", found) if up_to(bound.up_to, found.leaf.value)

# METADATA
# description: |
#   Whether a value is an amount of up to a limit. A limit of zero was not stated, and
#   lets no amount of zero through either.
up_to(limit, value) if {
	is_number(limit)
	is_number(value)
	limit > 0
	value >= 0
	value <= limit
}

# METADATA
# description: |
#   Whether a leaf steers unasked: it was found somewhere good, or what the issuer approved lets
#   it through. That a text may say it keeps the call from being denied, and whoever wrote the
#   text is asked about. What an agent states when it delegates a task vouches for nothing.
#   Nor does what is within the bounds only since the prompt mentions the record it stands in, nor, in a
#   session that a third party may steer, what a prompt says that may mean something else.
vouched(pointer) if {
	_vouched(pointer)
	_regardless_of_mentions(pointer)
	_meant(pointer)
}

# METADATA
# description: |
#   Whether every argument that steers is stated where that matters and may steer unasked: it is vouched for,
#   or the agent computed it in a session that has read no text of third parties
steered_unasked if {
	is_object(steering.leaves)
	count(steering.unstated) == 0

	every pointer, _ in steering.leaves {
		steers_unasked(pointer)
	}
}

# METADATA
# description: Whether an argument may steer unasked
# scope: document
steers_unasked(pointer) if {
	input.context.session.trust == "trusted"
	steering.source(pointer) == "none"
	steering.grade(pointer) == "none"
}

steers_unasked(pointer) if vouched(pointer)

_meant(pointer) if not pointer in object.get(input.action.properties, "doubtful", [])

_meant(_) if input.context.session.trust == "trusted"

_meant(_) if steering.lenient

_vouched(pointer) if steering.grade(pointer) in steering.accepted

_vouched(pointer) if stated(pointer)

_vouched(pointer) if {
	_within(pointer, task.granted.bounds)
	_within(pointer, _of_intent)
	steering.grade(pointer) in {"listing", "third_party_meta"}
}

_vouched(pointer) if declared(pointer)

_regardless_of_mentions(pointer) if not pointer in object.get(input.action.properties, "mentioned", [])

_regardless_of_mentions(pointer) if {
	every bounds_of in array.concat([task.authority.bounds], _of_all_hops) {
		_unbounded_or_within(pointer, bounds_of)
	}
}

_unbounded_or_within(pointer, bounds_of) if not steering.leaves[pointer] in object.keys(bounds_of)

_unbounded_or_within(pointer, bounds_of) if _within(pointer, bounds_of)

_of_all_hops := [object.get(account.authority, "bounds", {}) | some account in task.accounts] if {
	count(task.accounts) > 0
}

_passes(pointer, bounds_of) if _unbounded_or_within(pointer, bounds_of)

_passes(pointer, bounds_of) if _is_mentioned_within(pointer, bounds_of)

_admits(pointer, bounds_of) if _within(pointer, bounds_of)

_admits(pointer, bounds_of) if _is_mentioned_within(pointer, bounds_of)

_is_mentioned_within(pointer, bounds_of) if {
	pointer in input.action.properties.mentioned
	_if_named[steering.grade(pointer)] in bounds_of[steering.leaves[pointer]].origins
}

_if_named := {"third_party_meta": "quoted", "third_party_text": "quoted_text"}

_of_intent := data.deployment.intents[task.granted.intent].bounds

_within(pointer, bounds_of) if _lets_through(pointer, bounds_of, steering.grade(pointer))

# No place is a set.
_lets_through(pointer, bounds_of, grade) if {
	role := steering.leaves[pointer]
	lets_through(bounds_of[role], role, {"leaf": arguments.leaves[pointer], "grade": grade})
}

# METADATA
# description: |
#   Whether the task itself says which values the argument at `pointer` may have. What only narrows
#   them, such as paths or hosts that they lie below, leaves the value to whoever wrote it. That it
#   is one of them is for `capability.argument_not_allowed` to see.
declared(pointer) if {
	leaf := arguments.leaves[pointer]
	_states_values(_constraints[leaf.pattern], leaf)
}

_constraints := task.granted.tools[input.action.name].arguments

_states_values(constraint, _) if {
	is_array(constraint.one_of)
	count(constraint.one_of) > 0
}

# A host is the whole value of an argument that is one.
_states_values(constraint, leaf) if {
	is_array(constraint.hosts)
	count(constraint.hosts) > 0
	kinds.read_as(leaf, "host")
}
