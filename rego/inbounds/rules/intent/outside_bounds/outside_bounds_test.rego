package inbounds.rules.intent.outside_bounds_test

import data.inbounds.lib.fixtures_test as fixtures

_bounds := "/task/claims/authorization_details/0/bounds"

_bounded(bounds) := fixtures.putting(_bounds, bounds)

_sent(patches) := array.concat(fixtures.calls["mail.send"], patches)

_fetched(patches) := array.concat(fixtures.calls["web.get"], patches)

_ruled_out(patches) if fixtures.ruled_out("intent", "outside_bounds", patches)

_stands(patches) if fixtures.stands("intent", "outside_bounds", patches)

_details(patches) := fixtures.details("intent", "outside_bounds", patches)

_to_1 := {{"argument": "/to/1", "role": "recipient"}}

# Mail with an amount of seven.
_paying := fixtures.joined([
	fixtures.putting("/deployment/tools/mail.send/arguments/~1amount", {"type": "number", "role": "amount"}),
	fixtures.putting("/question/action/properties/arguments/amount", 7),
])

test_ruled_out_where_the_task_declares_none if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_details(patches) == set()
	}
}

test_ruled_out_within_the_bounds if {
	every bound in [
		{"values": ["bob@acme.example", "carol@partner.example"]},
		{"domains": ["acme.example", "partner.example"]},
		{"values": ["carol@partner.example"], "domains": ["acme.example"]},
		{"origins": ["none"]},
	] {
		_ruled_out(_sent(_bounded({"recipient": bound})))
		_details(_sent(_bounded({"recipient": bound}))) == set()
	}
}

test_names_what_lies_outside if {
	every bound in [
		{"values": ["bob@acme.example"]},
		{"domains": ["acme.example"]},
		{"domains": ["acme.example"], "values": ["dave@partner.example"], "origins": ["prompt"]},
	] {
		_stands(_sent(_bounded({"recipient": bound})))
		_details(_sent(_bounded({"recipient": bound}))) == _to_1
	}
}

test_a_role_that_is_named_and_lets_nothing_through_lets_nothing_through if {
	every bound in [{}, {"values": [], "domains": [], "origins": [], "up_to": 0}] {
		_stands(_sent(_bounded({"recipient": bound})))
		_details(_sent(_bounded({"recipient": bound}))) == _to_1 | {{"argument": "/to/0", "role": "recipient"}}
	}
}

test_an_origin_can_be_a_bound if {
	quoted := fixtures.joined([
		_bounded({"recipient": {"origins": ["prompt", "quoted"]}}),
		fixtures.putting("/question/action/properties/origins", {
			"/to/0": {"source": "prompt", "grade": "prompt"},
			"/to/1": {"source": "tool", "grade": "quoted"},
		}),
	])
	_ruled_out(_sent(quoted))
	_details(_sent(array.concat(
		quoted,
		fixtures.putting("/question/action/properties/origins/~1to~11/grade", "third_party_text"),
	))) == _to_1
}

test_an_amount_may_be_up_to_what_the_task_says if {
	every limit in [7, 8, 100] {
		_ruled_out(_sent(array.concat(_paying, _bounded({"amount": {"up_to": limit}}))))
	}

	every limit in [0, 1, 6] {
		patches := _sent(array.concat(_paying, _bounded({"amount": {"up_to": limit}})))
		_stands(patches)
		_details(patches) == {{"argument": "/amount", "role": "amount"}}
	}
}

_refund := "/deployment/tools/mail.read"

# A refund that may leave the amount out, and then is of all that was paid.
_refunding(patches) := fixtures.joined([
	fixtures.putting(concat("/", [_refund, "effects"]), ["spend"]),
	fixtures.putting(concat("/", [_refund, "arguments/~1amount"]), {
		"type": "number",
		"role": "amount",
		"nullable": true,
	}),
	_bounded({"amount": {"up_to": 7}}),
	patches,
])

_amount(value) := fixtures.putting("/question/action/properties/arguments/amount", value)

test_a_payment_that_leaves_a_bounded_amount_out_is_outside if {
	_ruled_out(_refunding(_amount(7)))
	_stands(_refunding(_amount(8)))

	every patches in [[], _amount(null), _amount([]), _amount({})] {
		_stands(_refunding(patches))
		{"argument": "/amount", "role": "amount"} in _details(_refunding(patches))
	}
}

