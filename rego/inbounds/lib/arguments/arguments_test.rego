package inbounds.lib.arguments_test

import data.inbounds.lib.arguments

_question(given, parsed) := {"action": {"name": "t", "properties": {"arguments": given, "parsed": parsed}}}

_registry := {"tools": {"t": {"arguments": {
	"/to/*": {"kind": "email"},
	"/rows/*/id": {"type": "integer"},
	"/options/deep": {},
	"/plain": {"kind": "text", "role": "content"},
}}}}

_patterns(given) := {pointer: leaf.pattern | some pointer, leaf in leaves} if {
	leaves := arguments.leaves with input as _question(given, {})
}

test_a_leaf_is_known_by_its_pointer_and_its_pattern if {
	every example in [
		{"given": {}, "patterns": {}},
		{"given": {"a": 1}, "patterns": {"/a": "/a"}},
		{"given": {"a": null}, "patterns": {"/a": "/a"}},
		{"given": {"a": false, "b": ""}, "patterns": {"/a": "/a", "/b": "/b"}},
		{"given": {"a": []}, "patterns": {"/a": "/a"}},
		{"given": {"a": {}}, "patterns": {"/a": "/a"}},
		{"given": {"a": ["x", "y"]}, "patterns": {"/a/0": "/a/*", "/a/1": "/a/*"}},
		{"given": {"a": [{"b": [1]}]}, "patterns": {"/a/0/b/0": "/a/*/b/*"}},
		{"given": {"a": [[], {}]}, "patterns": {"/a/0": "/a/*", "/a/1": "/a/*"}},
		{"given": {"a": {"0": 1}}, "patterns": {"/a/0": "/a/0"}},
		{"given": {"a": {"*": 1}}, "patterns": {"/a/*": "/a/~2"}},
		{"given": {"a/b": {"~": 1}}, "patterns": {"/a~1b/~0": "/a~1b/~0"}},
		{"given": {"~2": 1}, "patterns": {"/~02": "/~02"}},
		{"given": {"": 1}, "patterns": {"/": "/"}},
	] {
		_patterns(example.given) == example.patterns
	}
}

test_a_leaf_has_its_value_and_its_parts if {
	arguments.leaves == {
		"/to/0": {"pattern": "/to/*", "value": "a@b", "parsed": {"kind": "email"}},
		"/n": {"pattern": "/n", "value": null, "parsed": {}},
	} with input as _question({"to": ["a@b"], "n": null}, {"/to/0": {"kind": "email"}})
}

test_there_are_no_leaves_without_arguments if {
	every given in [null, true, 1, "a", [], ["a"]] {
		not arguments.leaves with input as _question(given, {})
		not arguments.patterns with input as _question(given, {})
	}

	every nothing in [{}, [], null, {"action": {}}, {"action": {"properties": {}}}] {
		not arguments.leaves with input as nothing
	}
}

test_parts_of_another_type_are_none if {
	every parsed in [null, 7, "x", [], ["x"], true] {
		arguments.leaves == {"/a": {"pattern": "/a", "value": 1, "parsed": {}}} with input as _question({"a": 1}, parsed)
	}
}

test_patterns_are_those_of_the_leaves if {
	arguments.patterns == {"/to/*", "/a"} with input as _question({"to": ["x", "y"], "a": 1}, {})
	arguments.patterns == set() with input as _question({}, {})
}

test_the_registry_s_word_has_its_defaults_filled_in if {
	question := _question({}, {})

	arguments.spec("/to/*") == {"type": "string", "kind": "email", "role": "none"} with input as question
		with data.deployment as _registry
	arguments.spec("/options/deep") == {"type": "string", "kind": "none", "role": "none"} with input as question
		with data.deployment as _registry

	every pattern in ["/to", "/to/0", "/to/*/x", "", "/", "/TO/*"] {
		not arguments.spec(pattern) with input as question
			with data.deployment as _registry
	}
}

test_nothing_where_something_could_be if {
	every leaf in [
		{"pattern": "/to", "value": []},
		{"pattern": "/rows", "value": []},
		{"pattern": "/rows/*", "value": {}},
		{"pattern": "/options", "value": {}},
	] {
		arguments.holds_nothing(leaf) with input as _question({}, {})
			with data.deployment as _registry
	}
}

test_nothing_where_nothing_could_be if {
	every leaf in [
		{"pattern": "/to", "value": {}},
		{"pattern": "/options", "value": []},
		{"pattern": "/rows/*", "value": []},
		{"pattern": "/to/*", "value": []},
		{"pattern": "/plain", "value": {}},
		{"pattern": "/t", "value": []},
		{"pattern": "/bcc", "value": []},
		{"pattern": "/to", "value": null},
		{"pattern": "/to", "value": ""},
		{"pattern": "/to", "value": ["x"]},
	] {
		not arguments.holds_nothing(leaf) with input as _question({}, {})
			with data.deployment as _registry
	}
}

_of(specs, path) := patterns if {
	patterns := arguments.possible_paths with input as _question({name: "x" | some name, _ in specs}, {})
		with data.deployment as {"tools": {"t": {"arguments": object.union(
			{concat("", ["/", name]): spec | some name, spec in specs},
			{"/at": path},
		)}}}
}

_specs := {
	"a": {},
	"b": {"kind": "text"},
	"c": {"role": "query"},
	"d": {"role": "query", "kind": "id"},
	"e": {"role": "content"},
	"f": {"kind": "email"},
	"g": {"role": "code"},
	"h": {"one_of": ["x"]},
	"i": {"role": "query", "one_of": ["x"]},
}

test_a_text_that_nobody_says_more_of_may_be_a_path if {
	_of(_specs, {"kind": "path", "role": "target"}) == {"/a", "/b", "/c", "/d"}
	arguments.possible_paths == set() with input as {}

	every path in [{}, {"kind": "path"}, {"kind": "path", "role": "content"}, {"role": "target"}] {
		_of(_specs, path) == {"/a"}
	}
}
