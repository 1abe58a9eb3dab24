package inbounds.rules.delegation.too_deep_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_where_nobody_handed_the_task_on if {
	fixtures.ruled_out("delegation", "too_deep", [])
	fixtures.details("delegation", "too_deep", []) == set()
}

test_ruled_out_however_often_it_was_handed_on_in_order if {
	every hops in [1, 2] {
		fixtures.ruled_out("delegation", "too_deep", fixtures.delegated(hops))
		fixtures.details("delegation", "too_deep", fixtures.delegated(hops)) == set()
	}
}

test_stands_for_a_chain_that_is_none if {
	every chain in [null, 0, true, "", "x", {}, {"0": ""}] {
		fixtures.stands(
			"delegation", "too_deep",
			fixtures.putting("/question/context/credentials/chain", chain),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("delegation", "too_deep", array.concat(fixtures.delegated(1), damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("delegation", "too_deep", anything)
	}
}

test_four_hops_are_the_most_whatever_a_task_says if {
	patches := fixtures.putting("/task/claims/del_max_depth", 9)
	chain := "/question/context/credentials/chain"

	fixtures.ruled_out("delegation", "too_deep", array.concat(patches, fixtures.putting(chain, ["x", "x", "x", "x"])))
	fixtures.stands("delegation", "too_deep", array.concat(patches, fixtures.putting(chain, ["x", "x", "x", "x", "x"])))
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
	"/task/claims/del_depth",
	"/task/claims/del_max_depth",
	"/hops/0/claims/del_max_depth",
]
