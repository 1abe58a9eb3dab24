package inbounds.lib.resources_test

import data.inbounds.lib.resources

_of(registered, said) := {
	"input": {"action": {"name": "t"}, "resource": {"type": "file", "id": "/a", "properties": said}},
	"deployment": {"tools": {"t": registered}},
}

test_whoever_says_it_is_believed_when_nobody_contradicts if {
	every scene in [
		_of({"tenant": "acme", "environment": "production"}, {}),
		_of({"tenant": "", "environment": ""}, {"tenant": "acme", "environment": "production"}),
		_of({}, {"tenant": "acme", "environment": "production"}),
		_of({"tenant": "acme", "environment": "production"}, {"tenant": "acme", "environment": "production"}),
		_of({"tenant": "acme", "environment": "production"}, {"tenant": "", "environment": ""}),
		_of({"tenant": "acme", "environment": "production"}, null),
	] {
		resources.tenant == "acme" with input as scene.input
			with data.deployment as scene.deployment
		resources.environment == "production" with input as scene.input
			with data.deployment as scene.deployment
	}
}

test_it_is_not_known_when_nobody_says_it_or_two_contradict if {
	every scene in [
		_of({}, {}),
		_of({"tenant": "", "environment": ""}, {"tenant": "", "environment": ""}),
		_of({"tenant": "acme", "environment": "production"}, {"tenant": "globex", "environment": "development"}),
		_of({"tenant": "acme", "environment": "production"}, {"tenant": null, "environment": 7}),
		_of(null, null),
	] {
		not resources.tenant with input as scene.input
			with data.deployment as scene.deployment
		not resources.environment with input as scene.input
			with data.deployment as scene.deployment
	}
}

test_within_is_the_type_and_a_prefix_of_the_id if {
	every bounds in [
		[{"type": "file", "prefixes": ["/work/"]}],
		[{"type": "file", "prefixes": ["/home/", "/w"]}],
		[{"type": "mail", "prefixes": [""]}, {"type": "file", "prefixes": [""]}],
		[{"type": "file"}],
	] {
		resources.within(bounds) with input as {"resource": {"type": "file", "id": "/work/a"}}
	}

	every bounds in [
		[],
		[{"type": "mail", "prefixes": [""]}],
		[{"type": "file", "prefixes": []}],
		[{"type": "file", "prefixes": ["/Work/"]}],
		[{"type": "file", "prefixes": ["/work/a/"]}],
		[{"type": "file", "prefixes": ["work/"]}],
		[{"type": "file", "prefixes": "/work/"}],
		[{"type": "file", "prefixes": [7, null, ["/work/"]]}],
		[{"type": "file", "prefixes": {"x": "/work/"}}],
		[{"prefixes": [""]}],
		["file"],
		[null],
		null,
		"file",
		{},
	] {
		not resources.within(bounds) with input as {"resource": {"type": "file", "id": "/work/a"}}
	}
}

test_an_id_that_climbs_is_within_no_prefix if {
	every id in ["/work/../home/a", "/work/..", "/work/a\\..\\..\\home"] {
		question := {"resource": {"type": "file", "id": id}}
		not resources.within([{"type": "file", "prefixes": ["/work/"]}]) with input as question
		resources.within([{"type": "file"}]) with input as question
	}
}

test_an_id_of_several_places_is_within_no_prefix if {
	every id in ["/work/a /home/b", "/work/a,/home/b", "/work/a ~/b", "/work/a ../b"] {
		question := {"resource": {"type": "file", "id": id}}
		not resources.within([{"type": "file", "prefixes": ["/work/"]}]) with input as question
		resources.within([{"type": "file"}]) with input as question
	}
}

test_what_has_no_id_is_within_no_prefix if {
	not resources.within([{"type": "file", "prefixes": ["/"]}]) with input as {"resource": {"type": "file"}}
	not resources.within([{"type": "file"}]) with input as {}

	every value in [null, true, 7, [], {}] {
		not resources.within([{"type": "file", "prefixes": ["/"]}]) with input as {"resource": {
			"type": "file",
			"id": value,
		}}
	}
}

test_a_bound_without_prefixes_has_the_one_of_all if {
	resources.prefixes({"type": "file"}) == [""]
	resources.prefixes({"type": "file", "prefixes": ["a"]}) == ["a"]

	every bound in [null, "file", [], {"prefixes": null}, {"prefixes": "a"}, {"prefixes": {}}] {
		not resources.prefixes(bound)
	}
}

