package inbounds.lib.steering_test

import data.inbounds.lib.steering

_scene := {
	"input": {"action": {"name": "t", "properties": {
		"arguments": {"a": "x"},
		"parsed": {},
		"origins": {"/a": {"source": "tool", "grade": "listing"}},
	}}},
	"deployment": {"tools": {"t": {
		"effects": ["write"],
		"reversible": "yes",
		"arguments": {"/a": {"role": "target"}},
	}}},
}

_tool(member, value) := json.patch(_scene, [{
	"op": "add",
	"path": concat("/", ["/deployment/tools/t", member]),
	"value": value,
}])

_said(member, value) := json.patch(_scene, [{
	"op": "add",
	"path": concat("/", ["/input/action/properties", member]),
	"value": value,
}])

_with(spec, value) := json.patch(_scene, [
	{"op": "add", "path": "/deployment/tools/t/arguments", "value": {"/a": spec}},
	{"op": "add", "path": "/input/action/properties/arguments", "value": {"a": value}},
])

_leaves(scene) := leaves if {
	leaves := steering.leaves with input as scene.input
		with data.deployment as scene.deployment
}

_accepted(scene) := accepted if {
	accepted := steering.accepted with input as scene.input
		with data.deployment as scene.deployment
}

_grade(question, pointer) := grade if {
	grade := steering.grade(pointer) with input as question
}

_source(question, pointer) := source if {
	source := steering.source(pointer) with input as question
}

_acts(scene) if {
	steering.acts with input as scene.input
		with data.deployment as scene.deployment
}

test_a_leaf_steers_by_its_role if {
	_leaves(_with({}, "x")) == {}

	every role in ["recipient", "target", "amount", "code", "credential"] {
		_leaves(_with({"role": role}, "x")) == {"/a": role}
	}

	every role in ["query", "content", "none"] {
		_leaves(_with({"role": role}, "x")) == {}
	}
}

test_where_something_goes_steers_whatever_the_registry_says_of_it if {
	_leaves(_with({"kind": "url", "role": "target"}, "x")) == {"/a": "target"}
	_leaves(_with({"kind": "email", "role": "query"}, "x")) == {}

	every spec in [
		{"kind": "url"},
		{"kind": "url", "role": "query"},
		{"kind": "host", "role": "content"},
		{"kind": "email"},
		{"kind": "iban", "role": "none"},
	] {
		_leaves(_with(spec, "x")) == {"/a": "recipient"}
	}
}

test_nothing_steers_where_nothing_is_said if {
	_leaves(_with({"role": "target"}, null)) == {}
	_leaves(json.patch(_with({}, []), [{
		"op": "replace",
		"path": "/deployment/tools/t/arguments",
		"value": {"/a/*": {"role": "target"}},
	}])) == {}

	every value in ["", 0, false, [], {}] {
		_leaves(_with({"role": "target"}, value)) == {"/a": "target"}
	}
}

test_every_leaf_below_steers if {
	scene := json.patch(_with({}, ["x", "y", null]), [{
		"op": "replace",
		"path": "/deployment/tools/t/arguments",
		"value": {"/a/*": {"role": "recipient"}},
	}])
	_leaves(scene) == {"/a/0": "recipient", "/a/1": "recipient"}
}

test_an_argument_that_the_registry_does_not_know_has_no_role if {
	_leaves(_tool("arguments", {})) == {}
}

test_what_steers_is_not_known_without_arguments if {
	not _leaves(json.patch(_scene, [{"op": "remove", "path": "/input/action/properties/arguments"}]))
	not steering.leaves with input as {}

	every arguments in [null, true, 7, "x", ["x"]] {
		not _leaves(_said("arguments", arguments))
	}
}

test_the_grade_is_what_the_sdk_says_of_the_leaf if {
	_grade(_scene.input, "/a") == "listing"
	_grade(_scene.input, "/b") == "none"

	every origins in [{}, null, [], "x", {"/a": {}}, {"/a": null}, {"/a": "listing"}, {"/a": ["listing"]}] {
		_grade(_said("origins", origins).input, "/a") == "none"
	}
}

test_there_is_no_grade_without_a_question if {
	not steering.grade("/a") with input as {}
}

test_the_source_is_what_the_sdk_says_of_the_leaf if {
	_source(_scene.input, "/a") == "tool"
	_source(_scene.input, "/b") == "none"
	_source(_said("origins", {}).input, "/a") == "none"
	_source(json.remove(_scene.input, ["/action/properties/origins"]), "/a") == "none"
}

