package inbounds.rules.capability.argument_not_allowed_test

import data.inbounds.lib.fixtures_test as fixtures

_arguments := "/question/action/properties/arguments"

_parsed := "/question/action/properties/parsed"

_bounds := "/task/claims/authorization_details/0/tools"

test_ruled_out_for_arguments_that_the_registry_knows if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("capability", "argument_not_allowed", patches)
	}
}

test_ruled_out_without_what_is_not_required if {
	every path in ["body", "copies"] {
		fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
			fixtures.calls["mail.send"],
			[{"op": "remove", "path": concat("/", [_arguments, path])}],
		]))
	}
}

test_ruled_out_for_a_null_where_the_registry_takes_one if {
	fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
		fixtures.calls["file.write"],
		fixtures.putting(concat("/", [_arguments, "text"]), null),
	]))
}

test_ruled_out_at_the_bounds if {
	every copies in [1, 3] {
		fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
			fixtures.calls["mail.send"],
			fixtures.putting(concat("/", [_arguments, "copies"]), copies),
		]))
	}
}

test_ruled_out_for_a_tool_without_arguments if {
	fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
		fixtures.putting("/deployment/tools/mail.read/arguments", {}),
		fixtures.putting(_arguments, {}),
	]))
}

test_names_each_argument_that_the_registry_does_not_know if {
	every example in [
		{"at": "bcc", "value": ["mallory@evil.example"], "pointer": "/bcc/0"},
		{"at": "bcc", "value": [], "pointer": "/bcc"},
		{"at": "bcc", "value": {}, "pointer": "/bcc"},
		{"at": "Body", "value": "Hello", "pointer": "/Body"},
		{"at": "*", "value": "Hello", "pointer": "/*"},
		{"at": "", "value": "Hello", "pointer": "/"},
		{"at": "a~1b~0c", "value": "Hello", "pointer": "/a~1b~0c"},
		{"at": "to", "value": {"*": "bob@acme.example"}, "pointer": "/to/*"},
		{"at": "to", "value": {"0": "bob@acme.example"}, "pointer": "/to/0"},
		{"at": "to", "value": [["bob@acme.example"]], "pointer": "/to/0/0"},
		{"at": "to", "value": "bob@acme.example", "pointer": "/to"},
		{"at": "body", "value": ["Hello"], "pointer": "/body/0"},
		{"at": "body", "value": {}, "pointer": "/body"},
	] {
		patches := fixtures.joined([
			fixtures.calls["mail.send"],
			fixtures.putting(concat("/", [_arguments, example.at]), example.value),
		])
		fixtures.stands("capability", "argument_not_allowed", patches)
		{"argument": example.pointer} in fixtures.details("capability", "argument_not_allowed", patches)
	}
}

test_names_each_argument_that_is_out_of_bounds if {
	every example in [
		{"tool": "mail.send", "at": "copies", "value": 0},
		{"tool": "mail.send", "at": "copies", "value": 4},
		{"tool": "mail.send", "at": "copies", "value": 1.5},
		{"tool": "mail.send", "at": "copies", "value": "2"},
		{"tool": "mail.send", "at": "copies", "value": true},
		{"tool": "mail.send", "at": "copies", "value": null},
		{"tool": "mail.send", "at": "body", "value": 7},
		{"tool": "mail.send", "at": "body", "value": null},
		{"tool": "mail.send", "at": "body", "value": concat("", [sprintf("%5000s", ["x"]), sprintf("%5001s", ["x"])])},
		{"tool": "file.write", "at": "mode", "value": "truncate"},
		{"tool": "file.write", "at": "mode", "value": "Append"},
		{"tool": "file.write", "at": "overwrite", "value": "true"},
		{"tool": "file.write", "at": "overwrite", "value": 1},
		{"tool": "file.write", "at": "text", "value": 7},
		{"tool": "file.write", "at": "path", "value": "/home/alice/a.txt"},
		{"tool": "file.write", "at": "path", "value": "/workshop/a.txt"},
		{"tool": "file.write", "at": "path", "value": "/work/../home/a.txt"},
		{"tool": "file.write", "at": "path", "value": "/work//a.txt"},
		{"tool": "file.write", "at": "path", "value": "work/a.txt"},
		{"tool": "file.write", "at": "path", "value": ""},
	] {
		patches := fixtures.joined([
			fixtures.calls[example.tool],
			fixtures.putting(concat("/", [_arguments, example.at]), example.value),
		])
		fixtures.stands("capability", "argument_not_allowed", patches)
		fixtures.details("capability", "argument_not_allowed", patches) == {{"argument": concat("", ["/", example.at])}}
	}
}

