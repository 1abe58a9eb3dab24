package inbounds.rules.peer.adds_authority_test

import data.inbounds.lib.fixtures_test as fixtures

_to_the_partner := [
	{"op": "replace", "path": "/deployment/tools/mail.read/resource", "value": "peer"},
	{"op": "replace", "path": "/question/resource/type", "value": "peer"},
	{"op": "replace", "path": "/question/resource/id", "value": "partner"},
]

# An address that a tool's answer gave.
_found_in(tool, grade) := array.concat(fixtures.calls["mail.send"], [
	{"op": "add", "path": "/deployment/tools/partner.ask", "value": {"effects": ["delegate"], "resource": "peer"}},
	{"op": "add", "path": "/question/action/properties/origins", "value": {
		"/to/0": {"source": "prompt", "grade": "prompt"},
		"/to/1": {"source": "tool", "grade": grade, "tool": tool, "call": 3},
	}},
])

_trusting := ["prompt", "first_party", "quoted", "listing", "quoted_text"]

test_ruled_out_where_no_peer_is_spoken_to if {
	every patches in fixtures.calls {
		fixtures.ruled_out("peer", "adds_authority", patches)
		fixtures.details("peer", "adds_authority", patches) == set()
	}
}

test_ruled_out_for_a_peer_whose_words_are_registered_as_a_strangers if {
	every returns in [
		{},
		{"party": "third"},
		{"fields": {}},
		{"fields": {"/text": {}, "/sum": {"holds": "value", "party": "third"}, "/note": {"holds": "text"}}},
	] {
		patches := array.concat(_to_the_partner, fixtures.putting("/deployment/tools/mail.read/returns", returns))
		fixtures.ruled_out("peer", "adds_authority", patches)
		fixtures.details("peer", "adds_authority", patches) == set()
	}
}

test_what_nobody_has_registered_of_its_answer_is_a_strangers if {
	fixtures.ruled_out("peer", "adds_authority", array.concat(
		_to_the_partner,
		[{"op": "remove", "path": "/deployment/tools/mail.read/returns"}],
	))
}

test_stands_where_the_registry_takes_a_peer_for_one_of_the_house if {
	every party in ["first", "", null, 0, ["third"]] {
		patches := array.concat(_to_the_partner, fixtures.putting("/deployment/tools/mail.read/returns/party", party))
		fixtures.stands("peer", "adds_authority", patches)
		fixtures.details("peer", "adds_authority", patches) == {{"tool": "mail.read", "returns": "party"}}
	}
}

test_stands_where_the_registry_trusts_a_field_of_a_peers if {
	every field in [
		{"party": "first"}, {"holds": "id"}, {"holds": "new_id"}, {"holds": "title"},
		{"holds": "text", "party": "first"}, {"holds": null}, {"party": null}, null, "text", [],
	] {
		patches := array.concat(_to_the_partner, fixtures.putting(
			"/deployment/tools/mail.read/returns/fields",
			{"/a": {"holds": "text"}, "/b": field},
		))
		fixtures.stands("peer", "adds_authority", patches)
		fixtures.details("peer", "adds_authority", patches) == {{"tool": "mail.read", "returns": "/b"}}
	}
}

test_stands_for_an_answer_that_counts_as_what_the_user_has_named if {
	path := "/deployment/tools/mail.read/returns/titled_by"

	fixtures.ruled_out("peer", "adds_authority", array.concat(_to_the_partner, fixtures.putting(path, "")))
	every pointer in ["/id", "id", null, 0, [""]] {
		patches := array.concat(_to_the_partner, fixtures.putting(path, pointer))
		fixtures.stands("peer", "adds_authority", patches)
		fixtures.details("peer", "adds_authority", patches) == {{"tool": "mail.read", "returns": "titled_by"}}
		fixtures.ruled_out("peer", "adds_authority", fixtures.putting(path, pointer))
	}
}

test_stands_for_what_steers_and_is_trusted_for_a_peers_word if {
	every grade in _trusting {
		fixtures.stands("peer", "adds_authority", _found_in("partner.ask", grade))
		fixtures.details("peer", "adds_authority", _found_in("partner.ask", grade)) == {{"argument": "/to/1"}}
	}
}

test_ruled_out_for_what_a_peer_said_and_nobody_trusts if {
	every grade in ["third_party_meta", "third_party_text", "none"] {
		fixtures.ruled_out("peer", "adds_authority", _found_in("partner.ask", grade))
		fixtures.details("peer", "adds_authority", _found_in("partner.ask", grade)) == set()
	}
}

test_ruled_out_for_what_another_tool_said if {
	every grade in _trusting {
		fixtures.ruled_out("peer", "adds_authority", _found_in("forgotten", grade))
		fixtures.ruled_out("peer", "adds_authority", _found_in("mail.read", grade))
		fixtures.ruled_out("peer", "adds_authority", _found_in("", grade))
	}
}

test_stands_for_what_a_tool_said_whose_name_is_none if {
	every tool in [null, 0, ["mail.read"], {}] {
		fixtures.stands("peer", "adds_authority", _found_in(tool, "first_party"))
	}
}

test_what_does_not_steer_may_come_from_a_peer if {
	every pointer in ["/body", "/copies"] {
		fixtures.ruled_out("peer", "adds_authority", array.concat(_found_in("mail.read", "first_party"), fixtures.putting(
			concat("", ["/question/action/properties/origins/", replace(pointer, "/", "~1")]),
			{"source": "tool", "grade": "first_party", "tool": "partner.ask", "call": 3},
		)))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/deployment/tools",
		"/deployment/tools/mail.read",
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("peer", "adds_authority", array.concat(_to_the_partner, damage))
			fixtures.stands("peer", "adds_authority", damage)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("peer", "adds_authority", anything)
	}
}

test_a_tool_of_the_house_may_be_trusted if {
	returns := {"party": "first", "titled_by": "/id", "fields": {"/id": {"party": "first", "holds": "id"}}}
	patches := fixtures.putting("/deployment/tools/mail.read/returns", returns)

	fixtures.ruled_out("peer", "adds_authority", patches)
	fixtures.details("peer", "adds_authority", patches) == set()
}

test_stands_for_an_answer_that_is_registered_in_another_shape if {
	every returns in [null, "third", 0, [], [["fields"]]] {
		patches := array.concat(_to_the_partner, fixtures.putting("/deployment/tools/mail.read/returns", returns))
		fixtures.stands("peer", "adds_authority", patches)
		fixtures.details("peer", "adds_authority", patches) == {{"tool": "mail.read", "returns": "party"}}
	}
	every fields in [null, "text", 0, [], [{"holds": "text"}]] {
		fixtures.stands("peer", "adds_authority", array.concat(_to_the_partner, fixtures.putting(
			"/deployment/tools/mail.read/returns/fields",
			fields,
		)))
	}
}

test_of_a_tool_that_nobody_registered_nothing_is_told if {
	patches := array.concat(_to_the_partner, [{"op": "remove", "path": "/deployment/tools/mail.read"}])

	fixtures.stands("peer", "adds_authority", patches)
	fixtures.details("peer", "adds_authority", patches) == set()
}
