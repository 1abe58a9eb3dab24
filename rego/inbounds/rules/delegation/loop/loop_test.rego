package inbounds.rules.delegation.loop_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_where_nobody_handed_the_task_on if {
	fixtures.ruled_out("delegation", "loop", [])
	fixtures.details("delegation", "loop", []) == set()
}

test_ruled_out_however_often_it_was_handed_on_in_order if {
	every hops in [1, 2] {
		fixtures.ruled_out("delegation", "loop", fixtures.delegated(hops))
		fixtures.details("delegation", "loop", fixtures.delegated(hops)) == set()
	}
}

test_stands_for_a_chain_that_is_none if {
	every chain in [null, 0, true, "", "x", {}, {"0": ""}, [null], [0], [[]], ["x"], ["a.b.c"]] {
		fixtures.stands(
			"delegation", "loop",
			fixtures.putting("/question/context/credentials/chain", chain),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("delegation", "loop", array.concat(fixtures.delegated(1), damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("delegation", "loop", anything)
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
	"/task/claims/act",
	"/task/claims/act/sub",
	"/hops/0/claims/act",
	"/hops/0/claims/act/sub",
]
