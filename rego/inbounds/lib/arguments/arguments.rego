# METADATA
# description: |
#   The leaves of the arguments, and whether a leaf is what a constraint says. A pattern is
#   a JSON Pointer in which `*` stands for any array index.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc6901
#     description: JSON Pointer
package inbounds.lib.arguments

import data.inbounds.lib.tools

# METADATA
# description: |
#   The leaves by JSON Pointer: their pattern, their value, and how the SDK parsed it. An
#   empty array or object is a leaf as well, so that nothing is left unjudged.
leaves[pointer] := leaf if {
	walk(input.action.properties.arguments, [path, value])
	count(path) > 0
	_ends(value)
	pointer := concat("/", array.concat([""], [_segment(key) | some key in path]))
	leaf := {
		"pattern": concat("/", array.concat([""], [_step(key) | some key in path])),
		"value": value,
		"parsed": object.get(input.action.properties, ["parsed", pointer], {}),
	}
}

# METADATA
# description: What the registry says of the argument at `pattern`, its type filled in
spec(pattern) := object.union({"type": "string"}, tools.entry.arguments[pattern])

# METADATA
# description: |
#   Whether `leaf` is all that `constraint` says. Every member must positively hold, so a
#   member this policy does not know is never met.
meets(leaf, constraint) if {
	every name, limit in constraint {
		_holds(name, limit, leaf)
	}
}

meets(leaf, constraint) if {
	leaf.value == null
	constraint.nullable == true
}

# METADATA
# description: Whether an empty array or object is where the registry knows arguments
holds_nothing(leaf, constraints) if {
	leaf.value in [[], {}]
	some pattern, _ in constraints
	startswith(pattern, concat("", [leaf.pattern, "/"]))
}

_holds("type", "string", leaf) if is_string(leaf.value)

_holds("type", "boolean", leaf) if is_boolean(leaf.value)

_holds("type", "number", leaf) if is_number(leaf.value)

_holds("type", "integer", leaf) if {
	is_number(leaf.value)
	leaf.value == floor(leaf.value)
}

_holds("kind", "none", _)

_holds("kind", kind, leaf) if leaf.parsed.kind == kind

# A role says what an argument is for; it restricts nothing by itself.
_holds("role", _, _)

# Presence is judged over the whole of the arguments, not at one leaf.
_holds("required", _, _)

# A null where null may be is met above; here is everything else.
_holds("nullable", _, leaf) if leaf.value != null

_holds("one_of", values, _) if count(values) == 0

_holds("one_of", values, leaf) if leaf.value in values

_holds("minimum", limit, leaf) if {
	is_number(leaf.value)
	leaf.value >= limit
}

_holds("maximum", limit, leaf) if {
	is_number(leaf.value)
	leaf.value <= limit
}

_holds("pattern", pattern, leaf) if {
	is_string(leaf.value)
	regex.match(concat("", ["^(?:", pattern, ")$"]), leaf.value)
}

_holds("path_prefixes", prefixes, _) if count(prefixes) == 0

_holds("path_prefixes", prefixes, leaf) if {
	leaf.parsed.kind == "path"
	some prefix in prefixes
	below(leaf.value, prefix)
}

_holds("hosts", hosts, _) if count(hosts) == 0

_holds("hosts", hosts, leaf) if {
	leaf.parsed.kind in {"url", "host"}
	leaf.parsed.host in hosts
}

_holds("max_length", limit, leaf) if {
	is_string(leaf.value)
	count(leaf.value) <= limit
}

# METADATA
# description: Whether the canonical path `path` is `folder` or lies below it
below(path, folder) if path == folder

below(path, folder) if startswith(path, concat("", [trim_suffix(folder, "/"), "/"]))

_ends(value) if not _composite(value)

_ends([])

_ends({})

_composite(value) if is_array(value)

_composite(value) if is_object(value)

_segment(key) := format_int(key, 10) if is_number(key)

_segment(key) := replace(replace(key, "~", "~0"), "/", "~1") if is_string(key)

_step(key) := "*" if is_number(key)

# A key that is itself `*` is no array index.
_step(key) := replace(replace(replace(key, "~", "~0"), "/", "~1"), "*", "~2") if is_string(key)
