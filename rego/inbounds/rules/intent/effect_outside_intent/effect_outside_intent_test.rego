package inbounds.rules.intent.effect_outside_intent_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_every_effect_was_asked_for if {
	fixtures.ruled_out("intent", "effect_outside_intent", [])
}

test_names_the_effect_that_was_not_asked_for if {
	patches := [{"op": "replace", "path": "/task/claims/authorization_details/0/effects", "value": ["write"]}]

	not fixtures.ruled_out("intent", "effect_outside_intent", patches)
	fixtures.details("intent", "effect_outside_intent", patches) == {{"effect": "read"}}
}

test_does_not_name_an_effect_that_was_asked_for if {
	patches := fixtures.putting("/deployment/tools/mail.read/effects", ["read", "delete"])

	fixtures.stands("intent", "effect_outside_intent", patches)
	fixtures.details("intent", "effect_outside_intent", patches) == {{"effect": "delete"}}
}

test_stands_for_a_tool_of_unknown_effect if {
	every tool in {"mail.unregistered", "mail.untagged"} {
		patches := [{"op": "replace", "path": "/question/action/name", "value": tool}]
		not fixtures.ruled_out("intent", "effect_outside_intent", patches)
	}
}

test_stands_when_the_task_states_no_effects if {
	every patches in [
		[{"op": "remove", "path": "/task/claims/authorization_details/0/effects"}],
		[{"op": "replace", "path": "/task/claims/authorization_details/0/effects", "value": []}],
		[{"op": "replace", "path": "/task/claims/authorization_details/0/effects", "value": "read"}],
		[{"op": "remove", "path": "/task/claims/authorization_details"}],
	] {
		not fixtures.ruled_out("intent", "effect_outside_intent", patches)
	}
}

test_stands_without_a_verified_task if {
	not fixtures.ruled_out("intent", "effect_outside_intent", [{"op": "replace", "path": "/task/genuine", "value": false}])
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("intent", "effect_outside_intent", anything)
	}
}

_resources := "/task/claims/authorization_details/0/resources"

_open_to(effects) := fixtures.putting(concat("/", [_resources, "0/effects"]), effects)

test_ruled_out_when_the_effects_were_asked_for_on_this_type if {
	every effects in [[], ["read"], ["write", "read"]] {
		fixtures.ruled_out("intent", "effect_outside_intent", _open_to(effects))
		fixtures.details("intent", "effect_outside_intent", _open_to(effects)) == set()
	}
}

test_names_the_effect_that_was_not_asked_for_on_this_type if {
	patches := _open_to(["write"])

	fixtures.stands("intent", "effect_outside_intent", patches)
	fixtures.details("intent", "effect_outside_intent", patches) == {{"effect": "read", "resource": "mail"}}
}

test_names_only_those_that_no_bound_of_this_type_has if {
	patches := fixtures.joined([
		fixtures.putting("/deployment/tools/mail.read/effects", ["read", "write", "export", "delete"]),
		fixtures.putting(_resources, [{"type": "mail", "effects": ["read"]}, {"type": "mail", "effects": ["write"]}]),
	])

	fixtures.stands("intent", "effect_outside_intent", patches)
	fixtures.details("intent", "effect_outside_intent", patches) == {
		{"effect": "delete"},
		{"effect": "export", "resource": "mail"},
	}
}

test_what_two_bounds_have_between_them_no_one_of_them_has if {
	patches := fixtures.joined([
		fixtures.putting("/deployment/tools/mail.read/effects", ["read", "write"]),
		fixtures.putting(_resources, [{"type": "mail", "effects": ["read"]}, {"type": "mail", "effects": ["write"]}]),
	])

	fixtures.stands("intent", "effect_outside_intent", patches)
	fixtures.details("intent", "effect_outside_intent", patches) == set()
	fixtures.ruled_out("intent", "effect_outside_intent", array.concat(patches, fixtures.putting(
		concat("/", [_resources, "-"]),
		{"type": "mail", "effects": ["write", "read"]},
	)))
}

test_a_type_that_the_task_does_not_name_is_what_nothing_grants if {
	every bounds in [[{"type": "file", "effects": ["write"]}], []] {
		fixtures.ruled_out("intent", "effect_outside_intent", fixtures.putting(_resources, bounds))
		fixtures.details("intent", "effect_outside_intent", fixtures.putting(_resources, bounds)) == set()

		# A tool of unknown effect has none that was asked for.
		fixtures.stands("intent", "effect_outside_intent", fixtures.joined([
			fixtures.putting(_resources, bounds),
			fixtures.putting("/question/action/name", "mail.untagged"),
		]))
	}
}

