package inbounds.escalations.flow.untrusted_argument_test

import data.inbounds.lib.fixtures_test as fixtures

_origins := "/question/action/properties/origins"

_bounds := "/task/claims/authorization_details/0/bounds"

_trust := "/question/context/session/trust"

_untrusted := fixtures.putting(_trust, "untrusted")

_sent(patches) := fixtures.joined([fixtures.calls["mail.send"], _untrusted, patches])

_written(patches) := fixtures.joined([fixtures.calls["file.write"], _untrusted, patches])

_said(pointer, grade) := fixtures.putting(
	concat("/", [_origins, replace(pointer, "/", "~1")]),
	{"source": "tool", "grade": grade},
)

_traced := array.concat(_said("/to/0", "prompt"), _said("/to/1", "quoted"))

_bounded_by_origin := _sent(fixtures.putting(_bounds, {"recipient": {"origins": ["none"]}}))

_ruled_out(patches) if fixtures.ruled_out("flow", "untrusted_argument", patches)

_stands(patches) if fixtures.stands("flow", "untrusted_argument", patches)

_details(patches) := fixtures.details("flow", "untrusted_argument", patches)

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
	}
}

test_ruled_out_where_every_argument_that_steers_is_traced_to_something_trusted if {
	_ruled_out(_sent(_traced))
	_details(_sent(_traced)) == set()

	every grade in ["prompt", "first_party", "quoted"] {
		_ruled_out(_sent(array.concat(_traced, _said("/to/1", grade))))
	}
}

test_names_what_was_not_and_where_it_came_from if {
	every grade in ["listing", "third_party_meta", "quoted_text", "third_party_text", "none", "Prompt", ""] {
		patches := _sent(array.concat(_traced, _said("/to/1", grade)))
		_stands(patches)
		_details(patches) == {{"argument": "/to/1", "role": "recipient", "origin": grade}}
	}
}

test_what_nobody_says_anything_of_came_from_nowhere if {
	_stands(_sent([]))
	_details(_sent([])) == {
		{"argument": "/to/0", "role": "recipient", "origin": "none"},
		{"argument": "/to/1", "role": "recipient", "origin": "none"},
	}
}

test_in_a_session_that_saw_nothing_untrusted_nobody_is_asked if {
	_ruled_out(_sent(fixtures.putting(_trust, "trusted")))

	every trust in ["Trusted", "", null, true, ["trusted"]] {
		_stands(_sent(fixtures.putting(_trust, trust)))
	}
}

# What others wrote is known for it, whatever the session says that it has seen.
test_what_others_wrote_is_asked_about_in_a_trusted_session_too if {
	every grade in ["listing", "third_party_meta", "quoted_text", "third_party_text", "Prompt", ""] {
		patches := _trusted(_said("/to/1", grade))
		_stands(patches)
		_details(patches) == {{"argument": "/to/1", "role": "recipient", "origin": grade}}
	}
}

test_a_local_write_in_a_trusted_session_takes_no_strangers_text if {
	patches := fixtures.joined([fixtures.calls["file.write"], _said("/path", "third_party_text")])
	_stands(patches)
	_details(patches) == {{"argument": "/path", "role": "target", "origin": "third_party_text"}}

	every grade in ["listing", "third_party_meta", "quoted_text"] {
		_ruled_out(fixtures.joined([fixtures.calls["file.write"], _said("/path", grade)]))
	}
}

test_only_what_was_found_nowhere_is_the_agents_own if {
	_ruled_out(_trusted(fixtures.putting(concat("/", [_origins, "~1to~11"]), {"source": "none", "grade": "none"})))

	every origin in [
		{"source": "memory", "grade": "none"}, {"source": "tool", "grade": "none"}, {"grade": "none"},
		{"source": "none", "grade": "third_party_text"}, {}, null, "none", ["none"],
	] {
		patches := _trusted(fixtures.putting(concat("/", [_origins, "~1to~11"]), origin))
		_stands(patches) == origin != {"source": "none"}
	}

	every origins in [null, [], "none", 7, true] {
		_stands(_trusted(fixtures.putting(_origins, origins)))
	}
}

