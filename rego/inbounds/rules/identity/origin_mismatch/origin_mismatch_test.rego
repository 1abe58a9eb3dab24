package inbounds.rules.identity.origin_mismatch_test

import data.inbounds.lib.fixtures_test as fixtures

_agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant"

_networks(value) := fixtures.putting(concat("/", [_agent, "networks"]), value)

_issuers(value) := fixtures.putting(concat("/", [_agent, "issuers"]), value)

_from(network) := fixtures.putting("/question/context/environment", {"network": network})

_ruled_out(patches) if fixtures.ruled_out("identity", "origin_mismatch", patches)

_details(patches) := fixtures.details("identity", "origin_mismatch", patches)

test_ruled_out_where_the_deployment_does_not_ask if {
	_ruled_out([])
	_ruled_out(array.concat(_networks([]), _issuers([])))
	_ruled_out(_from("anywhere"))
	_details([]) == set()
}

test_ruled_out_from_where_the_agent_may_be if {
	_ruled_out(array.concat(_networks(["office", "cluster"]), _from("cluster")))
	_ruled_out(_issuers(["identity"]))
	_ruled_out(fixtures.joined([_networks(["office"]), _from("office"), _issuers(["login", "identity"])]))
}

test_stands_for_a_call_from_another_network if {
	every network in ["elsewhere", "", "Office", "office "] {
		patches := array.concat(_networks(["office"]), _from(network))
		not _ruled_out(patches)
		_details(patches) == {{"origin": "network"}}
	}
	every value in [null, true, 1, ["office"], {"office": true}] {
		not _ruled_out(array.concat(_networks(["office"]), _from(value)))
	}
}

test_stands_where_nobody_says_from_where if {
	not _ruled_out(array.concat(_networks([""]), _from("")))

	every path in ["/question/context/environment/network", "/question/context/environment"] {
		not _ruled_out(array.concat(_networks(["office"]), [{"op": "remove", "path": path}]))
	}
}

test_stands_for_a_token_of_another_issuer if {
	not _ruled_out(_issuers(["login"]))
	_details(_issuers(["login"])) == {{"origin": "issuer"}}
	not _ruled_out(array.concat(_issuers(["identity"]), fixtures.putting("/identity/genuine", false)))
}

test_stands_for_what_is_no_list if {
	every value in [null, true, 1, "office", {"office": "office"}, {}] {
		not _ruled_out(array.concat(_networks(value), _from("office")))
		not _ruled_out(_issuers(value))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not _ruled_out(patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "origin_mismatch", anything)
	}
}

_read := [
	"/question/context/credentials/identity",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/identity/claims/sub",
	"/deployment/agents",
	_agent,
]