test_stands_when_it_is_not_known_on_which_type if {
	fixtures.stands_without("intent", "effect_outside_intent", [], [
		_resources,
		"/deployment/tools/mail.read/resource",
		"/deployment/tools/mail.read/effects",
		"/question/action/name",
	])
	fixtures.stands_retyped("intent", "effect_outside_intent", [], [_resources], "array")
	fixtures.stands_retyped(
		"intent", "effect_outside_intent", _open_to(["read"]), [concat("/", [_resources, "0/effects"])],
		"array",
	)
	fixtures.stands_retyped("intent", "effect_outside_intent", [], ["/deployment/tools/mail.read/resource"], "string")
}

_origins := "/question/action/properties/origins"

_assumed := fixtures.putting(_resources, [
	{"type": "mailbox", "effects": ["read"]},
	{"type": "mailbox", "prefixes": ["alice"], "effects": ["read", "export"], "assumed": true},
])

_sent(patches) := fixtures.joined([
	fixtures.calls["mail.send"],
	fixtures.putting("/question/context/session/trust", "untrusted"),
	_traced("prompt"),
	_assumed,
	patches,
])

_traced(grade) := fixtures.joined([
	fixtures.putting(concat("/", [_origins, "~1to~10"]), {"source": "prompt", "grade": "prompt"}),
	fixtures.putting(concat("/", [_origins, "~1to~11"]), {"source": "tool", "grade": grade}),
])

test_an_assumed_effect_needs_arguments_that_nobody_has_to_be_asked_about if {
	every grade in ["prompt", "first_party", "quoted"] {
		fixtures.ruled_out("intent", "effect_outside_intent", _sent(_traced(grade)))
		fixtures.details("intent", "effect_outside_intent", _sent(_traced(grade))) == set()
	}
	every grade in ["listing", "third_party_meta", "quoted_text", "third_party_text", "none", ""] {
		fixtures.stands("intent", "effect_outside_intent", _sent(_traced(grade)))
		fixtures.details("intent", "effect_outside_intent", _sent(_traced(grade))) == {{"argument": "/to/1", "origin": grade}}
	}
}

test_a_stated_effect_needs_none_of_that if {
	stated := fixtures.putting(concat("/", [_resources, "-"]), {"type": "mailbox", "effects": ["read", "export"]})

	fixtures.ruled_out("intent", "effect_outside_intent", _sent(array.concat(_traced("third_party_text"), stated)))
}

# What is stated elsewhere permits nothing here.
test_a_third_party_steers_nothing_assumed_beside_what_is_stated_of_another_place if {
	every stated in [
		{"type": "mailbox", "prefixes": ["bob"], "effects": ["read", "export"]},
		{"type": "mailbox", "prefixes": ["bob"]},
		{"type": "mail"},
	] {
		elsewhere := fixtures.putting(concat("/", [_resources, "-"]), stated)
		fixtures.ruled_out("intent", "effect_outside_intent", _sent(elsewhere))
		fixtures.stands("intent", "effect_outside_intent", _sent(array.concat(_traced("third_party_text"), elsewhere)))
	}
}

test_a_third_party_names_no_target_of_a_type_that_is_assumed if {
	targeted := fixtures.joined([
		fixtures.putting(_resources, [{"type": "mailbox"}, {"type": "draft", "assumed": true}]),
		fixtures.putting(
			"/deployment/tools/mail.send/arguments/~1draft",
			{"role": "target", "resource": "draft", "kind": "id"},
		),
		fixtures.putting("/question/action/properties/arguments/draft", "d-1"),
		fixtures.putting(concat("/", [_origins, "~1draft"]), {"source": "tool", "grade": "third_party_text"}),
	])
	fixtures.stands("intent", "effect_outside_intent", _sent(targeted))
	details := fixtures.details("intent", "effect_outside_intent", _sent(targeted))
	details == {{"argument": "/draft", "origin": "third_party_text"}}
	fixtures.ruled_out("intent", "effect_outside_intent", _sent(array.concat(
		targeted,
		fixtures.putting(concat("/", [_resources, "-"]), {"type": "draft"}),
	)))
}

test_a_value_that_an_assumed_call_leaves_to_the_tool_is_no_such_argument if {
	patches := _sent(fixtures.putting(
		"/deployment/tools/mail.send/arguments/~1cc",
		{"kind": "email", "role": "recipient", "absent": "any"},
	))
	fixtures.stands("intent", "effect_outside_intent", patches)
	fixtures.details("intent", "effect_outside_intent", patches) == {{"argument": "/cc", "origin": "none"}}
}

test_what_is_neither_stated_nor_assumed_is_taken_as_assumed if {
	every junk in [null, 1, "true", [], {}] {
		patches := fixtures.putting(concat("/", [_resources, "1/assumed"]), junk)
		fixtures.stands("intent", "effect_outside_intent", _sent(array.concat(_traced("third_party_text"), patches)))
	}
}
