# METADATA
# description: |
#   The leaves of the arguments, and what the registry says of each. A pattern is a JSON
#   Pointer in which `*` stands for any array index.
# related_resources:
#   - ref: https://www.rfc-editor.org/rfc/rfc6901
#     description: JSON Pointer
package inbounds.lib.arguments

# METADATA
# description: |
#   The leaves by JSON Pointer: their pattern, their value, and how the SDK parsed it. An
#   empty array or object is a leaf as well, so that nothing is left unjudged. Undefined
#   when the question holds no arguments.
leaves := _leaves if is_object(input.action.properties.arguments)

_leaves[pointer] := leaf if {
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
# description: The patterns of the leaves
patterns := {leaf.pattern | some leaf in leaves} if is_object(leaves)

# METADATA
# description: |
#   What the registry says of the argument at `pattern`, what it leaves out filled in.
#   Undefined for an argument it does not know.
# scope: document
spec(pattern) := _specs[pattern]

spec(pattern) := _filled_in(pattern) if not pattern in patterns

# Those of the call, put together once for all that ask.
_specs[pattern] := about if {
	some leaf in leaves
	pattern := leaf.pattern
	about := _filled_in(pattern)
}

# As `lib/tools` has it, which rests on what is said here.
_entry := data.deployment.tools[input.action.name]

_filled_in(pattern) := object.union({"type": "string", "kind": "none", "role": "none"}, about) if {
	about := _entry.arguments[pattern]
	is_object(about)
}

# METADATA
# description: |
#   The patterns of the texts that may be paths although the registry does not say so: those with neither
#   a role nor a kind and, in a tool with a target of kind `path`, also those that search. A choice is the
#   registry's own.
# scope: document
possible_paths contains pattern if {
	some pattern, spec in _specs
	spec.role == "none"
	spec.kind == "none"
	object.get(spec, "one_of", []) == []
}

possible_paths contains pattern if {
	takes_paths
	some pattern, spec in _specs
	spec.role in {"none", "query"}
	spec.kind in {"none", "id", "text"}
	object.get(spec, "one_of", []) == []
}

# METADATA
# description: Whether the tool has a target of kind `path`
takes_paths if {
	some about in _entry.arguments
	about.kind == "path"
	about.role == "target"
}

# METADATA
# description: Whether the registry knows arguments below `leaf`, which is empty
# scope: document
holds_nothing(leaf) if {
	leaf.value == []
	some pattern, _ in _entry.arguments
	_below(pattern, leaf.pattern)[0] == "*"
}

holds_nothing(leaf) if {
	leaf.value == {}
	some pattern, _ in _entry.arguments
	_below(pattern, leaf.pattern)[0] != "*"
}

# The steps from one pattern down to another.
_below(pattern, above) := split(trim_prefix(pattern, folder), "/") if {
	folder := concat("", [above, "/"])
	startswith(pattern, folder)
}

_ends(value) if not type_name(value) in {"array", "object"}

_ends([])

_ends({})

_segment(key) := format_int(key, 10) if is_number(key)

_segment(key) := replace(replace(key, "~", "~0"), "/", "~1") if is_string(key)

_step(key) := "*" if is_number(key)

# A key that is itself `*` is not an array index.
_step(key) := replace(_segment(key), "*", "~2") if is_string(key)