test_an_origin_of_another_shape_has_no_source if {
	not steering.source("/a") with input as {}

	every origins in [null, [], "x", 7, true, {"/a": {}}, {"/a": null}, {"/a": "tool"}, {"/a": ["tool"]}] {
		not _source(_said("origins", origins).input, "/a")
	}
}

test_a_call_acts_when_it_does_more_than_read if {
	_acts(_tool("effects", ["write"]))
	_acts(_tool("effects", ["read", "export"]))
	_acts(_tool("effects", ["levitate"]))
	not _acts(_tool("effects", ["read"]))
	not _acts(_tool("effects", []))
	not steering.acts with input as _scene.input
		with data.deployment.tools as {}
}

_firm := {"prompt", "first_party", "quoted"}

_weaker := _firm | {"listing", "third_party_meta", "quoted_text"}

test_a_local_write_that_can_be_undone_takes_weaker_origins if {
	every effects in [["write"], ["read", "write"], ["read"]] {
		_accepted(_tool("effects", effects)) == _weaker
	}
}

test_everything_else_takes_firm_ones if {
	every scene in [
		_tool("effects", ["write", "export"]),
		_tool("effects", ["delete"]),
		_tool("effects", ["levitate"]),
		_tool("effects", []),
		_tool("effects", null),
		_tool("reversible", "no"),
		_tool("reversible", "unknown"),
		_tool("reversible", true),
		json.patch(_scene, [{"op": "remove", "path": "/deployment/tools/t/reversible"}]),
		json.patch(_scene, [{"op": "remove", "path": "/deployment/tools/t/effects"}]),
		json.patch(_scene, [{"op": "remove", "path": "/deployment/tools/t"}]),
	] {
		_accepted(scene) == _firm
	}
}

test_a_write_that_leads_outward_is_not_local if {
	_accepted(_with({"kind": "url", "role": "target"}, "x")) == _firm
	_accepted(_with({"role": "recipient"}, "x")) == _firm
	_accepted(_with({"role": "recipient"}, null)) == _weaker
	_accepted(_tool("destinations", ["press"])) == _firm
	_accepted(_tool("destinations", [])) == _weaker
}

test_no_one_takes_what_a_stranger_wrote_or_what_came_from_nowhere if {
	count(_weaker & {"third_party_text", "none"}) == 0
	steering.firm == _firm
}

test_an_empty_list_that_others_may_stand_in_steers_nothing if {
	spec := {"role": "target"}
	listed := json.patch(_scene, [
		{"op": "add", "path": "/deployment/tools/t/arguments", "value": {"/a": spec, "/a/*": spec}},
		{"op": "add", "path": "/input/action/properties/arguments", "value": {"a": []}},
	])

	_leaves(listed) == {}
	_leaves(_with(spec, [])) == {"/a": "target"}
}

_unstated(scene) := roles if {
	roles := steering.unstated with input as scene.input
		with data.deployment as scene.deployment
}

test_an_argument_is_unstated_that_is_left_out_where_the_tool_chooses if {
	chosen := {"role": "target", "absent": "any"}
	_unstated(_with(chosen, "x")) == {}
	_unstated(_with(chosen, false)) == {}
	_unstated(_with(chosen, 0)) == {}
	_unstated(_with({"role": "amount", "absent": "any"}, 0)) == {"/a": "amount"}

	every value in [null, "", " ", "\n", [], {}, [""], [null], {"b": ""}] {
		_unstated(_with(chosen, value)) == {"/a": "target"}
	}

	every value in [["x"], ["", "x"], {"b": "x"}] {
		_unstated(_with(chosen, value)) == {}
	}

	every absent in ["", "none"] {
		_unstated(_with({"role": "target", "absent": absent}, "")) == {}
	}
}

test_one_with_a_like_name_does_not_state_it if {
	scene := json.patch(_with({"role": "target", "absent": "any"}, ""), [
		{"op": "add", "path": "/input/action/properties/arguments/ab", "value": "x"},
		{"op": "add", "path": "/deployment/tools/t/arguments/~1ab", "value": {"role": "target"}},
	])
	_unstated(scene) == {"/a": "target"}
}

test_a_read_leaves_nothing_unstated_and_an_entry_that_cannot_be_read_all if {
	scene := _with({"role": "target", "absent": "any"}, "")
	_unstated(json.patch(scene, [{"op": "add", "path": "/deployment/tools/t/effects", "value": ["read"]}])) == {}
	_unstated(json.patch(scene, [{"op": "remove", "path": "/deployment/tools/t/arguments"}])) == {}

	every arguments in [null, true, 7, "x", []] {
		not _unstated(json.patch(scene, [{"op": "add", "path": "/deployment/tools/t/arguments", "value": arguments}]))
	}
}
