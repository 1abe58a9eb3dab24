package inbounds.rules.identity.agent_retired_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_an_active_agent if {
	fixtures.ruled_out("identity", "agent_retired", [])
}

test_stands_and_says_what_the_agent_is_instead if {
	every state in {"suspended", "retired", "Active", ""} {
		patches := _set("/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/state", state)

		not fixtures.ruled_out("identity", "agent_retired", patches)
		fixtures.details("identity", "agent_retired", patches) == {{"state": state}}
	}
}

test_stands_for_an_agent_nobody_registered if {
	patches := _set("/deployment/agents", {})

	not fixtures.ruled_out("identity", "agent_retired", patches)
	fixtures.details("identity", "agent_retired", patches) == set()
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "agent_retired", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "agent_retired", anything)
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
	"/deployment/agents",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/state",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
