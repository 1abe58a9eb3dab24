package inbounds.rules.identity.shared_account_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_an_account_of_its_own if {
	fixtures.ruled_out("identity", "shared_account", [])
	fixtures.details("identity", "shared_account", []) == set()
}

test_stands_for_an_account_that_several_share if {
	patches := _set("/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/account", "shared")

	not fixtures.ruled_out("identity", "shared_account", patches)
	fixtures.details("identity", "shared_account", patches) == {{"account": "shared"}}
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
	"/identity/claims/sub",
	"/deployment/agents",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/account",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