_trusted(patches) := fixtures.joined([fixtures.calls["mail.send"], patches])

test_reading_is_free if {
	_ruled_out(array.concat(fixtures.calls["mail.read"], _untrusted))
	_ruled_out(fixtures.joined([
		fixtures.calls["file.write"], _untrusted,
		fixtures.putting("/deployment/tools/file.write/effects", ["read"]),
	]))
}

test_a_request_is_not_free_whatever_the_effects if {
	every effects in [["read"], ["export"], ["read", "export"], ["write"]] {
		patches := fixtures.joined([
			fixtures.calls["web.get"], _untrusted,
			fixtures.putting("/deployment/tools/web.get/effects", effects),
		])
		_stands(patches)
		_details(patches) == {{"argument": "/url", "role": "target", "origin": "none"}}
		_ruled_out(array.concat(patches, _said("/url", "prompt")))
	}
}

test_what_does_not_steer_may_come_from_anywhere if {
	_ruled_out(_sent(array.concat(_traced, _said("/body", "third_party_text"))))
}

test_a_local_write_that_can_be_undone_takes_weaker_origins if {
	_stands(_written(array.concat(
		_said("/path", "listing"),
		fixtures.putting("/deployment/tools/file.write/reversible", "unknown"),
	)))

	every grade in ["prompt", "first_party", "quoted", "listing", "third_party_meta", "quoted_text"] {
		_ruled_out(_written(_said("/path", grade)))
	}

	every grade in ["third_party_text", "none"] {
		_stands(_written(_said("/path", grade)))
		_details(_written(_said("/path", grade))) == {{"argument": "/path", "role": "target", "origin": grade}}
	}
}

# The operator's intent says so, and so the task does.
_intended(bounds) := fixtures.joined([
	fixtures.putting(_bounds, bounds),
	fixtures.putting("/deployment/intents/correspond/bounds", bounds),
])

test_what_lies_within_the_bounds_of_the_task_may_come_from_anywhere if {
	patches := _sent(_intended({"recipient": {"domains": ["acme.example"]}}))
	_stands(patches)
	_details(patches) == {{"argument": "/to/1", "role": "recipient", "origin": "none"}}
	_stands(_sent(fixtures.putting(_bounds, {"target": {"origins": ["none"]}})))
	_stands(_sent(array.concat(
		fixtures.putting(_bounds, {"recipient": {"origins": ["none"]}}),
		fixtures.putting("/task/genuine", false),
	)))
	_ruled_out(_sent(fixtures.putting(_bounds, {"recipient": {"values": ["bob@acme.example", "carol@partner.example"]}})))

	every bound in [
		{"values": ["bob@acme.example", "carol@partner.example"]},
		{"domains": ["acme.example", "partner.example"]},
	] {
		_ruled_out(_sent(_intended({"recipient": bound})))
	}
}

test_a_range_that_the_task_alone_was_restricted_to_vouches_for_nothing if {
	domains := {"recipient": {"domains": ["acme.example", "partner.example"]}}
	_stands(_sent(fixtures.putting(_bounds, domains)))

	every intended in [
		{"recipient": {"domains": ["acme.example"]}}, {"target": domains.recipient}, {"recipient": {}}, {},
		{"recipient": {"values": domains.recipient.domains}}, null, true, [], "x", {"recipient": null},
	] {
		_stands(_sent(array.concat(
			fixtures.putting(_bounds, domains),
			fixtures.putting("/deployment/intents/correspond/bounds", intended),
		)))
	}
	every lost in ["/deployment/intents/correspond", "/deployment/intents"] {
		_stands(_sent(array.concat(_intended(domains), [{"op": "remove", "path": lost}])))
	}

	# A field is one that the intent lets through, and the task as well.
	every grade in ["listing", "third_party_meta"] {
		_stands(_sent(fixtures.joined([
			_said("/to/0", grade), _said("/to/1", grade),
			fixtures.putting(_bounds, {"recipient": {"origins": [grade]}}),
		])))
	}
}

