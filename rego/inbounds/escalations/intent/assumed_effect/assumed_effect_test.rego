package inbounds.escalations.intent.assumed_effect_test

import data.inbounds.lib.fixtures_test as fixtures

_resources := "/task/claims/authorization_details/0/resources"

_sent(bounds) := array.concat(fixtures.calls["mail.send"], fixtures.putting(_resources, bounds))

_assumed := {"type": "mailbox", "prefixes": ["alice"], "effects": ["read", "export"], "assumed": true}

_ruled_out(patches) if fixtures.ruled_out("intent", "assumed_effect", patches)

_stands(patches) if fixtures.stands("intent", "assumed_effect", patches)

_details(patches) := fixtures.details("intent", "assumed_effect", patches)

test_ruled_out_where_the_task_assumes_nothing if {
	_ruled_out(_sent([]))
	_ruled_out(_sent([{"type": "mailbox", "assumed": false}]))

	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_details(patches) == set()
	}
}

test_names_what_the_task_assumes if {
	every bound in [_assumed, {"type": "mailbox", "assumed": true}, {"type": "mailbox", "effects": [], "assumed": true}] {
		patches := _sent([{"type": "mail"}, bound])
		_stands(patches)
		_details(patches) == {{"assumed": "mailbox", "effect": "export"}}
	}
}

test_nobody_is_asked_where_something_stated_permits_the_call if {
	every stated in [
		{"type": "mailbox"},
		{"type": "mailbox", "prefixes": ["bob", "alice"], "effects": ["export", "read"]},
	] {
		_ruled_out(_sent([_assumed, stated]))
	}
}

test_what_is_stated_of_another_place_type_or_effect_permits_nothing if {
	every stated in [
		{"type": "mail"},
		{"type": "mailbox", "prefixes": ["bob"]},
		{"type": "mailbox", "prefixes": []},
		{"type": "mailbox", "effects": ["read"]},
	] {
		_stands(_sent([_assumed, stated]))
	}
}

# What one states and another assumes, no one of them permits.
test_a_call_needs_one_bound_for_all_its_effects if {
	patches := array.concat(
		_sent([{"type": "mailbox", "effects": ["read"]}, _assumed]),
		fixtures.putting("/deployment/tools/mail.send/effects", ["read", "export"]),
	)
	_stands(patches)
	_details(patches) == {{"assumed": "mailbox", "effect": "export"}, {"assumed": "mailbox", "effect": "read"}}
}

test_another_target_is_permitted_by_what_is_stated_as_well if {
	targeted := array.concat(
		fixtures.putting(
			"/deployment/tools/mail.send/arguments/~1draft",
			{"role": "target", "resource": "draft", "kind": "id"},
		),
		fixtures.putting("/question/action/properties/arguments/draft", "d-1"),
	)
	_stands(array.concat(_sent([{"type": "mailbox"}, {"type": "draft", "assumed": true}]), targeted))
	_ruled_out(array.concat(_sent([{"type": "mailbox"}, {"type": "draft"}, {"type": "file", "assumed": true}]), targeted))
}

test_what_an_operator_assumes_of_reading_is_asked_about if {
	_stands(fixtures.putting(_resources, [{"type": "mail", "assumed": true}]))
	_details(fixtures.putting(_resources, [{"type": "mail", "assumed": true}])) == {{"assumed": "mail", "effect": "read"}}
}

test_stands_where_nobody_can_say_what_is_assumed if {
	_stands(fixtures.putting("/task/genuine", false))
	fixtures.stands_without(
		"intent", "assumed_effect", [],
		[_resources, "/deployment/tools/mail.read/effects", "/question/action/name"],
	)

	every junk in [null, 1, "false", [], {}] {
		_stands(_sent([{"type": "mailbox", "assumed": junk}]))
	}
	every junk in [null, 1, "all", true] {
		_stands(_sent([junk]))
		_stands(_sent(junk))
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("intent", "assumed_effect", anything)
	}
}