test_a_bound_lets_its_effects_and_one_that_names_none_lets_all if {
	resources.lets({"effects": ["read"]}, {"read"})

	every bound in [{}, {"effects": []}, {"type": "file"}, {"effects": ["write", "read", "delete"]}] {
		resources.lets(bound, {"read", "write"})
	}

	every bound in [
		{"effects": ["read"]},
		{"effects": ["delete"]},
		{"effects": "read"},
		{"effects": null},
		{"effects": {}},
		{"effects": [[]]},
		[],
		null,
		"file",
	] {
		not resources.lets(bound, {"read", "write"})
	}
}

test_no_bound_lets_what_has_no_effects if {
	not resources.lets({}, set())
	not resources.lets({"effects": ["read"]}, set())
}

_open(bounds, effects) if {
	resources.open_to(bounds) with input as {"action": {"name": "t"}, "resource": {"type": "file", "id": "/work/a"}}
		with data.deployment.tools as {"t": {"effects": effects}}
}

test_open_to_what_one_bound_holds_and_lets if {
	_open([{"type": "file"}], ["read", "write"])
	_open([{"type": "file", "prefixes": ["/work/"], "effects": ["write", "read"]}], ["read", "write"])
	_open([{"type": "file", "effects": ["read"]}, {"type": "file", "effects": ["write"]}], ["write"])

	every bounds in [
		[],
		[{"type": "file", "effects": ["read"]}],
		[{"type": "mail"}],
		[{"type": "file", "prefixes": ["/home/"]}],
		# No two bounds together: what each was given for is apart.
		[{"type": "file", "effects": ["read"]}, {"type": "file", "effects": ["write"]}],
		[{"type": "file", "prefixes": ["/home/"]}, {"type": "file", "prefixes": ["/work/"], "effects": ["read"]}],
		null,
		"file",
		["file"],
		{},
	] {
		not _open(bounds, ["read", "write"])
	}
}

test_nothing_is_open_to_a_tool_of_unknown_effect if {
	not _open([{"type": "file"}], [])
	not _open([{"type": "file"}], "read")

	question := {"action": {"name": "t"}, "resource": {"type": "file", "id": "/a"}}
	not resources.open_to([{"type": "file"}]) with input as question
		with data.deployment.tools as {}
}

test_the_effects_of_a_bound_are_among_those_of_a_wider_one if {
	resources.holds_effects({}, {})
	resources.holds_effects({"effects": []}, {"effects": []})

	every outer in [{}, {"effects": []}, {"effects": ["read", "write"]}] {
		resources.holds_effects(outer, {"effects": ["read"]})
	}

	every bound in [{}, {"effects": []}, {"effects": ["write"]}, {"effects": ["read", "write"]}, {"effects": "read"}] {
		not resources.holds_effects({"effects": ["read"]}, bound)
	}

	every outer in [null, [], "file", {"effects": null}, {"effects": {}}, {"effects": "read"}] {
		not resources.holds_effects(outer, {"effects": ["read"]})
	}

	every bound in [null, [], "file"] {
		not resources.holds_effects({}, bound)
	}
}

test_what_is_assumed_holds_only_what_is_assumed if {
	every bound in [{"effects": ["read"]}, {"effects": ["read"], "assumed": false}] {
		resources.is_stated(bound)
		resources.holds_effects({}, bound)
		not resources.holds_effects({"assumed": true}, bound)
	}
	assumed := {"effects": ["read"], "assumed": true}
	not resources.is_stated(assumed)
	every outer in [
		{}, {"assumed": false}, {"effects": ["read"]}, {"assumed": true},
		{"effects": ["read", "write"], "assumed": true},
	] {
		resources.holds_effects(outer, assumed)
	}
	not resources.holds_effects({"effects": ["write"], "assumed": true}, assumed)

	every junk in [null, 0, "false", [], {}] {
		not resources.is_stated({"assumed": junk})
		not resources.holds_effects({"assumed": junk}, assumed)
		not resources.holds_effects({"assumed": junk}, {})
		not resources.holds_effects({}, {"effects": ["read"], "assumed": junk})
		not resources.holds_effects({"assumed": true}, {"effects": ["read"], "assumed": junk})
	}
	every junk in [null, 0, "x", [], true] {
		not resources.is_stated(junk)
	}
}

_touches(text, prefix, tool) if {
	resources.touches(text, prefix) with input as {"action": {"name": "t"}}
		with data.deployment.tools as {"t": tool}
}