test_names_an_argument_whose_parts_do_not_make_it_up if {
	every example in [
		{"tool": "mail.send", "pointer": "/to/0", "parsed": {}},
		{"tool": "mail.send", "pointer": "/to/0", "parsed": {"kind": "text"}},
		{"tool": "mail.send", "pointer": "/to/0", "parsed": {"kind": "email", "local": "bob", "domain": "evil.example"}},
		{"tool": "mail.send", "pointer": "/to/0", "parsed": {"kind": "email", "local": "bob"}},
		{"tool": "file.write", "pointer": "/path", "parsed": {"kind": "text"}},
		{"tool": "web.get", "pointer": "/url", "parsed": {"kind": "url", "scheme": "https", "host": "evil.example"}},
		{"tool": "web.get", "pointer": "/url", "parsed": {"kind": "host", "host": "wiki.acme.example"}},
	] {
		place := concat("/", [_parsed, replace(example.pointer, "/", "~1")])
		patches := fixtures.joined([fixtures.calls[example.tool], fixtures.putting(place, example.parsed)])
		fixtures.stands("capability", "argument_not_allowed", patches)
		fixtures.details("capability", "argument_not_allowed", patches) == {{"argument": example.pointer}}
	}
}

test_names_a_pattern_that_is_required_and_missing if {
	every example in [
		{"tool": "mail.read", "at": "id", "pattern": "/id"},
		{"tool": "mail.send", "at": "to", "pattern": "/to/*"},
	] {
		patches := fixtures.joined([
			fixtures.calls[example.tool],
			[{"op": "remove", "path": concat("/", [_arguments, example.at])}],
		])
		fixtures.stands("capability", "argument_not_allowed", patches)
		fixtures.details("capability", "argument_not_allowed", patches) == {{"argument": example.pattern}}
	}
}

test_an_empty_list_is_nothing_where_something_is_required if {
	patches := fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting(concat("/", [_arguments, "to"]), []),
	])

	fixtures.stands("capability", "argument_not_allowed", patches)
	fixtures.details("capability", "argument_not_allowed", patches) == {{"argument": "/to/*"}}
}

test_an_empty_list_passes_where_the_registry_knows_what_would_be_in_it if {
	optional := fixtures.putting("/deployment/tools/mail.send/arguments/~1to~1*/required", false)
	fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
		fixtures.calls["mail.send"], optional,
		fixtures.putting(concat("/", [_arguments, "to"]), []),
	]))

	# What belongs in a list is not what belongs in an object.
	fixtures.stands("capability", "argument_not_allowed", fixtures.joined([
		fixtures.calls["mail.send"], optional,
		fixtures.putting(concat("/", [_arguments, "to"]), {}),
	]))
}

test_the_task_narrows_one_argument_and_leaves_the_others if {
	bounds := fixtures.putting(
		concat("/", [_bounds, "mail.send", "arguments"]),
		{"/to/*": {"one_of": ["bob@acme.example"]}},
	)
	to_both := fixtures.joined([fixtures.calls["mail.send"], bounds])

	fixtures.stands("capability", "argument_not_allowed", to_both)
	fixtures.details("capability", "argument_not_allowed", to_both) == {{"argument": "/to/1"}}
	fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
		to_both,
		[{"op": "remove", "path": concat("/", [_arguments, "to", "1"])}],
	]))
}

