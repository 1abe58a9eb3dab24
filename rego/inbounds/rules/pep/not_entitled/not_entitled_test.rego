package inbounds.rules.pep.not_entitled_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_a_pep_that_keeps_to_its_entry if {
	every patches in [
		[],
		fixtures.putting("/question/context/pep/supported_obligations", []),
		fixtures.putting("/deployment/peps/assistant-pep/obligations/-", "redact"),
		fixtures.putting("/deployment/peps/assistant-pep/tenants/-", "globex"),
	] {
		fixtures.ruled_out("pep", "not_entitled", patches)
	}
}

test_names_what_the_pep_may_not_ask_for if {
	every example in [
		{
			"patches": fixtures.putting("/deployment/peps/assistant-pep/tenants", ["globex"]),
			"details": {{"tenant": "acme"}},
		},
		{
			"patches": fixtures.putting("/deployment/peps/assistant-pep/environments", ["development"]),
			"details": {{"environment": "production"}},
		},
		{
			"patches": fixtures.putting("/question/context/pep/supported_obligations/-", "redact"),
			"details": {{
				"obligation": "redact",
				"place": "/context/pep/supported_obligations/1",
			}},
		},
	] {
		fixtures.stands("pep", "not_entitled", example.patches)
		fixtures.details("pep", "not_entitled", example.patches) == example.details
	}
}

test_stands_for_a_pep_that_nobody_set_up if {
	patches := fixtures.putting("/question/context/pep/id", "another-pep")

	fixtures.stands("pep", "not_entitled", patches)
	fixtures.details("pep", "not_entitled", patches) == {
		{"tenant": "acme"},
		{"environment": "production"},
		{"obligation": "notify", "place": "/context/pep/supported_obligations/0"},
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("pep", "not_entitled", [], [
		"/question/context",
		"/question/context/pep",
		"/question/context/pep/id",
		"/question/context/pep/supported_obligations",
		"/task/claims/tenant",
		"/task/claims/authorization_details",
		"/task/claims/authorization_details/0/environment",
		"/deployment/peps",
		"/deployment/peps/assistant-pep",
		"/deployment/peps/assistant-pep/tenants",
		"/deployment/peps/assistant-pep/environments",
		"/deployment/peps/assistant-pep/obligations",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("pep", "not_entitled", [], ["/question/context/pep"], "object")
	fixtures.stands_retyped("pep", "not_entitled", [], ["/question/context/pep/supported_obligations"], "array")
	fixtures.stands_retyped(
		"pep", "not_entitled", [], [
			"/question/context/pep/id",
			"/question/context/pep/supported_obligations/0",
			"/task/claims/tenant",
			"/task/claims/authorization_details/0/environment",
		],
		"string",
	)
}

test_names_no_obligation_in_what_is_no_list if {
	every value in [null, 7, "redact", {"x": "redact"}] {
		patches := fixtures.putting("/question/context/pep/supported_obligations", value)
		fixtures.details("pep", "not_entitled", patches) == set()
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("pep", "not_entitled", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("pep", "not_entitled", anything)
	}
}
