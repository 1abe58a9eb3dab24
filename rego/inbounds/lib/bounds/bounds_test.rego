package inbounds.lib.bounds_test

import data.inbounds.lib.bounds

_scene := {
	"input": {"action": {"name": "t", "properties": {
		"arguments": {"to": "bob@acme.example", "amount": 98.7, "id": "7"},
		"parsed": {"/to": {"kind": "email", "local": "bob", "domain": "acme.example"}},
		"origins": {"/to": {"source": "tool", "grade": "listing"}},
	}}},
	"deployment": {"tools": {"t": {
		"effects": ["spend"],
		"arguments": {
			"/to": {"kind": "email", "role": "recipient"},
			"/amount": {"type": "number", "role": "amount"},
			"/id": {"role": "target"},
		},
	}}},
}

_bounded(declared) := pointers if {
	pointers := bounds.bounded with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {"bounds": declared}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": declared}}]
}

_within(pointer, declared) if {
	bounds.within(pointer) with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {"bounds": declared}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": declared}}]
}

_valued(pointer, value, declared) if {
	scene := json.patch(_scene.input, [{
		"op": "replace",
		"path": concat("", ["/action/properties/arguments", pointer]),
		"value": value,
	}])
	bounds.within(pointer) with input as scene
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {"bounds": declared}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": declared}}]
}

test_a_role_that_the_task_names_is_bounded_whatever_it_says if {
	_bounded({}) == set()
	_bounded({"code": {}}) == set()
	_bounded({"recipient": {}}) == {"/to"}
	_bounded({"recipient": {}, "amount": {"up_to": 1}, "target": {"values": ["7"]}}) == {"/to", "/amount", "/id"}

	every bound in [null, false, [], "x", 0] {
		_bounded({"recipient": bound}) == {"/to"}
	}
}

test_nothing_is_bounded_by_what_is_no_bounds if {
	bounds.bounded == set() with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {}

	every declared in [null, [], "recipient", 7, true] {
		_bounded(declared) == set()
	}
}

test_within_by_value_by_domain_and_by_origin if {
	every bound in [
		{"values": ["x", "bob@acme.example"]},
		{"domains": ["acme.example"]},
		{"origins": ["prompt", "listing"]},
		{"values": ["x"], "domains": ["x"], "origins": ["listing"]},
	] {
		_within("/to", {"recipient": bound})
	}
}

test_within_nothing_else if {
	every bound in [
		{},
		{"values": [], "domains": [], "origins": [], "up_to": 0},
		{"values": ["Bob@acme.example", "acme.example", "bob"]},
		{"domains": ["example", "mail.acme.example", "bob@acme.example", "ACME.example"]},
		{"origins": ["prompt", "none", "third_party_text"]},
		{"values": "bob@acme.example", "domains": "acme.example", "origins": "listing"},
		{"up_to": 100},
		{"value": ["bob@acme.example"]},
		null,
		[],
		["bob@acme.example"],
		"bob@acme.example",
		true,
	] {
		not _within("/to", {"recipient": bound})
	}
}

test_another_role_s_bound_is_not_its_own if {
	not _within("/to", {"target": {"values": ["bob@acme.example"]}})
	not _within("/to", {})
	not _within("/other", {"recipient": {"origins": ["none"]}})
}

test_a_domain_is_that_of_an_address_which_its_parts_make_up if {
	_valued("/to", "bob@acme.example", {"recipient": {"domains": ["acme.example"]}})

	every value in ["mallory@evil.example", "bob@acme.example,x@evil.example", "", 7, null, {}] {
		not _valued("/to", value, {"recipient": {"domains": ["acme.example"]}})
	}
}

test_an_amount_of_up_to_what_the_bound_says_passes_from_anywhere if {
	every value in [0, 0.01, 98.7, 100] {
		_valued("/amount", value, {"amount": {"up_to": 100}})
	}

	every value in [-0.01, 100.01, "98.7", "", null, true, [], {}] {
		not _valued("/amount", value, {"amount": {"up_to": 100}})
	}
}

test_a_bound_that_lets_no_amount_through_lets_none_of_zero_through if {
	not _valued("/amount", 0, {"amount": {"up_to": 0}})
	not _valued("/amount", 0, {"amount": {}})
	not _valued("/amount", -1, {"amount": {"up_to": -1}})
	_valued("/amount", 1, {"amount": {"up_to": 1}})
}

test_what_is_no_number_is_no_limit if {
	every limit in ["x", "100", [], {}, null, true] {
		not _within("/amount", {"amount": {"up_to": limit}})
	}
}

