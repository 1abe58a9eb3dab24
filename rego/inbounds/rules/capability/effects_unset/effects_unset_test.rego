package inbounds.rules.capability.effects_unset_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_every_effect_is_known if {
	every effects in [
		["read"],
		["read", "write", "delete", "export", "execute", "spend", "delegate", "administer"],
	] {
		fixtures.ruled_out("capability", "effects_unset", fixtures.putting("/deployment/tools/mail.read/effects", effects))
	}
}

test_stands_while_nobody_has_set_the_effects if {
	every patches in [
		fixtures.putting("/question/action/name", "mail.untagged"),
		fixtures.putting("/deployment/tools/mail.read/effects", []),
		[{"op": "remove", "path": "/deployment/tools/mail.read/effects"}],
	] {
		fixtures.stands("capability", "effects_unset", patches)
		fixtures.details("capability", "effects_unset", patches) == set()
	}
}

test_names_the_effects_that_nobody_knows if {
	every effect in ["Read", "reads", "", "*", 1, true, null] {
		patches := fixtures.putting("/deployment/tools/mail.read/effects/-", effect)
		fixtures.stands("capability", "effects_unset", patches)
		fixtures.details("capability", "effects_unset", patches) == {{"effect": effect}}
	}
}

test_stands_when_the_effects_are_no_list if {
	fixtures.stands_retyped("capability", "effects_unset", [], ["/deployment/tools/mail.read/effects"], "array")
}

test_stands_for_a_tool_that_is_not_registered if {
	fixtures.stands("capability", "effects_unset", fixtures.putting("/question/action/name", "mail.unregistered"))
	fixtures.stands_without("capability", "effects_unset", [], ["/question/action/name", "/deployment/tools/mail.read"])
	fixtures.stands_retyped("capability", "effects_unset", [], ["/question/action/name"], "string")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "effects_unset", anything)
	}
}
