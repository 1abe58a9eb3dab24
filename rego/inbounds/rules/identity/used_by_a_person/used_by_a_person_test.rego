package inbounds.rules.identity.used_by_a_person_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_an_identity_of_the_agents_own if {
	fixtures.ruled_out("identity", "used_by_a_person", [])
	fixtures.details("identity", "used_by_a_person", []) == set()
}

test_ruled_out_for_a_workload_that_acts_on_its_own_authority if {
	patches := array.concat(_set("/task/claims/sub", _agent), _known_as({"type": "workload"}))

	fixtures.ruled_out("identity", "used_by_a_person", patches)
	fixtures.details("identity", "used_by_a_person", patches) == set()
}

test_stands_for_an_agent_that_is_a_user_whomever_it_acts_for if {
	every sub in [_agent, "alice@acme.example"] {
		patches := array.concat(_set("/task/claims/sub", sub), _known_as({"type": "user"}))

		not fixtures.ruled_out("identity", "used_by_a_person", patches)
		fixtures.details("identity", "used_by_a_person", patches) == {{"claim": "/sub"}, {"place": "/context/agent"}}
	}
}

test_stands_for_a_subject_that_is_not_positively_a_workload if {
	every entry in [{}, {"type": 1}, {"type": "Workload"}, [], "workload", null, false] {
		patches := _known_as(entry)

		not fixtures.ruled_out("identity", "used_by_a_person", patches)
		fixtures.details("identity", "used_by_a_person", patches) == {{"claim": "/sub"}, {"place": "/context/agent"}}
	}
}

test_stands_for_a_token_that_names_a_person if {
	every claim in ["email", "preferred_username", "upn"] {
		every name in ["alice@acme.example", "Alice@ACME.example", "dora@acme.example"] {
			patches := _claiming(claim, name)

			not fixtures.ruled_out("identity", "used_by_a_person", patches)
			fixtures.details("identity", "used_by_a_person", patches) == {{"claim": concat("", ["/", claim])}}
		}
	}
}

test_stands_for_a_person_who_is_registered_in_capitals if {
	patches := array.concat(
		_claiming("email", "Alice@ACME.example"),
		[{"op": "move", "from": "/deployment/subjects/dora@acme.example", "path": "/deployment/subjects/Alice@ACME.example"}],
	)

	fixtures.details("identity", "used_by_a_person", patches) == {{"claim": "/email"}}
	not fixtures.ruled_out("identity", "used_by_a_person", patches)
}

test_ruled_out_for_a_token_that_names_nobody_who_is_registered if {
	every claim in ["email", "preferred_username", "upn"] {
		every name in ["", "service-account-assistant", "assistant@acme.example", "staff"] {
			fixtures.ruled_out("identity", "used_by_a_person", _claiming(claim, name))
		}
	}
}

test_ruled_out_for_a_claim_that_names_nobody if {
	fixtures.ruled_out("identity", "used_by_a_person", _claiming("name", "alice@acme.example"))
}

test_stands_for_a_name_that_is_no_text if {
	every claim in ["email", "preferred_username", "upn"] {
		every name in [null, 7, true, ["alice@acme.example"], {"alice@acme.example": 1}] {
			patches := _claiming(claim, name)

			not fixtures.ruled_out("identity", "used_by_a_person", patches)
			fixtures.details("identity", "used_by_a_person", patches) == set()
		}
	}
}

test_stands_for_an_agent_whose_id_alone_is_a_persons if {
	not fixtures.ruled_out("identity", "used_by_a_person", []) with data.inbounds.lib.agents.id as "dora@acme.example"

	found := fixtures.details("identity", "used_by_a_person", []) with data.inbounds.lib.agents.id as "dora@acme.example"

	found == {{"place": "/context/agent"}}
}

test_stands_for_a_token_that_was_issued_to_a_person if {
	patches := _set("/identity/claims/sub", "alice@acme.example")

	not fixtures.ruled_out("identity", "used_by_a_person", patches) with data.inbounds.lib.agents.id as _agent

	found := fixtures.details("identity", "used_by_a_person", patches) with data.inbounds.lib.agents.id as _agent

	found == {{"claim": "/sub"}}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "used_by_a_person", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "used_by_a_person", anything)
	}
}

_agent := "spiffe://acme.example/agent/assistant"

_known_as(entry) := _set("/deployment/subjects/spiffe:~1~1acme.example~1agent~1assistant", entry)

_claiming(claim, name) := _set(concat("/", ["/identity/claims", claim]), name)

_read := [
	"/question/context/credentials/identity",
	"/question/context/credentials/task",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/identity/header/kid",
	"/identity/header/alg",
	"/identity/header/typ",
	"/identity/header",
	"/task/header/kid",
	"/task/header/alg",
	"/task/header/typ",
	"/task/header",
	"/deployment/issuers/identity/keys",
	"/deployment/issuers/identity/algorithms",
	"/deployment/issuers/identity",
	"/deployment/issuers/tasks/keys",
	"/deployment/issuers/tasks/algorithms",
	"/deployment/issuers/tasks",
	"/deployment/issuers",
	"/identity/claims/sub",
	"/task/claims/sub",
	"/deployment/subjects",
	"/deployment/subjects/alice@acme.example",
	"/deployment/subjects/alice@acme.example/type",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
