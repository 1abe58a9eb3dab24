# METADATA
# description: |
#   What an argument may be, as the registry or a task says it. A member that is left at its
#   default restricts nothing; one that this policy does not know is never met.
package inbounds.lib.constraints

import data.inbounds.lib.kinds
import data.inbounds.lib.paths

# METADATA
# description: Whether `leaf` is all that `constraint` says
# scope: document
met(leaf, constraint) if {
	every name, limit in constraint {
		_holds(name, limit, leaf)
	}
}

met(leaf, constraint) if {
	leaf.value == null
	object.get(constraint, "nullable", false) == true
}

_holds("type", "string", leaf) if is_string(leaf.value)

_holds("type", "boolean", leaf) if is_boolean(leaf.value)

_holds("type", "number", leaf) if is_number(leaf.value)

_holds("type", "integer", leaf) if {
	is_number(leaf.value)
	leaf.value == floor(leaf.value)
}

_holds("kind", limit, leaf) if kinds.read_as(leaf, limit)

# A role says what an argument is for; it restricts nothing by itself.
_holds("role", _, _)

# Of which type a target is, its bounds and label say.
_holds("resource", _, _)

# What the local part of an address may be is part of its kind.
_holds("local_part", _, _)

# Presence is judged over the whole of the arguments, not at one leaf.
_holds("required", _, _)

_holds("absent", limit, _) if limit in {"", "none", "any"}

# A null where null may be is met above; here is everything else.
_holds("nullable", _, leaf) if leaf.value != null

_holds("one_of", [], _)

_holds("one_of", limit, leaf) if leaf.value in limit

_holds("minimum", -9007199254740992, _)

_holds("minimum", limit, leaf) if {
	is_number(limit)
	is_number(leaf.value)
	leaf.value >= limit
}

_holds("maximum", 9007199254740992, _)

_holds("maximum", limit, leaf) if {
	is_number(limit)
	is_number(leaf.value)
	leaf.value <= limit
}

_holds("pattern", "", _)

# The whole value: a pattern is sound by itself and in its frame, so that it cannot end it.
_holds("pattern", limit, leaf) if {
	is_string(leaf.value)
	regex.is_valid(limit)
	_portable(limit)
	whole := concat("", ["^(?:", limit, ")$"])
	regex.is_valid(whole)
	regex.match(whole, leaf.value)
}

_holds("path_prefixes", [], _)

_holds("path_prefixes", limit, leaf) if {
	kinds.read_as(leaf, "path")
	paths.single(leaf.value)
	some prefix in limit
	is_string(prefix)
	not paths.is_pattern(prefix)
	paths.below(leaf.value, prefix)
}

_holds("hosts", [], _)

_holds("hosts", limit, leaf) if {
	leaf.parsed.host in limit
	some kind in ["url", "host"]
	kinds.read_as(leaf, kind)
}

_holds("max_length", 9007199254740991, _)

_holds("max_length", limit, leaf) if {
	is_number(limit)
	is_string(leaf.value)
	count(leaf.value) <= limit
}

# What one engine takes for a pattern and the other does not: a byte of a sign, and groups
# nested a thousand deep. `\\C`, which is a backslash and a C, is refused along with it.
_portable(pattern) if {
	not contains(pattern, `\C`)
	count(split(pattern, "(")) <= 100
}