test_only_an_amount_has_a_limit if {
	not _valued("/id", 7, {"target": {"up_to": 100}})
	bounds.lets_through({"up_to": 100}, "amount", {"leaf": {"value": 7}, "grade": "none"})
	not bounds.lets_through({"up_to": 100}, "target", {"leaf": {"value": 7}, "grade": "none"})
}

test_where_nobody_says_where_it_came_from_it_came_from_nowhere if {
	_within("/id", {"target": {"origins": ["none"]}})
	not _within("/id", {"target": {"origins": ["listing"]}})
}

test_nothing_is_within_without_a_task_or_a_question if {
	not bounds.within("/to") with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {}
	not bounds.within("/to") with input as {}
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {"bounds": {"recipient": {"origins": ["none"]}}}
}

_declared(pointer, arguments) if {
	bounds.declared(pointer) with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.granted as {"tools": {"t": {"arguments": arguments}}}
}

test_an_argument_is_declared_where_the_task_names_its_values if {
	every constraint in [{"one_of": ["7"]}, {"one_of": ["7"], "path_prefixes": ["a"]}] {
		_declared("/id", {"/id": constraint})
		not _declared("/to", {"/id": constraint})
	}
}

_read(parsed) := json.patch(_scene.input, [{"op": "add", "path": "/action/properties/parsed/~1id", "value": parsed}])

test_a_host_is_declared_where_it_is_the_whole_value if {
	granted := {"tools": {"t": {"arguments": {"/id": {"hosts": ["7"]}}}}}

	bounds.declared("/id") with input as _read({"kind": "host", "host": "7"})
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.granted as granted
	every parsed in [{"kind": "url", "host": "7", "scheme": "https"}, {"kind": "host", "host": "8"}, {}, null] {
		not bounds.declared("/id") with input as _read(parsed)
			with data.deployment as _scene.deployment
			with data.inbounds.lib.task.granted as granted
	}
}

test_what_restricts_nothing_or_only_its_form_declares_nothing if {
	not bounds.declared("/id") with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {}

	every constraint in [
		{}, {"one_of": []}, {"path_prefixes": []}, {"path_prefixes": ["7"]}, {"hosts": {}}, {"hosts": ["7"]},
		{"pattern": "[0-9]+"}, {"max_length": 3}, {"maximum": 7}, {"one_of": "7"}, {"one_of": null}, null, "7", [],
	] {
		not _declared("/id", {"/id": constraint})
	}
}

_stated(pointer, declared) if _stated_of(pointer, declared, declared)

_stated_of(pointer, declared, intended) if {
	bounds.stated(pointer) with input as _scene.input
		with data.deployment as object.union(_scene.deployment, {"intents": {"i": {"bounds": intended}}})
		with data.inbounds.lib.task.granted as {"intent": "i", "bounds": declared}
}

test_a_task_alone_states_whole_values_and_no_ranges if {
	_stated_of("/to", {"recipient": {"values": ["bob@acme.example"]}}, {})
	not _stated_of("/to", {}, {"recipient": {"values": ["bob@acme.example"]}})

	every intended in [{}, null, {"recipient": {}, "amount": {}}, {"amount": {"up_to": 98}}, {"recipient": "x"}] {
		not _stated_of("/to", {"recipient": {"domains": ["acme.example"]}}, intended)
		not _stated_of("/amount", {"amount": {"up_to": 100}}, intended)
	}
}

# A hop may bound what those before them left open; each is asked about its own bounds alone.
test_where_one_hop_bounds_a_role_the_others_let_it_through if {
	every mine in [{"recipient": {"values": ["bob@acme.example"]}}, {"recipient": {"values": ["eve@evil.example"]}}] {
		passes := {true |
			bounds.within("/to") with input as _scene.input
				with data.deployment as _scene.deployment
				with data.inbounds.lib.task.authority as {"bounds": mine}
				with data.inbounds.lib.task.accounts as [
					{"id": "task-1", "authority": {"bounds": {"amount": {"up_to": 1}}}},
					{"id": "task-1/d1", "authority": {"bounds": mine}},
				]
		}
		count(passes) == count({value | some value in mine.recipient.values; value == "bob@acme.example"})
	}
}

test_a_bound_states_values_domains_and_amounts_and_no_places if {
	_stated("/to", {"recipient": {"values": ["bob@acme.example"]}})
	_stated("/to", {"recipient": {"domains": ["acme.example"]}})
	_stated("/amount", {"amount": {"up_to": 100}})
	not _stated("/to", {"recipient": {"origins": ["listing", ""]}, "target": {"values": ["bob@acme.example"]}})
	not _stated("/amount", {"amount": {"up_to": 98}})
	not _stated("/to", {})
	_within("/to", {"recipient": {"origins": ["listing"]}})
}

