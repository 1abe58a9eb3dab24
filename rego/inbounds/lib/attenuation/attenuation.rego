# METADATA
# description: |
#   How one authority lies within another, axis by axis. Each axis is positively shown: a value
#   that is missing or of another type lies within nothing.
# related_resources:
#   - ref: https://datatracker.ietf.org/doc/draft-niyikiza-oauth-attenuating-agent-tokens-01/
#     description: Attenuating Authorization Tokens, invariants I1 to I6
package inbounds.lib.attenuation

import data.inbounds.lib.labels
import data.inbounds.lib.narrowing
import data.inbounds.lib.paths
import data.inbounds.lib.resources

# METADATA
# description: The axes, which are the members of an authority
axes := {
	"type", "intent", "effects", "tools", "resources", "destinations", "label", "bounds", "windows",
	"delegated", "budgets", "environment", "deadline",
}

# METADATA
# description: Whether `child` is nothing beyond the axes, and says something on each
whole(child) if {
	is_object(child)
	object.keys(child) == axes
}

# METADATA
# description: Whether `child` lies within `parent` on an axis
# scope: document
within(axis, child, parent) if {
	axis in {"type", "intent", "environment"}
	is_string(child[axis])
	child[axis] == parent[axis]
}

within(axis, child, parent) if {
	axis in {"effects", "destinations"}
	_among(child[axis], parent[axis])
}

within("tools", child, parent) if {
	is_object(child.tools)
	is_object(parent.tools)

	every name, bounds in child.tools {
		tool_within(bounds, _arguments(parent.tools[name]))
	}
}

within("resources", child, parent) if {
	is_array(child.resources)
	count(child.resources) <= _most
	is_array(parent.resources)

	every bound in child.resources {
		resource_within(bound, parent.resources)
	}
}

within("label", child, parent) if labels.rank(child.label) <= labels.rank(parent.label)

within("bounds", child, parent) if {
	is_object(child.bounds)
	is_object(parent)
	outer := object.get(parent, "bounds", {})
	is_object(outer)

	every bound in child.bounds {
		_bound(bound)
	}

	# A role without bounds is left to the origins of its values, so that none goes missing.
	every role, bound in outer {
		_bound(bound)
		_role_within(role, child.bounds[role], bound)
	}
}

within("windows", child, parent) if {
	_timed(child.windows)
	count(child.windows) <= _most
	is_object(parent)
	object.get(parent, "windows", []) == []
}

within("windows", child, parent) if {
	_timed(child.windows)
	_timed(parent.windows)
	count(child.windows) > 0
	count(child.windows) <= _most
	wider := narrowing.disjoint(parent.windows)

	every window in child.windows {
		some outer in wider
		outer.start <= window.start
		window.end <= outer.end
	}
}

# A person is asked about what is listed here, so that less of it would be more.
within("delegated", child, parent) if {
	is_array(child.delegated)
	is_object(parent)
	child.delegated == object.get(parent, "delegated", [])
}

within("budgets", child, parent) if {
	is_object(child.budgets)
	is_object(parent.budgets)
	count(currencies(child.budgets, parent.budgets)) == 0

	every most in child.budgets {
		_counted(most)
	}
	every name, most in parent.budgets {
		is_number(most)
		child.budgets[name] <= most
	}
}

within("deadline", child, parent) if {
	_counted(child.deadline)
	is_number(parent.deadline)
	child.deadline <= parent.deadline
}

# METADATA
# description: |
#   The budgets of money that are not among those of `outer`. Beside a budget of one currency, one
#   of another lets that be spent.
currencies(budgets, outer) := {name |
	count({name | some name, _ in outer; startswith(name, "money.")}) > 0
	some name, _ in budgets
	startswith(name, "money.")
	not outer[name]
}

# METADATA
# description: |
#   Whether what a tool's arguments may be lies within `arguments`, what they may be above. What is
#   constrained there stays so, by the same members, each at least as tight.
tool_within(bounds, arguments) if {
	is_object(bounds)
	object.keys(bounds) == {"arguments"}
	is_object(bounds.arguments)
	is_object(arguments)

	every constraint in bounds.arguments {
		_constraint(constraint)
	}
	every pattern, constraint in arguments {
		_constraint(constraint)
		_constraint_within(bounds.arguments[pattern], constraint)
	}
}

