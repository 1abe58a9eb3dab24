package inbounds.escalations.intent.delegated_instruction_test

import data.inbounds.lib.fixtures_test as fixtures

_delegated := "/task/claims/authorization_details/0/delegated"

_origins := "/question/action/properties/origins"

_sent(patches) := array.concat(fixtures.calls["mail.send"], patches)

_written(patches) := array.concat(fixtures.calls["file.write"], patches)

_leaves(bounds) := fixtures.putting(_delegated, bounds)

_said(pointer, grade) := fixtures.putting(
	concat("/", [_origins, replace(pointer, "/", "~1")]),
	{"source": "tool", "grade": grade},
)

_ruled_out(patches) if fixtures.ruled_out("intent", "delegated_instruction", patches)

_stands(patches) if fixtures.stands("intent", "delegated_instruction", patches)

_details(patches) := fixtures.details("intent", "delegated_instruction", patches)

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_details(patches) == set()
	}
}

test_names_what_the_task_leaves_to_somebody_else if {
	every bound in [
		{"type": "mailbox", "effects": ["export"]},
		{"type": "mailbox", "effects": ["read", "write", "export"], "prefixes": ["bob"]},
		{"type": "mailbox"},
		{"type": "mailbox", "effects": []},
	] {
		patches := _sent(_leaves([{"type": "file"}, bound]))
		_stands(patches)
		_details(patches) == {{"delegated": "mailbox", "effect": "export"}}
	}
}

test_every_effect_that_is_left_to_somebody_else_is_named if {
	patches := _sent(array.concat(
		_leaves([{"type": "mailbox", "effects": ["delete", "export"]}, {"type": "mailbox", "effects": ["write"]}]),
		fixtures.putting("/deployment/tools/mail.send/effects", ["read", "write", "export", "spend"]),
	))
	_stands(patches)
	_details(patches) == {
		{"delegated": "mailbox", "effect": "export"},
		{"delegated": "mailbox", "effect": "write"},
	}
}

test_another_type_and_other_effects_are_the_user_s_own if {
	every bounds in [
		[],
		[{"type": "file"}],
		[{"type": "file", "effects": ["export"]}, {"type": "mail", "effects": []}],
		[{"type": "mailbox", "effects": ["read"]}],
		[{"type": "mailbox", "effects": ["read", "write"]}],
	] {
		_ruled_out(_sent(_leaves(bounds)))
		_details(_sent(_leaves(bounds))) == set()
	}
}

test_reading_is_not_done_for_anybody if {
	patches := fixtures.joined([
		fixtures.calls["file.write"], _said("/path", "quoted_text"),
		fixtures.putting("/deployment/tools/file.write/effects", ["read"]),
	])
	_ruled_out(patches)
	_details(patches) == set()

	# A request to an address is more than reading.
	_stands(array.concat(fixtures.calls["web.get"], _said("/url", "quoted_text")))

	# What reads as well as sends is asked about for what it sends.
	_stands(_sent(array.concat(
		_leaves([{"type": "mailbox", "effects": ["export"]}]),
		fixtures.putting("/deployment/tools/mail.send/effects", ["read", "export"]),
	)))

	every bounds in [[{"type": "mail"}], [{"type": "mail", "effects": ["read"]}]] {
		_ruled_out(_leaves(bounds))
		_details(_leaves(bounds)) == set()
	}
}

test_names_what_the_text_of_a_record_steers if {
	patches := _sent(_said("/to/1", "quoted_text"))

	_stands(patches)
	_details(patches) == {{"argument": "/to/1", "origin": "quoted_text"}}
}

test_the_text_of_a_record_steers_a_local_write_that_can_be_undone_unasked if {
	steered := _written(_said("/path", "quoted_text"))
	_ruled_out(steered)
	_details(steered) == set()

	_stands(array.concat(steered, fixtures.putting("/deployment/tools/file.write/reversible", "unknown")))
	_stands(array.concat(steered, fixtures.putting("/deployment/tools/file.write/effects", ["write", "execute"])))
	_stands(array.concat(steered, _leaves([{"type": "file", "effects": ["write"]}])))
}

test_other_origins_and_what_does_not_steer_are_for_others_to_judge if {
	_ruled_out(_sent(_said("/body", "quoted_text")))

	every grade in ["prompt", "first_party", "quoted", "listing", "third_party_meta", "third_party_text", "none"] {
		_ruled_out(_sent(_said("/to/0", grade)))
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

test_bounds_of_another_shape_are_not_taken_for_none if {
	every bound in [
		null, true, "file", [], {}, {"type": null}, {"type": 7}, {"effects": ["read"]},
		{"type": "mailbox", "effects": null},
		{"type": "mailbox", "effects": "read"},
		{"type": "mailbox", "effects": {}},
		{"type": "mailbox", "effects": {"x": "read"}},
	] {
		_stands(_sent(_leaves([bound])))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("intent", "delegated_instruction", _sent([]), [
		"/question/action",
		"/question/action/name",
		"/question/action/properties",
		"/question/action/properties/arguments",
		"/deployment/tools/mail.send/effects",
		"/deployment/tools/mail.send/resource",
		_delegated,
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"intent", "delegated_instruction", _sent([]), [
			"/question/action/name",
			"/deployment/tools/mail.send/resource",
		],
		"string",
	)
	fixtures.stands_retyped("intent", "delegated_instruction", _sent([]), [_delegated], "array")
	fixtures.stands_retyped(
		"intent", "delegated_instruction", _sent([]), ["/question/action/properties/arguments"],
		"object",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("intent", "delegated_instruction", anything)
	}
}