_unstated(declared, of_hop, patches) := roles if {
	left_out := {"op": "remove", "path": "/input/action/properties/arguments/amount"}
	scene := json.patch(_scene, array.concat([left_out], patches))
	roles := bounds.unstated with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.task.authority as {"bounds": declared}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": of_hop}}]
}

test_an_amount_is_unstated_where_the_task_or_a_hop_bounds_amounts if {
	_unstated({"amount": {"up_to": 1}}, {}, []) == {"/amount": "amount"}
	_unstated({}, {"amount": {}}, []) == {"/amount": "amount"}
	_unstated({"amount": null}, {}, []) == {"/amount": "amount"}
	_unstated({}, {}, []) == {}
	_unstated({"recipient": {}}, {"target": {}}, []) == {}
}

test_an_amount_of_another_place_states_one if {
	other := [
		{"op": "add", "path": "/deployment/tools/t/arguments/~1fee", "value": {"type": "number", "role": "amount"}},
		{"op": "add", "path": "/input/action/properties/arguments/fee", "value": 1},
	]
	_unstated({"amount": {"up_to": 1}}, {}, other) == {}
}

test_what_comes_back_leaves_no_amount_unstated if {
	_unstated({"amount": {}}, {}, [{"op": "add", "path": "/deployment/tools/t/reversible", "value": "yes"}]) == {}

	every value in ["no", "", "Yes", null, true, 7] {
		patch := {"op": "add", "path": "/deployment/tools/t/reversible", "value": value}
		_unstated({"amount": {}}, {}, [patch]) == {"/amount": "amount"}
	}
}

_absent(value) := {"op": "add", "path": "/deployment/tools/t/arguments/~1amount/absent", "value": value}

test_an_amount_without_which_nothing_is_paid_is_not_unstated if {
	_unstated({"amount": {}}, {}, [_absent("none")]) == {}

	every value in ["", "any", "x", null, 7, []] {
		_unstated({"amount": {}}, {}, [_absent(value)]) == {"/amount": "amount"}
	}
}

_copy(spec) := {"op": "add", "path": "/deployment/tools/t/arguments/~1cc", "value": spec}

_stating_an_amount := {"op": "add", "path": "/input/action/properties/arguments/amount", "value": 1}

test_any_value_is_unstated_where_the_task_or_a_hop_bounds_its_role if {
	chosen := [_stating_an_amount, _copy({"role": "recipient", "absent": "any"})]
	_unstated({"target": {}}, {"amount": {}}, chosen) == {}

	every bound in [{"origins": ["none"]}, {}, null, true] {
		_unstated({"recipient": bound}, {}, chosen) == {"/cc": "recipient"}
		_unstated({}, {"recipient": bound}, chosen) == {"/cc": "recipient"}
	}

	# What cannot be read bounds it.
	every declared in [null, true, 7, "x", []] {
		_unstated(declared, {}, chosen) == {"/cc": "recipient"}
		_unstated({}, declared, chosen) == {"/cc": "recipient"}
	}
}

test_any_value_is_unstated_where_no_hop_is_known if {
	chosen := json.patch(_scene, [_copy({"role": "recipient", "absent": "any"})])
	roles := bounds.unstated with input as chosen.input
		with data.deployment as chosen.deployment
		with data.inbounds.lib.task.authority as {"bounds": {}}
		with data.inbounds.lib.task.accounts as []
	roles == {"/cc": "recipient"}
}

_mentioned(grade, mentioned, declared, of_hop) := {way |
	scene := json.patch(_scene.input, [
		{"op": "replace", "path": "/action/properties/origins/~1to/grade", "value": grade},
		{"op": "add", "path": "/action/properties/mentioned", "value": mentioned},
	])
	some way in {"within", "vouched"}
	_passes(way) with input as scene
		with data.deployment as object.union(_scene.deployment, {"intents": {"i": {"bounds": declared}}})
		with data.inbounds.lib.task.granted as {"intent": "i", "bounds": declared}
		with data.inbounds.lib.task.authority as {"bounds": declared}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": of_hop}}]
}

_passes("within") if bounds.within("/to")

_passes("vouched") if bounds.vouched("/to")

_recipient(origins) := {"recipient": {"origins": origins}}

test_what_is_mentioned_is_let_through_where_what_is_named_is_and_vouches_for_nothing if {
	_mentioned("third_party_meta", ["/id", "/to"], _recipient(["quoted"]), {}) == {"within"}
	_mentioned("third_party_text", ["/to"], _recipient(["quoted_text"]), {}) == {"within"}
	_mentioned("third_party_meta", ["/to"], _recipient(["quoted"]), _recipient(["quoted"])) == {"within"}

	# Where the operator lets through whoever has written, nobody is asked, as before.
	_mentioned("third_party_meta", [], _recipient(["third_party_meta"]), {}) == {"within", "vouched"}
}

