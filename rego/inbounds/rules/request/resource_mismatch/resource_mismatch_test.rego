package inbounds.rules.request.resource_mismatch_test

import data.inbounds.lib.fixtures_test as fixtures

_id := "/question/resource/id"

_arguments := "/question/action/properties/arguments"

_tool := "/deployment/tools/file.write"

_registered(specs) := fixtures.putting(concat("/", [_tool, "arguments"]), specs)

_says(what) := fixtures.putting(concat("/", [_tool, "resource_argument"]), what)

_of(specs, arguments, id) := fixtures.joined([
	fixtures.calls["file.write"],
	_registered(specs),
	fixtures.putting(_arguments, arguments),
	fixtures.putting(_id, id),
])

_target(kind) := {"/at": {"kind": kind, "role": "target"}}

_agrees(patches) if fixtures.ruled_out("request", "resource_mismatch", patches)

_differs(patches, pointers) if {
	fixtures.stands("request", "resource_mismatch", patches)
	fixtures.details("request", "resource_mismatch", patches) == {{"argument": pointer} | some pointer in pointers}
}

test_ruled_out_for_ordinary_calls if {
	every _, patches in fixtures.calls {
		_agrees(patches)
	}
}

test_the_resource_is_what_the_target_names if {
	every example in [
		["id", "42", "42"], ["id", 42, "42"], ["id", -1, "-1"], ["id", "42", "acme/42"], ["id", "42", "mail:42"],
		["id", "42", "acme/repo#42"], ["path", "/work/a", "/work/a"], ["path", "a/b", "docs/a/b"],
		["path", "/work/a", "/work"], ["path", "/work/a", "/work/"], ["path", "/work/a", "/"], ["path", "a/b", "a"],
		["id", "*", "file.write"], ["path", "/work/a", "file.write"],
	] {
		_agrees(_of(_target(example[0]), {"at": example[1]}, example[2]))
	}
	every example in [
		["id", "*", "42"], ["id", "42", "142"], ["id", "42", "42/1"], ["id", "42", "4"], ["id", "1", "42"],
		["id", "a/b", "a"], ["id", "", "acme/"], ["id", 42.5, "42"], ["id", true, "true"], ["id", [], "42"],
		["id", {}, "42"], ["path", "/work/a", "/wor"], ["path", "/work", "/work/a"], ["path", "/work/a", "/work/b"],
		["path", "/work/../a", "/work"], ["path", "a", "/"], ["path", "/work/a", ""], ["id", "42", "file.read"],
	] {
		_differs(_of(_target(example[0]), {"at": example[1]}, example[2]), {"/at"})
	}
}

_issue := {
	"/repository": {"kind": "id", "role": "target"},
	"/number": {"type": "integer", "kind": "id", "role": "target"},
}

_blob := {
	"/repository": {"kind": "id", "role": "target"},
	"/path": {"kind": "path", "role": "target"},
}

test_several_targets_name_one_thing_together if {
	_agrees(_of(_issue, {"repository": "acme/web", "number": 58}, "acme/web/58"))
	_agrees(_of(_issue, {"repository": "web", "number": 58}, "58/web"))
	_agrees(_of(_blob, {"repository": "acme/web", "path": "docs/a.md"}, "acme/web/docs/a.md"))
	_agrees(_of(
		object.union(_issue, {"/page": {"kind": "id", "role": "target"}}),
		{"repository": "acme/web", "number": 58, "page": "p"},
		"acme/web/58/p",
	))
}

test_what_several_targets_name_is_all_of_them_and_no_more if {
	every id in [
		"acme/web", "58", "acme/web/581", "acme/web/5", "acme/web/58/9", "acme/web//58", "x/acme/web/58",
		"acme/web:58", "58/acme/web", "", "/", "acme/web/", "acme/web/58/",
	] {
		patches := _of(_issue, {"repository": "acme/web", "number": 58}, id)
		fixtures.stands("request", "resource_mismatch", patches)
		count(fixtures.details("request", "resource_mismatch", patches)) > 0
	}

	every value in [null, "", "x", 59, true, [], {}, "a/58", "../58"] {
		fixtures.stands(
			"request", "resource_mismatch",
			_of(_issue, {"repository": "acme/web", "number": value}, "acme/web/58"),
		)
	}
}

# The repository is `acme` here, which lies outside of a bound of `acme/web/`.
test_a_part_behind_the_first_holds_no_separator if {
	fixtures.stands(
		"request", "resource_mismatch",
		_of(_issue, {"repository": "acme", "number": "web/58"}, "acme/web/58"),
	)

	every path in ["/docs/a.md", "../a.md", "docs//a.md", "docs/../a.md"] {
		fixtures.stands(
			"request", "resource_mismatch",
			_of(_blob, {"repository": "acme/web", "path": path}, concat("/", ["acme/web", path])),
		)
	}
}