test_the_task_never_widens_what_the_registry_says if {
	bounds := fixtures.putting(
		concat("/", [_bounds, "mail.send", "arguments"]),
		{"/copies": {"maximum": 9}, "/bcc/*": {}},
	)

	every patches in [
		fixtures.putting(concat("/", [_arguments, "copies"]), 4),
		fixtures.putting(concat("/", [_arguments, "bcc"]), ["mallory@evil.example"]),
	] {
		fixtures.stands(
			"capability",
			"argument_not_allowed",
			fixtures.joined([fixtures.calls["mail.send"], bounds, patches]),
		)
	}
}

test_a_constraint_at_its_defaults_restricts_nothing if {
	unconstrained := {
		"one_of": [],
		"minimum": -9007199254740992,
		"maximum": 9007199254740992,
		"pattern": "",
		"path_prefixes": [],
		"hosts": [],
		"max_length": 9007199254740991,
	}

	fixtures.ruled_out("capability", "argument_not_allowed", fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting(
			concat("/", [_bounds, "mail.send", "arguments"]),
			{"/to/*": unconstrained, "/body": unconstrained, "/copies": unconstrained},
		),
	]))
}

test_stands_for_a_bound_that_this_policy_does_not_know if {
	every patches in [
		fixtures.putting(concat("/", [_bounds, "mail.read", "arguments"]), {"/id": {"not_one_of": ["43"]}}),
		fixtures.putting(concat("/", [_bounds, "mail.read", "calls"]), 3),
		fixtures.putting("/deployment/tools/mail.read/arguments/~1id/shape", "short"),
	] {
		fixtures.stands("capability", "argument_not_allowed", patches)
	}
}

test_stands_for_a_tool_that_is_not_registered_or_not_in_the_task if {
	every patches in [
		fixtures.putting("/question/action/name", "mail.unregistered"),
		fixtures.putting("/question/action/name", "mail.purge"),
		fixtures.putting("/task/genuine", false),
	] {
		fixtures.stands("capability", "argument_not_allowed", patches)
	}

	# Nothing in the arguments, so nothing that could be refused.
	every name in ["mail.unregistered", "mail.purge", "mail.promised"] {
		fixtures.stands("capability", "argument_not_allowed", fixtures.joined([
			fixtures.putting("/question/action/name", name),
			fixtures.putting(concat("/", [_bounds, "mail.promised"]), {"arguments": {}}),
			fixtures.putting(_arguments, {}),
		]))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("capability", "argument_not_allowed", fixtures.calls["web.get"], [
		"/question/action",
		"/question/action/name",
		"/question/action/properties",
		"/question/action/properties/arguments",
		"/question/action/properties/arguments/url",
		"/question/action/properties/parsed",
		"/question/action/properties/parsed/~1url",
		"/question/action/properties/parsed/~1url/kind",
		"/question/action/properties/parsed/~1url/host",
		"/question/action/properties/parsed/~1url/scheme",
		"/task/claims/authorization_details/0/tools",
		"/deployment/tools/web.get/arguments",
		"/deployment/tools/web.get/arguments/~1url",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"capability", "argument_not_allowed", fixtures.calls["web.get"], [
			"/question/action",
			"/question/action/properties",
			"/question/action/properties/arguments",
			"/question/action/properties/parsed",
			"/question/action/properties/parsed/~1url",
			"/task/claims/authorization_details/0/tools/web.get",
		],
		"object",
	)
	fixtures.stands_retyped(
		"capability", "argument_not_allowed", fixtures.calls["web.get"], [
			"/question/action/name",
			"/question/action/properties/arguments/url",
			"/question/action/properties/parsed/~1url/kind",
			"/question/action/properties/parsed/~1url/host",
			"/question/action/properties/parsed/~1url/scheme",
		],
		"string",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "argument_not_allowed", anything)
	}
}
