package inbounds.rules.identity.lifetime_too_long_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_short_lives if {
	fixtures.ruled_out("identity", "lifetime_too_long", [])
}

test_lasts_as_long_as_the_issuer_allows_at_most if {
	every token, issuer in {"identity": "identity", "task": "tasks"} {
		path := concat("/", ["", token, "claims/iat"])
		most := {"op": "replace", "path": concat("/", ["/deployment/issuers", issuer, "max_seconds"]), "value": 250}

		fixtures.ruled_out("identity", "lifetime_too_long", array.concat(_set(path, 1799999950), [most]))
		not fixtures.ruled_out("identity", "lifetime_too_long", array.concat(_set(path, 1799999949), [most]))
		fixtures.details("identity", "lifetime_too_long", array.concat(_set(path, 1799999949), [most])) == {{"token": token}}
	}
}

test_no_task_token_lasts_over_5_minutes_whatever_the_issuer_may if {
	longer := [{"op": "replace", "path": "/deployment/issuers/tasks/max_seconds", "value": 86400}]

	fixtures.ruled_out("identity", "lifetime_too_long", array.concat(_set("/task/claims/iat", 1799999900), longer))
	not fixtures.ruled_out("identity", "lifetime_too_long", array.concat(_set("/task/claims/iat", 1799999899), longer))
}

test_no_identity_token_lasts_over_a_day if {
	longer := [{"op": "replace", "path": "/deployment/issuers/identity/max_seconds", "value": 999999}]

	fixtures.ruled_out("identity", "lifetime_too_long", array.concat(_set("/identity/claims/iat", 1799913800), longer))
	not fixtures.ruled_out("identity", "lifetime_too_long", array.concat(_set("/identity/claims/iat", 1799913799), longer))
}

test_a_token_may_end_a_second_after_it_was_issued if {
	every token in {"identity", "task"} {
		fixtures.ruled_out("identity", "lifetime_too_long", _set(concat("/", ["", token, "claims/iat"]), 1800000199))
	}
}

test_stands_for_a_token_that_ends_before_it_was_issued if {
	every token in {"identity", "task"} {
		every issued in [1800000200, 1800000201] {
			patches := _set(concat("/", ["", token, "claims/iat"]), issued)

			not fixtures.ruled_out("identity", "lifetime_too_long", patches)
			fixtures.details("identity", "lifetime_too_long", patches) == {{"token": token}}
		}
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "lifetime_too_long", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "lifetime_too_long", anything)
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
	"/identity/claims/exp",
	"/identity/claims/iat",
	"/task/claims/exp",
	"/task/claims/iat",
	"/deployment/issuers/identity/max_seconds",
	"/deployment/issuers/tasks/max_seconds",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