test_an_amount_that_is_left_out_is_free_where_none_is_bounded_or_spent_for_good if {
	every patches in [
		fixtures.putting(concat("/", [_refund, "reversible"]), "yes"),
		fixtures.putting(concat("/", [_refund, "effects"]), ["read"]),
		fixtures.putting(concat("/", [_refund, "arguments/~1amount/role"]), "content"),
		_bounded({"recipient": {"values": ["x"]}}),
		_bounded({}),
	] {
		_ruled_out(_refunding(patches))
	}
}

test_a_payment_of_which_nothing_is_paid_without_an_amount_may_leave_it_out if {
	every patches in [[], _amount(null)] {
		_ruled_out(_refunding(array.concat(patches, _absent_amount("none"))))
	}

	every absent in ["", "any", "None", null, true, 7, [], {}, ["none"]] {
		patches := _refunding(_absent_amount(absent))
		_stands(patches)
		{"argument": "/amount", "role": "amount"} in _details(patches)
	}
}

_absent_amount(absent) := fixtures.putting(concat("/", [_refund, "arguments/~1amount/absent"]), absent)

_to := "/deployment/tools/mail.send/arguments/~1cc"

# Mail that a tool sends to everybody where no copy is addressed.
_copied(absent, patches) := _sent(fixtures.joined([
	fixtures.putting(_to, {"role": "recipient", "nullable": true, "absent": absent}),
	_bounded({"recipient": {"domains": ["acme.example", "partner.example"], "origins": ["none", "prompt"]}}),
	patches,
]))

_copy(value) := fixtures.putting("/question/action/properties/arguments/cc", value)

test_a_bounded_argument_that_a_tool_chooses_where_it_is_left_out_is_outside if {
	_details(_copied("any", [])) == {{"argument": "/cc", "role": "recipient"}}
	_ruled_out(_copied("any", _copy("dave")))

	every patches in [[], _copy(null), _copy(""), _copy("  "), _copy([]), _copy({})] {
		_stands(_copied("any", patches))
		{"argument": "/cc", "role": "recipient"} in _details(_copied("any", patches))
	}

	every absent in ["", "none"] {
		_ruled_out(_copied(absent, []))
		_details(_copied(absent, [])) == set()
	}
}

test_an_argument_is_left_out_where_the_registry_says_nothing_readable_of_it if {
	every absent in ["Any", "all", null, true, 7, [], {}, ["none"]] {
		_stands(_copied(absent, []))
		_details(_copied(absent, [])) == {{"argument": "/cc", "role": "recipient"}}
	}

	every spec in [null, true, 7, "x", [], ["x"]] {
		_stands(_copied("any", fixtures.putting(_to, spec)))
		_details(_copied("any", fixtures.putting(_to, spec))) == {{"argument": "/cc", "role": "recipient"}}
	}

	every role in ["content", "none", "Recipient", null, 7, []] {
		_stands(_copied("any", fixtures.putting(concat("/", [_to, "role"]), role)))
	}

	every specs in [null, true, 7, "x", []] {
		_stands(_copied("any", fixtures.putting("/deployment/tools/mail.send/arguments", specs)))
	}
}

test_an_argument_that_is_left_out_is_free_of_the_bounds_of_other_roles_and_of_reads if {
	_ruled_out(_copied("any", _bounded({})))
	_ruled_out(_copied("any", _bounded({"target": {}})))
	_ruled_out(_copied("any", fixtures.putting(concat("/", [_to, "role"]), "target")))
	_ruled_out(_reading(["read"]))
	_stands(_reading(["read", "write"]))
}

_reading(effects) := fixtures.joined([
	fixtures.putting("/deployment/tools/mail.read/arguments/~1from", {"role": "target", "absent": "any"}),
	fixtures.putting("/deployment/tools/mail.read/effects", effects),
	_bounded({"target": {"origins": ["none"]}}),
])

test_a_role_the_task_does_not_bound_is_left_to_where_its_values_came_from if {
	_ruled_out(_sent(_bounded({"target": {}, "amount": {}, "code": {}})))
	_ruled_out(_sent(array.concat(_paying, _bounded({"amount": {"up_to": 7}}))))
}