test_a_call_touches_what_lies_below_what_it_names if {
	resources.touches("/work", "/work/hr/") with input as {}
	every tool in [{}, {"recursive": true}, {"recursive": null}, {"effects": ["delete"], "recursive": false}, null] {
		_touches("/work", "/work/hr/", tool)
		_touches("/work/hr/x", "/work/hr/", tool)
		not _touches("/home", "/work/hr/", tool)
	}
	every effects in [["read"], ["write", "export"], [], "delete"] {
		tool := {"effects": effects, "recursive": false}
		not _touches("/work", "/work/hr/", tool)
		_touches("/work/*", "/work/hr/", tool)
		_touches("/work/hr/x", "/work/hr/", tool)
	}
}

test_an_id_in_another_spelling_is_within_no_prefix_unless_it_is_steady if {
	bounds := [{"type": "file", "prefixes": ["/work/"]}]
	of := {"type": "file", "id": "/work/%2e%2e/a"}
	not resources.within(bounds) with input as {"resource": of}
	not resources.within(bounds) with input as {
		"resource": of,
		"action": {"properties": {"skeletons": {of.id: "/work/../a"}}},
	}
	resources.within(bounds) with input as {
		"resource": {"type": "file", "id": "/work/ä"},
		"action": {"properties": {"skeletons": {"/work/ä": "/work/ä"}}},
	}
}

test_a_wildcard_leads_out_of_what_follows_it if {
	every id, prefixes in {
		"/work/a*": ["/work/", "/work/a"],
		"/work/[a]/b": ["/work/"],
		"/work/{a}": [""],
	} {
		resources.within([{"type": "file", "prefixes": prefixes}]) with input as {"resource": {"type": "file", "id": id}}
	}
	ends := {"/work/*/a": "/work/*/", "/work/[a]/b": "/work/[a]/", "/w?rk/a": "/w?", "/work/{a}/b": "/work/{a}"}
	every id, prefix in ends {
		not resources.within([{"type": "file", "prefixes": [prefix]}]) with input as {"resource": {
			"type": "file",
			"id": id,
		}}
	}
}

_calling(tool, arguments) := {
	"input": {
		"action": {"name": "t", "properties": {"arguments": arguments}},
		"resource": {"type": "file", "id": "/work/a"},
	},
	"tools": {"t": object.union({"effects": ["read"]}, tool)},
}

_targets(tool, arguments) := found if {
	scene := _calling(tool, arguments)
	found := resources.targets with input as scene.input with data.deployment.tools as scene.tools
}

_path := {"kind": "path", "role": "target"}

test_a_target_that_does_not_name_the_resource_is_one_beside_it if {
	two := {"arguments": {"/from": _path, "/to": _path}}
	_targets(two, {"from": "/work/a", "to": "/b"}) == {}
	named := object.union(two, {"resource_argument": "/from"})
	_targets(named, {"from": "/work/a", "to": "/b"}) == {"/to": {"type": "file", "id": "/b"}}
	_targets(object.union(two, {"resource_argument": "none"}), {"from": "/work/a", "to": "/b"}) == {
		"/from": {"type": "file", "id": "/work/a"},
		"/to": {"type": "file", "id": "/b"},
	}
	every kind in ["path", "id", "text", "none"] {
		typed := {"arguments": {"/to/*": {"kind": kind, "role": "target", "resource": "board"}}}
		_targets(typed, {"to": ["/b", 7]}) == {
			"/to/0": {"type": "board", "id": "/b"},
			"/to/1": {"type": "board", "id": "7"},
		}
	}
	every spec in [{"role": "target"}, {"kind": "text", "role": "target"}] {
		_targets({"arguments": {"/to": spec}}, {"to": "x"}) == {"/to": {"type": "file", "id": "x"}}
	}
}

test_what_names_no_place_is_no_target_beside_it if {
	_targets({"arguments": {"/to/*": _path}, "resource_argument": "none"}, {"to": []}) == {}
	_targets({"arguments": {}}, {"to": "x"}) == {}
	resources.targets == {} with input as {} with data.deployment as {}

	every spec in [
		{"kind": "email", "role": "target"}, {"kind": "url", "role": "target"}, {"kind": "host", "role": "target"},
		{"kind": "iban", "role": "target"}, {"kind": "date", "role": "target"}, {"kind": "money", "role": "target"},
		{"kind": "phone", "role": "target"}, {"kind": "path"}, {"kind": "path", "role": "content"}, {"role": "code"},
	] {
		_targets({"arguments": {"/to": spec}, "resource_argument": "none"}, {"to": "x"}) == {}
	}
	every value in [null, true, false] {
		_targets({"arguments": {"/to": _path}, "resource_argument": "none"}, {"to": value}) == {}
	}
}