test_what_is_not_mentioned_or_found_elsewhere_is_not_let_through_by_that if {
	_mentioned("third_party_meta", ["/to"], _recipient(["quoted"]), _recipient(["prompt"])) == set()

	every mentioned in [[], ["/id"], ["/to/0"], ["/*"], [null], null, "/to", "", 7, true, [["/to"]]] {
		_mentioned("third_party_meta", mentioned, _recipient(["quoted"]), {}) == set()
	}

	every grade in ["none", "listing", "quoted_text", "third_party_text", "", null, 7, []] {
		_mentioned(grade, ["/to"], _recipient(["quoted"]), {}) == set()
	}

	every grade in ["none", "listing", "third_party_meta", "", null, {}] {
		_mentioned(grade, ["/to"], _recipient(["quoted_text"]), {}) == set()
	}

	every declared in [_recipient([]), _recipient(["prompt", "first_party"]), _recipient("quoted"), {"recipient": null}] {
		_mentioned("third_party_meta", ["/to"], declared, {}) == set()
	}
}

_doubted(trust, grade, doubtful) if {
	scene := json.patch(_scene.input, [
		{"op": "replace", "path": "/action/properties/origins/~1to/grade", "value": grade},
		{"op": "add", "path": "/action/properties/doubtful", "value": doubtful},
		{"op": "add", "path": "/context", "value": {"session": {"trust": trust}}},
	])
	not bounds.vouched("/to") with input as scene
		with data.deployment as _scene.deployment
		with data.inbounds.lib.task.granted as {"bounds": {"recipient": {"values": ["bob@acme.example"]}}}
		with data.inbounds.lib.task.authority as {"bounds": {}}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": {}}}]
}

# Whatever else states the value, such as a draft made from the same prompt.
test_what_is_doubtful_vouches_for_nothing_once_a_session_is_not_trusted if {
	every grade in ["prompt", "quoted", "first_party", "listing", "none"] {
		_doubted("untrusted", grade, ["/id", "/to"])
		not _doubted("trusted", grade, ["/id", "/to"])
		not _doubted("untrusted", grade, ["/id", "/to/0", "/*"])
		not _doubted("untrusted", grade, [])
	}

	every trust in ["", "Trusted", null, true, 1, ["trusted"]] {
		_doubted(trust, "prompt", ["/to"])
	}
}

test_what_is_doubtful_may_be_done_where_it_can_be_undone if {
	scene := json.patch(_scene, [
		{"op": "replace", "path": "/input/action/properties/origins/~1to/grade", "value": "prompt"},
		{"op": "add", "path": "/input/action/properties/doubtful", "value": ["/to"]},
		{"op": "add", "path": "/input/context", "value": {"session": {"trust": "untrusted"}}},
		{"op": "replace", "path": "/deployment/tools/t/effects", "value": ["write"]},
		{"op": "add", "path": "/deployment/tools/t/reversible", "value": "yes"},
		{"op": "replace", "path": "/deployment/tools/t/arguments/~1to", "value": {"kind": "id", "role": "target"}},
		{"op": "replace", "path": "/input/action/properties/arguments/to", "value": "m-8"},
		{"op": "replace", "path": "/input/action/properties/parsed", "value": {}},
	])
	bounds.vouched("/to") with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.task.authority as {"bounds": {}}
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": {}}}]
}

# A local write that can be undone takes weaker origins, and asks about a mention all the same.
test_a_mention_is_asked_about_of_a_local_write_too if {
	scene := json.patch(_scene, [
		{"op": "replace", "path": "/input/action/properties/origins/~1to/grade", "value": "third_party_meta"},
		{"op": "add", "path": "/input/action/properties/mentioned", "value": ["/to"]},
		{"op": "replace", "path": "/deployment/tools/t/effects", "value": ["write"]},
		{"op": "add", "path": "/deployment/tools/t/reversible", "value": "yes"},
		{"op": "replace", "path": "/deployment/tools/t/arguments/~1to", "value": {"kind": "id", "role": "target"}},
		{"op": "replace", "path": "/input/action/properties/arguments/to", "value": "m-8"},
		{"op": "replace", "path": "/input/action/properties/parsed", "value": {}},
	])
	vouched := {name |
		some name, declared in {
			"unbounded": {},
			"of others": {"amount": {"up_to": 1}},
			"fields": {"target": {"origins": ["third_party_meta"]}},
			"named": {"target": {"origins": ["quoted"]}},
		}
		bounds.vouched("/to") with input as scene.input
			with data.deployment as scene.deployment
			with data.inbounds.lib.task.authority as {"bounds": declared}
			with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"bounds": declared}}]
	}
	vouched == {"unbounded", "of others", "fields"}
}
