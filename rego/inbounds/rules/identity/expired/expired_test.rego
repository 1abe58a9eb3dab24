package inbounds.rules.identity.expired_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_while_the_token_is_in_force if {
	fixtures.ruled_out("identity", "expired", [])
	fixtures.details("identity", "expired", []) == set()
}

test_stands_from_the_very_end if {
	fixtures.ruled_out("identity", "expired", _set("/identity/claims/exp", 1800000001))
	not fixtures.ruled_out("identity", "expired", _set("/identity/claims/exp", 1800000000))
	not fixtures.ruled_out("identity", "expired", _set("/identity/claims/exp", 1799999999))
}

test_stands_over_30_seconds_before_the_beginning if {
	every claim in {"iat", "nbf"} {
		path := concat("/", ["/identity/claims", claim])

		fixtures.ruled_out("identity", "expired", _set(path, 1800000030))
		not fixtures.ruled_out("identity", "expired", _set(path, 1800000031))
	}
}

test_stands_when_the_beginning_is_no_number if {
	every value in [null, true, "1799999990", [], {}] {
		not fixtures.ruled_out("identity", "expired", _set("/identity/claims/nbf", value))
	}
}

test_looks_at_the_identity_token_alone if {
	fixtures.ruled_out("identity", "expired", _set("/task/claims/exp", 1799999999))
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "expired", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "expired", anything)
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
	"/identity/claims/exp",
	"/identity/claims/iat",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
