package inbounds.rules.identity.owner_missing_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_a_person_who_is_registered if {
	fixtures.ruled_out("identity", "owner_missing", [])
	fixtures.details("identity", "owner_missing", []) == set()
}

test_ruled_out_for_a_group_that_is_registered if {
	patches := _set(_owner, "staff")

	fixtures.ruled_out("identity", "owner_missing", patches)
	fixtures.details("identity", "owner_missing", patches) == set()
}

test_ruled_out_for_a_group_that_goes_by_the_name_of_a_workload if {
	patches := array.concat(_set(_owner, "staff"), _set("/deployment/subjects/staff", {"type": "workload"}))

	fixtures.ruled_out("identity", "owner_missing", patches)
	fixtures.details("identity", "owner_missing", patches) == set()
}

test_stands_where_nobody_is_named if {
	every owner in ["", " ", "\t", null, 7, true, ["olga@acme.example"], {"olga@acme.example": 1}] {
		patches := _set(_owner, owner)

		not fixtures.ruled_out("identity", "owner_missing", patches)
		fixtures.details("identity", "owner_missing", patches) == {{"owner": "unnamed"}}
	}
}

test_stands_for_a_name_that_is_nobodys if {
	every owner in ["nobody@acme.example", "Olga@acme.example", "olga@acme.example ", "Staff"] {
		patches := _set(_owner, owner)

		not fixtures.ruled_out("identity", "owner_missing", patches)
		fixtures.details("identity", "owner_missing", patches) == {{"owner": "unregistered"}}
	}
}

test_stands_for_an_owner_who_is_no_person if {
	every entry in [{"type": "workload"}, {"type": "User"}, {"type": 1}, {}, [], "user", 7, null] {
		patches := _set("/deployment/subjects/olga@acme.example", entry)

		not fixtures.ruled_out("identity", "owner_missing", patches)
		fixtures.details("identity", "owner_missing", patches) == {{"owner": "no person"}}
	}
}

test_stands_for_a_group_that_is_no_group if {
	every entry in [[], "staff", 7, null, false, true] {
		patches := array.concat(_set(_owner, "staff"), _set("/deployment/groups/staff", entry))

		not fixtures.ruled_out("identity", "owner_missing", patches)
		fixtures.details("identity", "owner_missing", patches) == {{"owner": "unregistered"}}
	}
}

# A name that is looked up by place would be found in a list.
test_stands_for_registries_that_are_lists if {
	every owner in ["0", 0] {
		patches := fixtures.joined([
			_set(_owner, owner),
			_set("/deployment/subjects", [{"type": "user"}]),
			_set("/deployment/groups", [{}]),
		])

		not fixtures.ruled_out("identity", "owner_missing", patches)
	}
}

test_stands_for_an_agent_nobody_registered if {
	patches := _set("/deployment/agents", {})

	not fixtures.ruled_out("identity", "owner_missing", patches)
	fixtures.details("identity", "owner_missing", patches) == {{"owner": "unnamed"}}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "owner_missing", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "owner_missing", anything)
	}
}

_owner := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/owner"

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
	"/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/owner",
	"/deployment/subjects",
	"/deployment/subjects/olga@acme.example",
	"/deployment/subjects/olga@acme.example/type",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
