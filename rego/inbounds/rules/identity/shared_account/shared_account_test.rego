package inbounds.rules.identity.shared_account_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_an_account_of_its_own if {
	fixtures.ruled_out("identity", "shared_account", [])
}

test_stands_for_an_account_that_several_share if {
	patches := _set("/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/account", "shared")

	not fixtures.ruled_out("identity", "shared_account", patches)
	fixtures.details("identity", "shared_account", patches) == {{"account": "shared"}}
}

test_stands_for_an_agent_that_is_the_user if {
	patches := array.concat(_same, [_known_as("user")])

	not fixtures.ruled_out("identity", "shared_account", patches)
	fixtures.details("identity", "shared_account", patches) == {{"account": "subject"}}
	not fixtures.ruled_out("identity", "shared_account", _same)
}

test_ruled_out_for_a_workload_that_acts_on_its_own_authority if {
	fixtures.ruled_out("identity", "shared_account", array.concat(_same, [_known_as("workload")]))
}

_same := [{"op": "replace", "path": "/task/claims/sub", "value": "spiffe://acme.example/agent/assistant"}]

_known_as(type) := {
	"op": "add",
	"path": "/deployment/subjects/spiffe:~1~1acme.example~1agent~1assistant",
	"value": {"type": type},
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "shared_account", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "shared_account", anything)
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
	"/question/context/credentials/task",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/task/header/kid",
	"/task/header/alg",
	"/task/header/typ",
	"/task/header",
	"/deployment/issuers/tasks/keys",
	"/deployment/issuers/tasks/algorithms",
	"/deployment/issuers/tasks",
	"/deployment/issuers",
	"/task/claims/sub",
	"/identity/claims/sub",
	"/deployment/agents",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/account",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