test_a_tool_that_touches_nothing_below_names_its_resource_itself if {
	folder := _of(_target("path"), {"at": "/work/a"}, "/work")
	_agrees(folder)

	flat := fixtures.putting(concat("/", [_tool, "recursive"]), false)
	_differs(array.concat(folder, flat), {"/at"})
	_agrees(array.concat(_of(_target("path"), {"at": "/work/a"}, "/work/a"), flat))
}

test_only_a_target_that_is_an_id_or_a_path_names_it if {
	_agrees(_of(_target("id"), {"at": null}, "42"))
	_agrees(_of(_target("id"), {}, "42"))
	_agrees(_of({"/at/*": {"kind": "id", "role": "target"}}, {"at": []}, "42"))
	every spec in [
		{"kind": "id"}, {"kind": "path"}, {"kind": "id", "role": "content"}, {"kind": "text"},
		{"kind": "url", "role": "target"}, {"kind": "email", "role": "target"},
		{"kind": "text", "role": "target", "one_of": ["x", "y"]}, {"type": "integer", "role": "target"},
	] {
		_agrees(_of({"/at": spec}, {"at": "x"}, "42"))
	}
}

test_a_text_names_it_where_the_tool_has_no_other_target if {
	every spec in [{"role": "target"}, {"kind": "text", "role": "target"}, {"kind": "none", "role": "target"}] {
		_agrees(_of({"/at": spec}, {"at": "42"}, "42"))
		every value in ["142", "421", "all", "42,43", "42 ", "", "4*"] {
			_differs(_of({"/at": spec}, {"at": value}, "42"), {"/at"})
		}
		every other in [_target("id"), {"/in": {"kind": "url", "role": "target"}}, {"/in": {"role": "target"}}] {
			_agrees(_of(object.union({"/to": spec}, other), {"to": "all", "at": "42", "in": "x"}, "42"))
		}
	}
}

test_no_sign_beside_an_id_is_the_id if {
	every spec in [{"role": "target"}, {"kind": "id", "role": "target"}] {
		every code in numbers.range(32, 126) {
			sign := sprintf("%c", [code])
			every value in [concat("", [sign, "42"]), concat("", ["42", sign]), concat("", ["4", sign, "2"]), sign] {
				_differs(_of({"/at": spec}, {"at": value}, "42"), {"/at"})
			}
		}
	}
}

test_each_of_several_targets_names_it if {
	several := {"/from": {"kind": "path", "role": "target"}, "/to": {"kind": "path", "role": "target"}}

	_agrees(_of(several, {"from": "/work/a", "to": "/work/b"}, "/work"))
	_agrees(_of(several, {"from": "/work/a", "to": "/work/a"}, "/work/a"))
	_differs(_of(several, {"from": "/work/a", "to": "/work/b"}, "/work/a"), {"/to"})
	_differs(_of(several, {"from": "/work/a", "to": "/work/b"}, "/work/b"), {"/from"})
	_differs(_of(several, {"from": "/work/a", "to": "/work/b"}, "/work/c"), {"/from", "/to"})
}

test_a_target_of_a_type_of_its_own_names_something_else if {
	typed := {"/at": {"kind": "path", "role": "target", "resource": "board"}, "/in": {"kind": "path", "role": "target"}}
	_agrees(_of(typed, {"at": "/other", "in": "/work/a"}, "/work/a"))
	_differs(_of(typed, {"at": "/work/a", "in": "/other"}, "/work/a"), {"/in"})
}

_saying(arguments, id, what) := array.concat(
	_of({"/at": {"kind": "path", "role": "target"}, "/in": {}, "/ids/*": {"kind": "id"}}, arguments, id),
	_says(what),
)

test_the_registry_says_which_argument_names_it if {
	_agrees(_saying({"at": "/work/a", "in": "board"}, "board", "/in"))
	_differs(_saying({"at": "/work/a", "in": "board"}, "/work/a", "/in"), {"/in"})
	_agrees(_saying({"at": "/work/a", "in": "board"}, "elsewhere", "none"))
	_agrees(_saying({"at": "/work/a", "in": null}, "elsewhere", "/in"))
	_agrees(_saying({"at": "/work/a"}, "elsewhere", "/in"))
	_agrees(_saying({"ids": []}, "elsewhere", "/ids/*"))
	_agrees(_saying({"ids": ["1", "1"]}, "1", "/ids/*"))
	_differs(_saying({"ids": ["1", "2"]}, "1", "/ids/*"), {"/ids/1"})

	# An argument that the tool has not names nothing.
	every what in ["/other", "/ids", "in", "None", null, true, 7, [], {}] {
		fixtures.stands("request", "resource_mismatch", _saying({"at": "/work/a"}, "/work/a", what))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("request", "resource_mismatch", fixtures.calls["file.write"], [
		"/question/action/name",
		"/question/action/properties",
		_arguments,
		"/question/resource",
		_id,
		_tool,
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"request", "resource_mismatch", fixtures.calls["file.write"],
		["/question/action/properties", _arguments, "/question/resource", _tool], "object",
	)
	fixtures.stands_retyped(
		"request", "resource_mismatch", fixtures.calls["file.write"],
		["/question/action/name", _id], "string",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("request", "resource_mismatch", anything)
	}
}
