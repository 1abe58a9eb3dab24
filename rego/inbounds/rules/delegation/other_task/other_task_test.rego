package inbounds.rules.delegation.other_task_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_where_nobody_handed_the_task_on if {
	fixtures.ruled_out("delegation", "other_task", [])
	fixtures.details("delegation", "other_task", []) == set()
}

test_ruled_out_however_often_it_was_handed_on_in_order if {
	every hops in [1, 2] {
		fixtures.ruled_out("delegation", "other_task", fixtures.delegated(hops))
		fixtures.details("delegation", "other_task", fixtures.delegated(hops)) == set()
	}
}

test_stands_for_a_chain_that_is_none if {
	every chain in [null, 0, true, "", "x", {}, {"0": ""}, [null], [0], [[]], ["x"], ["a.b.c"]] {
		fixtures.stands(
			"delegation", "other_task",
			fixtures.putting("/question/context/credentials/chain", chain),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("delegation", "other_task", array.concat(fixtures.delegated(1), damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("delegation", "other_task", anything)
	}
}

_read := [
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/task/header/kid",
	"/task/header/alg",
	"/task/header/typ",
	"/deployment/issuers/tasks/keys",
	"/deployment/issuers/tasks/algorithms",
	"/deployment/issuers/tasks",
	"/deployment/issuers",
	"/hops/0/header/alg",
	"/hops/0/header/typ",
	"/task/claims/task",
	"/task/claims/sid",
	"/task/claims/tenant",
	"/task/claims/sub",
	"/task/claims/aud",
	"/hops/0/claims/task",
	"/hops/0/claims/sid",
	"/hops/0/claims/tenant",
	"/hops/0/claims/sub",
	"/hops/0/claims/aud",
]