test_a_target_that_is_no_text_has_no_id if {
	every value in [1.5, {}, []] {
		_targets(
			{"arguments": {"/to": _path}, "resource_argument": "none"},
			{"to": value},
		) == {"/to": {"type": "file", "id": null}}
	}
}

test_a_target_of_a_question_without_a_type_has_none if {
	scene := _calling({"arguments": {"/to": {"role": "target"}}}, {"to": "x"})
	found := resources.targets with input as object.remove(scene.input, ["resource"])
		with data.deployment.tools as scene.tools
	found == {"/to": {"type": null, "id": "x"}}
}

_open_for(to, bounds) if {
	scene := _calling(
		{"resource_argument": "/from", "arguments": {"/from": _path, "/to": _path, "/at": {
			"role": "target",
			"resource": "board",
		}}},
		object.union({"from": "/work/a"}, to),
	)
	resources.open_to(bounds) with input as scene.input with data.deployment.tools as scene.tools
	resources.within(bounds) with input as scene.input with data.deployment.tools as scene.tools
}

_work := {"type": "file", "prefixes": ["/work/"]}

test_every_target_lies_in_the_bounds if {
	_open_for({"to": "/work/b"}, [_work])
	_open_for({"to": null}, [_work])
	_open_for({"to": "/home/b"}, [_work, {"type": "file", "prefixes": ["/home/"]}])
	_open_for({"to": "/home/b", "at": "x"}, [{"type": "file"}, {"type": "board", "prefixes": ["x"]}])
	not _open_for({"at": "y"}, [_work, {"type": "board", "prefixes": ["x"]}])

	every to in [
		{"to": "/home/b"}, {"to": "/work/../b"}, {"to": "/work"}, {"to": 7}, {"to": 1.5}, {"to": {}}, {"to": "é"},
		{"at": "x"},
		{"to": "/work/b", "at": "/work/b"},
	] {
		not _open_for(to, [_work])
	}
}

test_every_target_may_have_the_effects_of_the_tool if {
	_open_for({"to": "/home/b"}, [_work, {"type": "file", "prefixes": ["/home/"], "effects": ["read"]}])

	scene := _calling(
		{"resource_argument": "/from", "arguments": {"/from": _path, "/to": _path}, "effects": ["read", "write"]},
		{"from": "/work/a", "to": "/home/b"},
	)
	bounds := [_work, {"type": "file", "prefixes": ["/home/"], "effects": ["read"]}]
	resources.within(bounds) with input as scene.input with data.deployment.tools as scene.tools
	not resources.open_to(bounds) with input as scene.input with data.deployment.tools as scene.tools
}

_search(text, more) := {
	"input": {
		"action": {"name": "t", "properties": {"arguments": {"at": "docs/a", "x": text}}},
		"resource": {"type": "file", "id": "docs/a"},
	},
	"deployment": {"tools": {"t": {"effects": ["read"], "arguments": object.union(
		{"/at": {"kind": "path", "role": "target"}, "/x": {"role": "query"}},
		more,
	)}}},
}

test_a_text_that_leads_out_of_the_folder_is_a_target if {
	every text in ["../b", "/docs/a", "~/a", "c:/a", "50%", "x, /a"] {
		scene := _search(text, {})
		resources.targets == {"/x": {"type": "file", "id": text}} with input as scene.input
			with data.deployment as scene.deployment
	}
	every text in ["b", "*.md", "a/b", "harbour tour", 7, null] {
		scene := _search(text, {})
		resources.targets == {} with input as scene.input
			with data.deployment as scene.deployment
	}
	other := _search("../b", {"/to": {"kind": "path", "role": "target", "resource": "drive"}})
	resources.targets["/x"].type == null with input as other.input
		with data.deployment as other.deployment
	no_folder := _search("../b", {"/at": {"kind": "id", "role": "target"}})
	resources.targets == {} with input as no_folder.input
		with data.deployment as no_folder.deployment
}

test_the_folders_of_a_call_are_its_paths_and_its_resource if {
	scene := _search("b", {"/to": {"kind": "path", "role": "target", "resource": "drive"}})
	resources.folders == {"", "docs/a"} with input as scene.input
		with data.deployment as scene.deployment
	resources.folder_types == {"drive", "file"} with input as scene.input
		with data.deployment as scene.deployment
	none := _search("b", {"/at": {"kind": "id", "role": "target"}})
	resources.folders == {""} with input as none.input
		with data.deployment as none.deployment
	resources.folder_types == set() with input as none.input
		with data.deployment as none.deployment
}