test_reading_is_bounded_by_where_a_request_goes_alone if {
	_stands(_fetched(_bounded({"target": {"values": ["https://wiki.acme.example/y"]}})))
	_details(_fetched(_bounded({"target": {}}))) == {{"argument": "/url", "role": "target"}}
	_ruled_out(_fetched(_bounded({"target": {"values": ["https://wiki.acme.example/x"]}})))

	opened := fixtures.joined([
		fixtures.calls["file.write"],
		fixtures.putting("/deployment/tools/file.write/effects", ["read"]),
		_bounded({"target": {}}),
	])
	_ruled_out(opened)
	_details(opened) == set()
	_stands(array.concat(opened, fixtures.putting("/deployment/tools/file.write/effects", ["read", "write"])))
}

_windows := "/task/claims/authorization_details/0/windows"

_timed(windows) := fixtures.putting(_windows, windows)

_hour := {"start": 1800000000, "end": 1800003600}

_past := {"start": 1799990000, "end": 1800000000}

_ahead := {"start": 1800000001, "end": 1800003600}

test_ruled_out_within_a_window_of_the_task if {
	every windows in [[], [_hour], [{"start": 0, "end": 1800000001}], [_past, _hour, _ahead]] {
		every _, patches in fixtures.calls {
			_ruled_out(array.concat(patches, _timed(windows)))
			_details(array.concat(patches, _timed(windows))) == set()
		}
	}
}

test_names_the_windows_at_any_other_time if {
	every windows in [[_past], [_ahead], [_past, _ahead]] {
		every _, patches in fixtures.calls {
			_stands(array.concat(patches, _timed(windows)))
			_details(array.concat(patches, _timed(windows))) == {{"window": window} | some window in windows}
		}
	}
}

test_stands_where_a_window_cannot_be_read if {
	_stands([{"op": "remove", "path": _windows}])

	every windows in [null, true, 7, "x", {}, [null], [{}], [{"start": 0}], [{"end": 1800003600}]] {
		_stands(_timed(windows))
	}

	every value in [null, true, "1800000000", [], {}] {
		_stands(_timed([{"start": value, "end": value}]))
		_stands(_timed([object.union(_hour, {"start": value})]))
		_stands(_timed([object.union(_hour, {"end": value})]))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		_stands(fixtures.putting("/question/action/name", name))
	}
}

test_stands_without_a_verified_task if {
	_stands(_sent(fixtures.putting("/task/genuine", false)))
}

test_a_bound_of_another_shape_bounds_all_the_same if {
	_stands(_sent(array.concat(_paying, _bounded({"amount": {"up_to": "x"}}))))

	every bound in [null, true, false, 0, "", "x", [], ["x"], {"values": "bob@acme.example"}, {"up_to": "x"}] {
		_stands(_sent(_bounded({"recipient": bound})))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	bounded := _sent(_bounded({"recipient": {"values": ["bob@acme.example"], "domains": ["partner.example"]}}))

	_ruled_out(bounded)
	fixtures.stands_without("intent", "outside_bounds", bounded, [
		"/question/action",
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/action/properties/parsed",
		_bounds,
		concat("/", [_bounds, "recipient/values"]),
		concat("/", [_bounds, "recipient/domains"]),
		"/deployment/tools/mail.send/effects",
	])
	fixtures.stands_without("intent", "outside_bounds", [], ["/question/action/properties/arguments", _bounds])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	bounded := _sent(_bounded({"recipient": {"values": ["bob@acme.example"], "domains": ["partner.example"]}}))

	fixtures.stands_retyped("intent", "outside_bounds", bounded, ["/question/action/name"], "string")
	fixtures.stands_retyped(
		"intent", "outside_bounds", bounded, [
			"/question/action/properties/arguments",
			_bounds,
			concat("/", [_bounds, "recipient"]),
		],
		"object",
	)
	fixtures.stands_retyped(
		"intent", "outside_bounds", bounded, [
			concat("/", [_bounds, "recipient/values"]),
			concat("/", [_bounds, "recipient/domains"]),
		],
		"array",
	)
	fixtures.stands_retyped("intent", "outside_bounds", [], ["/question/action/properties/arguments", _bounds], "object")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("intent", "outside_bounds", anything)
	}
}
