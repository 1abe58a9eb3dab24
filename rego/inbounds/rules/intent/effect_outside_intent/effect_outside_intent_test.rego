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
