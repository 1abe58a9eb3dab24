package inbounds.rules.subject.not_entitled_test

import data.inbounds.lib.fixtures_test as fixtures

_alice := "/deployment/subjects/alice@acme.example"

test_ruled_out_for_what_the_subject_is_entitled_to if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("subject", "not_entitled", patches)
	}
}

test_entitled_to_a_tool_by_its_name_or_to_all if {
	every tools in [["mail.read"], ["*"], ["mail.send", "mail.read"]] {
		fixtures.ruled_out("subject", "not_entitled", fixtures.putting("/deployment/groups/staff/tools", tools))
	}
}

test_names_the_tool_that_the_subject_is_not_entitled_to if {
	every tools in [[], ["mail.send"], ["mail"], [""]] {
		patches := fixtures.putting("/deployment/groups/staff/tools", tools)
		fixtures.stands("subject", "not_entitled", patches)
		fixtures.details("subject", "not_entitled", patches) == {{"tool": "mail.read"}}
	}
}

test_names_the_effect_that_the_subject_is_not_entitled_to if {
	every effects in [[], ["write"], ["*"]] {
		patches := fixtures.putting("/deployment/groups/staff/effects", effects)
		fixtures.stands("subject", "not_entitled", patches)
		fixtures.details("subject", "not_entitled", patches) == {{"effect": "read"}}
	}
}

test_stands_for_a_subject_that_nobody_registered if {
	patches := fixtures.putting("/task/claims/sub", "mallory@evil.example")

	fixtures.stands("subject", "not_entitled", patches)
	fixtures.details("subject", "not_entitled", patches) == {{"tool": "mail.read"}, {"effect": "read"}}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("subject", "not_entitled", fixtures.putting("/question/action/name", name))
	}
}

test_reads_the_subject_from_the_verified_token if {
	fixtures.ruled_out("subject", "not_entitled", fixtures.putting("/question/subject/id", "mallory@evil.example"))
	fixtures.stands("subject", "not_entitled", fixtures.putting("/task/genuine", false))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("subject", "not_entitled", [], [
		"/question/action/name",
		"/task/claims/sub",
		"/deployment/subjects",
		_alice,
		concat("/", [_alice, "groups"]),
		"/deployment/groups/staff",
		"/deployment/groups/staff/tools",
		"/deployment/groups/staff/effects",
		"/deployment/tools/mail.read/effects",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("subject", "not_entitled", [], ["/question/action/name", "/task/claims/sub"], "string")
	fixtures.stands_retyped(
		"subject", "not_entitled", [], [
			"/deployment/groups/staff/tools",
			"/deployment/groups/staff/effects",
		],
		"array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("subject", "not_entitled", anything)
	}
}