# METADATA
# description: Whether some of the `outer` resources hold all that `bound` does, with its effects
resource_within(bound, outer) if {
	prefixes := resources.prefixes(bound)
	count(prefixes) > 0
	count(prefixes) <= _most
	is_array(object.get(bound, "effects", []))

	every prefix in prefixes {
		is_string(prefix)
		some wide in outer
		wide.type == bound.type
		resources.holds_effects(wide, bound)
		some wider in resources.prefixes(wide)
		is_string(wider)
		startswith(prefix, wider)
	}
}

# METADATA
# description: |
#   Whether what a member of the bound of a role lets through, another bound of the `role` does too.
#   Whether a text is an address is for the action to see, which every bound of the chain judges.
# scope: document
member_within("values", stated, outer) if {
	every value in stated {
		_lets(outer, value)
	}
}

member_within(member, stated, outer) if {
	member in {"domains", "origins"}
	_among(stated, object.get(outer.bound, member, []))
}

member_within("up_to", stated, outer) if {
	_counted(stated)
	stated <= object.get(outer.bound, "up_to", 0)
}

_arguments(tool) := object.get(tool, "arguments", {}) if is_object(tool)

# What the user's words hold was said by the user; here an agent speaks.
_lets(outer, value) if value in outer.bound.values

_lets(outer, value) if {
	is_string(value)
	[local, domain] := split(value, "@")
	local != ""
	domain in outer.bound.domains
}

_lets(outer, value) if {
	outer.role == "amount"
	is_number(value)
	value > 0
	value <= outer.bound.up_to
}

_role_within(role, bound, outer) if {
	every member, value in bound {
		member_within(member, value, {"role": role, "bound": outer})
	}
}

_bound(bound) if {
	is_object(bound)

	every member, value in bound {
		type_name(value) == _of_bound[member]
	}
}

_of_bound := {"values": "array", "domains": "array", "origins": "array", "up_to": "number"}

# What is compared with each of another list.
_most := 256

_constraint(constraint) if {
	is_object(constraint)

	every member, limit in constraint {
		type_name(limit) == _of_constraint[member]
	}
	every place in array.concat(object.get(constraint, "path_prefixes", []), object.get(constraint, "hosts", [])) {
		is_string(place)
	}
	every number in _numbers(constraint) {
		number >= -9007199254740992
		number <= 9007199254740992
	}
}

# Beyond 2^53 two engines may round one number to different ones.
_numbers(constraint) := {number |
	some values in [object.get(constraint, "one_of", []), object.filter(constraint, {"minimum", "maximum"})]
	some number in values
	is_number(number)
}

_of_constraint := {
	"one_of": "array",
	"minimum": "number",
	"maximum": "number",
	"pattern": "string",
	"path_prefixes": "array",
	"hosts": "array",
	"max_length": "number",
}

_constraint_within(constraint, outer) if {
	every member, limit in outer {
		_tighter(member, constraint[member], limit)
	}
}

# What restricts nothing above may be anything below.
_tighter(_, _, [])

_tighter(member, limit, outer) if {
	member in {"one_of", "hosts"}
	count(limit) > 0
	_among(limit, outer)
}

_tighter("path_prefixes", limit, outer) if {
	count(limit) > 0
	count(limit) <= _most

	every path in limit {
		is_string(path)
		some folder in outer
		is_string(folder)
		paths.below(path, folder)
	}
}

_tighter("minimum", limit, outer) if limit >= outer

_tighter(member, limit, outer) if {
	member in {"maximum", "max_length"}
	limit <= outer
}

# Whether one expression matches less than another is not to be told.
_tighter("pattern", limit, outer) if limit == outer

_tighter("pattern", _, "")

_among(named, all_of) if {
	is_array(named)
	is_array(all_of)
	count({each | some each in named} - {each | some each in all_of}) == 0
}

_timed(windows) if {
	is_array(windows)

	every window in windows {
		is_number(window.start)
		is_number(window.end)
	}
}

_counted(value) if {
	is_number(value)
	value >= 0
	value <= 9007199254740991
	floor(value) == value
}
