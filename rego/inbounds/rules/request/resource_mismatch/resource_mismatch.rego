# METADATA
# title: Resource does not match its argument
# description: |
#   The program states the resource of a call, and the tool does what its arguments name. If the two
#   differ, the policy judges one thing and the tool touches another. The registry can state which
#   argument names the resource, or that none does. By default it is the argument with the role
#   `target` and the kind `id` or `path`; where several are, the id is their values joined by `/`. It is a
#   text without a kind where that is the tool's only target and has no `one_of`.
# custom:
#   severity: high
#   remedy: Return from `resource=` what the argument names; the operator can set the tool's `resource_argument`
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C10.4.3", "nist_800_53:SI-10"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.request.resource_mismatch

import data.inbounds.lib.arguments
import data.inbounds.lib.paths
import data.inbounds.lib.tools

# METADATA
# description: What names the resource agrees with it, or nothing names it
# scope: document
ruled_out if {
	is_object(arguments.leaves)
	_said == "none"
}

# Of several targets, each is judged by the one resource there is, or by a type of its own.
ruled_out if {
	is_object(arguments.leaves)
	_said == ""
	is_object(tools.entry)

	every pointer in _targets {
		_agrees(arguments.leaves[pointer])
	}
}

ruled_out if {
	is_object(arguments.leaves)
	_said == ""
	_joined
}

ruled_out if {
	is_object(arguments.leaves)
	is_object(tools.entry.arguments[_said])

	every leaf in arguments.leaves {
		_agrees_where_it_names(leaf)
	}
}

# METADATA
# description: The arguments that name something else than the resource
# scope: document
details contains {"argument": pointer} if {
	_said == ""
	not _joined
	some pointer in _targets
	not _agrees(arguments.leaves[pointer])
}

details contains {"argument": pointer} if {
	some pointer, leaf in arguments.leaves
	not _agrees_where_it_names(leaf)
}

_said := object.get(tools.entry, "resource_argument", "") if is_object(tools.entry)

_targets contains pointer if {
	some pointer, leaf in arguments.leaves
	leaf.value != null
	spec := arguments.spec(leaf.pattern)
	spec.role == "target"
	_names_it(spec, leaf.pattern)

	# What is of a type of its own names something else, which is judged beside the resource.
	object.get(spec, "resource", "") == ""
}

_names_it(spec, _) if spec.kind in {"id", "path"}

# A text does where the tool has no other target, and it is none of a few that the registry states.
_names_it(spec, pattern) if {
	spec.type == "string"
	spec.kind in {"none", "text"}
	object.get(spec, "one_of", []) == []
	{pattern} == {place |
		some place, other in tools.entry.arguments
		other.role == "target"
	}
}

# Several targets name one thing together, as a repository and a number do. Only the first may hold a
# separator, and a path: otherwise one id could be made of other values.
_joined if {
	is_object(tools.entry)
	is_string(input.resource.id)
	some first in _targets
	begin := concat("", [_text(arguments.leaves[first].value), "/"])
	begin != "/"
	startswith(input.resource.id, begin)
	rest := _targets - {first}
	count(rest) > 0

	every pointer in rest {
		_stands_behind(arguments.leaves[pointer], begin)
	}
	count(input.resource.id) == sum([count(_text(arguments.leaves[pointer].value)) |
		some pointer in _targets
	]) + count(rest)
}

_stands_behind(leaf, begin) if {
	text := _text(leaf.value)
	text != ""
	_is_one_part(leaf.pattern, text)
	id := concat("", ["/", trim_prefix(input.resource.id, begin), "/"])
	contains(id, concat("", ["/", text, "/"]))
}

_is_one_part(_, text) if not contains(text, "/")

_is_one_part(pattern, text) if {
	arguments.spec(pattern).kind == "path"
	paths.canonical(text)
	not startswith(text, "/")
}

_agrees_where_it_names(leaf) if leaf.pattern != _said

_agrees_where_it_names(leaf) if leaf.value == null

_agrees_where_it_names(leaf) if _agrees(leaf)

# The thing itself, by its name alone or at the end of where it is.
_agrees(leaf) if input.resource.id == _text(leaf.value)

_agrees(leaf) if {
	text := _text(leaf.value)
	text != ""
	is_string(input.resource.id)
	some separator in ["/", ":", "#"]
	endswith(input.resource.id, concat("", [separator, text]))
}

# A folder that it lies in, of a tool that covers what is below.
_agrees(leaf) if {
	arguments.spec(leaf.pattern).kind == "path"
	not tools.entry.recursive == false
	paths.canonical(leaf.value)
	is_string(input.resource.id)
	input.resource.id != ""
	paths.below(leaf.value, input.resource.id)
}

# A tool that is its own resource, as those of MCP servers are, is judged by its arguments.
_agrees(leaf) if {
	_text(leaf.value)
	is_string(input.action.name)
	input.resource.id == input.action.name
}

_text(value) := value if is_string(value)

_text(value) := format_int(value, 10) if {
	is_number(value)
	value == floor(value)
}
