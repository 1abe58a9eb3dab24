package inbounds.rules.peer.unverified_test

import data.inbounds.lib.fixtures_test as fixtures

_to_the_partner := [
	{"op": "replace", "path": "/deployment/tools/mail.read/resource", "value": "peer"},
	{"op": "replace", "path": "/question/resource/type", "value": "peer"},
	{"op": "replace", "path": "/question/resource/id", "value": "partner"},
]

_at(url, host) := array.concat(_to_the_partner, [
	{"op": "add", "path": "/deployment/tools/mail.read/arguments/~1url", "value": {"kind": "url"}},
	{"op": "add", "path": "/question/action/properties/arguments/url", "value": url},
	{"op": "add", "path": "/question/action/properties/parsed/~1url", "value": {"kind": "url", "host": host}},
])

_lacks(what) := {{"peer": "partner", "lacks": what}}

test_ruled_out_where_no_peer_is_spoken_to if {
	every patches in fixtures.calls {
		fixtures.ruled_out("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == set()
	}
}

test_ruled_out_for_a_peer_whose_card_holds if {
	every patches in [
		_to_the_partner,
		_at("https://desk.partner.example/a2a", "desk.partner.example"),
		array.concat(_at("https://desk.partner.example/a2a", "desk.partner.example"), fixtures.putting(
			"/question/action/properties/arguments/url",
			null,
		)),
	] {
		fixtures.ruled_out("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == set()
	}
}

test_stands_for_a_peer_that_nobody_knows if {
	every name in ["stranger", "Partner", "partner ", ""] {
		patches := array.concat(_to_the_partner, fixtures.putting("/question/resource/id", name))
		fixtures.stands("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == {{"peer": name, "lacks": "an entry"}}
	}
}

test_stands_where_registry_and_pep_do_not_agree_on_what_it_is if {
	fixtures.stands("peer", "unverified", [_to_the_partner[0]])
	fixtures.stands("peer", "unverified", array.slice(_to_the_partner, 1, 2))
	fixtures.details("peer", "unverified", [_to_the_partner[0]]) == {{"peer": "42", "lacks": "an entry"}}
}

test_stands_for_a_card_that_its_operator_has_not_signed if {
	every change in [
		{"op": "replace", "path": "/card/genuine", "value": false},
		{"op": "replace", "path": "/card/header/kid", "value": "card-2"},
		{"op": "replace", "path": "/card/header/typ", "value": "JWT"},
		{"op": "replace", "path": "/card/header/alg", "value": "EdDSA"},
		{"op": "add", "path": "/card/header/jku", "value": "https://desk.partner.example/keys"},
		{"op": "replace", "path": "/card/claims", "value": []},
		{"op": "replace", "path": "/deployment/peers/partner/card", "value": "a.b.c2lnbmVk"},
		{"op": "replace", "path": "/deployment/peers/partner/keys", "value": {}},
		{"op": "replace", "path": "/deployment/peers/partner/algorithms", "value": []},
	] {
		patches := array.concat(_to_the_partner, [change])
		fixtures.stands("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == _lacks("a card that its operator has signed")
	}
}

test_stands_from_its_end if {
	until := "/deployment/peers/partner/until"

	fixtures.ruled_out("peer", "unverified", array.concat(_to_the_partner, fixtures.putting(until, 1800000001)))
	every end in [1800000000, 0, null, "2099-01-01T00:00:00Z", [1800000001], {}] {
		patches := array.concat(_to_the_partner, fixtures.putting(until, end))
		fixtures.stands("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == _lacks("an end ahead")
	}
}

test_stands_for_an_address_that_the_card_does_not_name if {
	every host in ["evil.example", "partner.example", "desk.partner.example.evil.example", "sk.partner.example", ""] {
		patches := _at(concat("", ["https://", host]), host)
		fixtures.stands("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == {{"peer": "partner", "argument": "/url"}}
	}
}

test_stands_for_another_door_of_the_same_host if {
	every url in [
		"http://desk.partner.example/a2a", "ws://desk.partner.example/a2a", "wss://desk.partner.example/a2a",
		"https://desk.partner.example:8443/a2a", "https://desk.partner.example/", "https://desk.partner.example/a2b",
		"https://desk.partner.example/other/a2a", "https://desk.partner.example/A2A",
	] {
		patches := _at(url, "desk.partner.example")
		fixtures.stands("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == {{"peer": "partner", "argument": "/url"}}
	}
}

test_stands_for_an_address_that_nobody_has_parsed if {
	fixtures.stands("peer", "unverified", array.concat(
		_at("https://desk.partner.example/a2a", "desk.partner.example"),
		[{"op": "remove", "path": "/question/action/properties/parsed/~1url"}],
	))
}

test_a_host_alone_is_an_address_too if {
	named := array.concat(_to_the_partner, [
		{"op": "add", "path": "/deployment/tools/mail.read/arguments/~1host", "value": {"kind": "host"}},
		{"op": "add", "path": "/question/action/properties/arguments/host", "value": "evil.example"},
		{"op": "add", "path": "/question/action/properties/parsed/~1host", "value": {"kind": "host", "host": "evil.example"}},
	])

	fixtures.stands("peer", "unverified", named)
	fixtures.ruled_out("peer", "unverified", array.concat(named, fixtures.putting(
		"/question/action/properties/arguments/host",
		"desk.partner.example",
	)))
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in [
		"/question/action/name",
		"/question/resource/type",
		"/question/resource/id",
		"/question/action/properties/arguments",
		"/deployment/tools",
		"/deployment/tools/mail.read",
		"/deployment/tools/mail.read/resource",
		"/deployment/peers",
		"/deployment/peers/partner",
		"/deployment/peers/partner/card",
		"/deployment/peers/partner/keys",
		"/deployment/peers/partner/algorithms",
		"/deployment/peers/partner/until",
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("peer", "unverified", array.concat(_to_the_partner, damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("peer", "unverified", anything)
	}
}

test_a_peer_without_a_name_is_not_told_of if {
	every id in [null, 0, true, [], {}] {
		patches := array.concat(_to_the_partner, fixtures.putting("/question/resource/id", id))
		fixtures.stands("peer", "unverified", patches)
		fixtures.details("peer", "unverified", patches) == set()
	}
}
