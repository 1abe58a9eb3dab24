package inbounds.rules.flow.instruction_from_memory_test

import data.inbounds.lib.fixtures_test as fixtures

_origins := "/question/action/properties/origins"

_from(pointer, source, grade) := fixtures.putting(
	concat("/", [_origins, replace(pointer, "/", "~1")]),
	{"source": source, "grade": grade},
)

_sent(patches) := array.concat(fixtures.calls["mail.send"], patches)

_written(patches) := array.concat(fixtures.calls["file.write"], patches)

_ruled_out(patches) if fixtures.ruled_out("flow", "instruction_from_memory", patches)

_stands(patches) if fixtures.stands("flow", "instruction_from_memory", patches)

_details(patches) := fixtures.details("flow", "instruction_from_memory", patches)

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_details(patches) == set()
	}
}

test_names_what_is_known_from_a_memory_alone if {
	every grade in ["listing", "third_party_meta", "quoted_text", "third_party_text", "none"] {
		patches := _sent(_from("/to/1", "memory", grade))
		_stands(patches)
		_details(patches) == {{"argument": "/to/1", "role": "recipient", "origin": grade}}
	}
}

test_what_the_user_or_a_trusted_tool_says_as_well_may_steer if {
	every grade in ["prompt", "first_party", "quoted"] {
		_ruled_out(_sent(_from("/to/0", "memory", grade)))
	}
}

test_what_can_be_undone_may_not_be_steered_by_one_either if {
	patches := _written(_from("/path", "memory", "listing"))

	_stands(patches)
	_details(patches) == {{"argument": "/path", "role": "target", "origin": "listing"}}
}

test_neither_trust_nor_bounds_help if {
	_stands(_sent(fixtures.joined([
		_from("/to/0", "memory", "third_party_text"),
		fixtures.putting("/task/claims/authorization_details/0/bounds", {"recipient": {"domains": ["acme.example"]}}),
	])))
}

test_what_came_from_elsewhere_is_for_others_to_judge if {
	every source in ["prompt", "tool", "session", "none"] {
		every grade in ["prompt", "third_party_text", "none"] {
			_ruled_out(_sent(_from("/to/0", source, grade)))
		}
	}
}

test_what_does_not_steer_may_come_from_a_memory if {
	_ruled_out(_sent(_from("/body", "memory", "third_party_text")))
	_ruled_out(_sent(_from("/elsewhere", "memory", "third_party_text")))
}

test_reading_may_be_steered_by_a_memory if {
	read := fixtures.joined([
		fixtures.calls["file.write"],
		_from("/path", "memory", "third_party_text"),
		fixtures.putting("/deployment/tools/file.write/effects", ["read"]),
	])

	_ruled_out(read)
	_details(read) == set()
	_stands(array.concat(read, fixtures.putting("/deployment/tools/file.write/effects", ["read", "write"])))
}

test_a_request_to_an_address_from_a_memory_stands_whatever_the_effects if {
	patches := array.concat(fixtures.calls["web.get"], _from("/url", "memory", "third_party_text"))

	every effects in [["read"], ["export"], ["read", "write"]] {
		_stands(array.concat(patches, fixtures.putting("/deployment/tools/web.get/effects", effects)))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		_stands(fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("flow", "instruction_from_memory", _sent(_from("/to/0", "memory", "prompt")), [
		"/question/action",
		"/question/action/name",
		"/question/action/properties",
		"/question/action/properties/arguments",
		concat("/", [_origins, "~1to~10/source"]),
		concat("/", [_origins, "~1to~10/grade"]),
		"/deployment/tools/mail.send/effects",
	])
	fixtures.stands_without("flow", "instruction_from_memory", [], ["/question/action/properties/arguments"])
}

test_what_nobody_says_anything_of_is_no_memory_s if {
	_ruled_out(_sent([{"op": "remove", "path": _origins}]))
	_ruled_out(_sent(fixtures.putting(_origins, {})))
}

test_stands_when_anything_it_reads_is_of_another_type if {
	remembered := _sent(_from("/to/0", "memory", "prompt"))

	fixtures.stands_retyped(
		"flow", "instruction_from_memory", remembered, [
			"/question/action/name",
			concat("/", [_origins, "~1to~10/source"]),
			concat("/", [_origins, "~1to~10/grade"]),
		],
		"string",
	)
	fixtures.stands_retyped(
		"flow", "instruction_from_memory", remembered, [
			"/question/action/properties/arguments",
			_origins,
			concat("/", [_origins, "~1to~10"]),
		],
		"object",
	)
	fixtures.stands_retyped("flow", "instruction_from_memory", [], ["/question/action/properties/arguments"], "object")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("flow", "instruction_from_memory", anything)
	}
}
