package inbounds.rules.identity.not_the_agent_asserted_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_the_question_names_the_same_agent if {
	fixtures.ruled_out("identity", "not_the_agent_asserted", [])
	fixtures.details("identity", "not_the_agent_asserted", []) == set()
}

test_stands_for_any_other_name if {
	every agent in {
		"spiffe://acme.example/agent/other", "spiffe://acme.example/agent/assistant/",
		"spiffe://acme.example/agent/Assistant", "assistant", "",
	} {
		patches := _set("/question/context/agent", agent)

		not fixtures.ruled_out("identity", "not_the_agent_asserted", patches)
		fixtures.details("identity", "not_the_agent_asserted", patches) == {{"place": "/context/agent"}}
	}
}

test_stands_when_neither_is_a_name if {
	every nothing in [null, 7, [], {}] {
		not fixtures.ruled_out("identity", "not_the_agent_asserted", array.concat(
			_set("/question/context/agent", nothing),
			_set("/identity/claims/sub", nothing),
		))
	}
}

test_reads_the_agent_that_a_named_subject_is if {
	fixtures.ruled_out("identity", "not_the_agent_asserted", _named("client-7"))
	not fixtures.ruled_out("identity", "not_the_agent_asserted", _named("client-8"))
	not fixtures.ruled_out("identity", "not_the_agent_asserted", _named("client-9"))
}

_named(subject) := [
	{"op": "replace", "path": "/identity/claims/sub", "value": subject},
	{"op": "add", "path": "/deployment/issuers/identity/subjects", "value": {
		"client-7": "spiffe://acme.example/agent/assistant",
		"client-8": "spiffe://acme.example/agent/other",
	}},
]

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "not_the_agent_asserted", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "not_the_agent_asserted", anything)
	}
}

_read := [
	"/question/context/credentials/identity",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/identity/header/kid",
	"/identity/header/alg",
	"/identity/header/typ",
	"/identity/header",
	"/deployment/issuers/identity/keys",
	"/deployment/issuers/identity/algorithms",
	"/deployment/issuers/identity",
	"/deployment/issuers",
	"/identity/claims/sub",
	"/question/context/agent",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