# A bound by origin keeps such a call from being denied; who wrote the text is asked about.
test_a_bound_by_origin_vouches_for_fields_and_for_no_text if {
	every grade in ["listing", "third_party_meta"] {
		_ruled_out(_bounded_by(grade))
	}
	every grade in ["quoted_text", "third_party_text", "none"] {
		_stands(_bounded_by(grade))
		_details(_bounded_by(grade)) == {
			{"argument": "/to/0", "role": "recipient", "origin": grade},
			{"argument": "/to/1", "role": "recipient", "origin": grade},
		}
	}
}

_bounded_by(grade) := _sent(fixtures.joined([
	_said("/to/0", grade), _said("/to/1", grade),
	_intended({"recipient": {"origins": [grade]}}),
]))

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		_stands(fixtures.putting("/question/action/name", name))
		_stands(array.concat(fixtures.putting("/question/action/name", name), _untrusted))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("flow", "untrusted_argument", _sent(_traced), [
		"/question/action",
		"/question/action/name",
		"/question/action/properties",
		"/question/action/properties/arguments",
		_origins,
		concat("/", [_origins, "~1to~10"]),
		concat("/", [_origins, "~1to~10/grade"]),
		"/deployment/tools/mail.send/effects",
	])
	fixtures.stands_without("flow", "untrusted_argument", _bounded_by_origin, [
		_bounds,
		concat("/", [_bounds, "recipient"]),
		concat("/", [_bounds, "recipient/origins"]),
	])
	fixtures.stands_without("flow", "untrusted_argument", [], ["/question/action/properties/arguments"])
	fixtures.stands_without("flow", "untrusted_argument", fixtures.calls["mail.send"], [
		_trust,
		"/question/context/session",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"flow", "untrusted_argument", _sent(_traced), [
			"/question/action/name",
			concat("/", [_origins, "~1to~10/grade"]),
		],
		"string",
	)
	fixtures.stands_retyped(
		"flow", "untrusted_argument", _sent(_traced), [
			"/question/action/properties/arguments",
			_origins,
			concat("/", [_origins, "~1to~10"]),
		],
		"object",
	)
	fixtures.stands_retyped("flow", "untrusted_argument", fixtures.calls["mail.send"], [_trust], "string")
	fixtures.stands_retyped(
		"flow", "untrusted_argument", _bounded_by_origin,
		[concat("/", [_bounds, "recipient/origins"])], "array",
	)
	fixtures.stands_retyped(
		"flow", "untrusted_argument", _bounded_by_origin,
		[_bounds, concat("/", [_bounds, "recipient"])], "object",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("flow", "untrusted_argument", anything)
	}
}

test_ruled_out_where_the_task_declares_what_the_argument_may_be if {
	declared := fixtures.putting(
		"/task/claims/authorization_details/0/tools/mail.send/arguments",
		{"/to/*": {"one_of": ["bob@acme.example", "carol@partner.example"]}},
	)
	_ruled_out(_sent(declared))
	_details(_sent(declared)) == set()
}

_cc := "/deployment/tools/mail.send/arguments/~1cc"

# Mail that a tool sends to everybody where no copy is addressed.
_copied(absent, patches) := fixtures.joined([
	fixtures.calls["mail.send"], _traced,
	fixtures.putting(_cc, {"role": "recipient", "nullable": true, "absent": absent}),
	patches,
])

_copy(value) := fixtures.putting("/question/action/properties/arguments/cc", value)

