package inbounds.rules.identity.agent_unregistered_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_an_agent_with_a_manifest if {
	fixtures.ruled_out("identity", "agent_unregistered", [])
	fixtures.details("identity", "agent_unregistered", []) == set()
}

test_stands_for_an_agent_nobody_registered if {
	patches := _set("/deployment/agents", {})

	not fixtures.ruled_out("identity", "agent_unregistered", patches)
	fixtures.details("identity", "agent_unregistered", patches) == {{"lacks": "entry"}}
}

test_stands_without_a_manifest if {
	patches := [{"op": "remove", "path": _manifest}]

	not fixtures.ruled_out("identity", "agent_unregistered", patches)
	fixtures.details("identity", "agent_unregistered", patches) == {{"lacks": "manifest"}}
}

_agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant"

_manifest := concat("", [_agent, "/manifest"])

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "agent_unregistered", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "agent_unregistered", anything)
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
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/manifest",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/manifest/tools",
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/manifest/effects",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