test_what_the_tool_chooses_where_an_argument_is_left_out_is_asked_about if {
	_details(_copied("any", [])) == {{"argument": "/cc", "role": "recipient", "origin": "none"}}

	# A bound lets a value through, and there is none.
	_stands(_copied("any", _intended({"recipient": {"origins": ["none"]}})))

	every patches in [[], _copy(null), _copy(""), _copy("\t "), _copy([]), _copy({}), _copy([""])] {
		_stands(_copied("any", patches))
		{"argument": "/cc", "role": "recipient", "origin": "none"} in _details(_copied("any", patches))
	}

	every patches in [_copy("dave"), array.concat(_copy("dave"), _said("/cc", "prompt")), _copy(["dave"])] {
		_ruled_out(_copied("any", patches))
	}

	every absent in ["", "none"] {
		_ruled_out(_copied(absent, []))
		_details(_copied(absent, [])) == set()
	}
}

test_what_stands_in_a_list_states_it if {
	listed := {"role": "recipient", "absent": "any"}

	every pattern in ["/cc", "/cc/*"] {
		at := fixtures.putting(
			concat("/", ["/deployment/tools/mail.send/arguments", replace(pattern, "/", "~1")]),
			listed,
		)
		sent := array.concat(_sent(_traced), at)
		_ruled_out(fixtures.joined([sent, _copy(["dave"]), _said("/cc/0", "prompt")]))

		every patches in [[], _copy([]), _copy([""]), _copy(null)] {
			{"argument": pattern, "role": "recipient", "origin": "none"} in _details(array.concat(sent, patches))
		}
	}

	# Of which element it is missing nobody sees.
	nested := array.concat(_sent(_traced), fixtures.putting(
		"/deployment/tools/mail.send/arguments/~1cc~1*~1to",
		listed,
	))
	_stands(nested)
	_stands(fixtures.joined([nested, _copy([{"to": "dave"}]), _said("/cc/0/to", "prompt")]))
}

test_no_amount_and_an_amount_of_zero_are_the_same if {
	priced := array.concat(_sent(_traced), fixtures.putting(
		"/deployment/tools/mail.send/arguments/~1amount",
		{"type": "number", "role": "amount", "absent": "any"},
	))
	amount := "/question/action/properties/arguments/amount"
	asked := {{"argument": "/amount", "role": "amount", "origin": "none"}}

	_details(priced) == asked
	count(asked - _details(array.concat(priced, fixtures.putting(amount, 0)))) == 0
	_ruled_out(fixtures.joined([priced, fixtures.putting(amount, 7), _said("/amount", "prompt")]))

	# Of another role, zero is a value.
	numbered := array.concat(priced, fixtures.putting(
		"/deployment/tools/mail.send/arguments/~1amount/role",
		"target",
	))
	_ruled_out(fixtures.joined([numbered, fixtures.putting(amount, 0), _said("/amount", "prompt")]))
}

test_what_is_left_out_is_asked_about_where_the_registry_says_nothing_readable_of_it if {
	every absent in ["Any", "all", null, true, 7, [], {}, ["none"]] {
		_stands(_copied(absent, []))
	}

	every spec in [null, true, 7, "x", [], ["x"]] {
		_stands(_copied("any", fixtures.putting(_cc, spec)))
	}

	every role in ["content", "none", "Recipient", null, 7, []] {
		patches := _copied("any", fixtures.putting(concat("/", [_cc, "role"]), role))
		_stands(patches)
		_details(patches) == {{"argument": "/cc", "role": "recipient", "origin": "none"}}
	}

	every specs in [null, true, 7, "x", []] {
		_stands(_copied("any", fixtures.putting("/deployment/tools/mail.send/arguments", specs)))
	}
}

test_what_a_read_leaves_out_is_free if {
	from := fixtures.putting("/deployment/tools/mail.read/arguments/~1from", {"role": "target", "absent": "any"})
	_ruled_out(from)
	_ruled_out(array.concat(from, _untrusted))
	_stands(array.concat(from, fixtures.putting("/deployment/tools/mail.read/effects", ["read", "export"])))
}
