package inbounds.rules.delegation.chain_unverified_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_where_nobody_handed_the_task_on if {
	fixtures.ruled_out("delegation", "chain_unverified", [])
	fixtures.details("delegation", "chain_unverified", []) == set()
}

test_ruled_out_however_often_it_was_handed_on_in_order if {
	every hops in [1, 2] {
		fixtures.ruled_out("delegation", "chain_unverified", fixtures.delegated(hops))
		fixtures.details("delegation", "chain_unverified", fixtures.delegated(hops)) == set()
	}
}

test_stands_for_a_chain_that_is_none if {
	every chain in [null, 0, true, "", "x", {}, {"0": ""}, [null], [0], [[]], ["x"], ["a.b.c"]] {
		fixtures.stands(
			"delegation", "chain_unverified",
			fixtures.putting("/question/context/credentials/chain", chain),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("delegation", "chain_unverified", array.concat(fixtures.delegated(1), damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("delegation", "chain_unverified", anything)
	}
}

test_stands_for_an_audience_that_is_none if {
	every value in [null, 7, true, [], {}, {"x": "inbounds"}] {
		fixtures.stands("delegation", "chain_unverified", array.concat(
			fixtures.delegated(1),
			fixtures.putting("/hops/0/claims/aud", value),
		))
	}
}

test_stands_for_a_name_that_is_empty_or_longer_than_any_is if {
	longest := concat("", ["x" | some _ in numbers.range(1, 256)])

	every name in ["sub", "task", "sid", "tenant", "jti"] {
		path := concat("/", ["/hops/0/claims", name])
		every value in ["~", longest] {
			fixtures.ruled_out("delegation", "chain_unverified", array.concat(
				fixtures.delegated(1),
				fixtures.putting(path, value),
			))
		}
		every value in ["", concat("", [longest, "x"])] {
			fixtures.stands("delegation", "chain_unverified", array.concat(
				fixtures.delegated(1),
				fixtures.putting(path, value),
			))
		}
	}
}

test_stands_for_hops_whose_name_is_no_step_to_an_account if {
	every name in ["", "a/b", "/", concat("", ["x" | some _ in numbers.range(1, 49)])] {
		fixtures.stands("delegation", "chain_unverified", array.concat(
			fixtures.delegated(1),
			fixtures.putting("/hops/0/claims/delegation", name),
		))
	}
	every name in ["a", concat("", ["x" | some _ in numbers.range(1, 48)])] {
		fixtures.ruled_out("delegation", "chain_unverified", array.concat(
			fixtures.delegated(1),
			fixtures.putting("/hops/0/claims/delegation", name),
		))
	}
}

test_stands_for_a_number_that_is_not_counted if {
	every name in ["iat", "exp", "del_max_depth"] {
		path := concat("/", ["/hops/0/claims", name])
		every value in [0, 9007199254740991] {
			fixtures.ruled_out("delegation", "chain_unverified", array.concat(
				fixtures.delegated(1),
				fixtures.putting(path, value),
			))
		}
		every value in [-1, 0.5, 9007199254740992, 1e300] {
			fixtures.stands("delegation", "chain_unverified", array.concat(
				fixtures.delegated(1),
				fixtures.putting(path, value),
			))
		}
	}
}

test_stands_for_a_depth_that_counts_no_hands if {
	every depth in [-0.5, -2, 0.5] {
		fixtures.stands("delegation", "chain_unverified", fixtures.joined([
			fixtures.delegated(1),
			fixtures.putting("/task/claims/del_depth", depth),
			fixtures.putting("/hops/0/claims/del_depth", depth + 1),
		]))
	}
}

test_stands_for_a_holder_that_is_named_in_more_than_one_way if {
	fixtures.stands("delegation", "chain_unverified", array.concat(
		fixtures.delegated(1),
		fixtures.putting("/hops/0/claims/cnf/kid", "key-1"),
	))
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
	"/task/claims/cnf",
	"/task/claims/cnf/jwk",
	"/task/claims/cnf/jwk/x",
	"/task/claims/act",
	"/task/claims/del_depth",
	"/hops/0/claims/sub",
	"/hops/0/claims/act",
	"/hops/0/claims/iat",
	"/hops/0/claims/exp",
	"/hops/0/claims/jti",
	"/hops/0/claims/task",
	"/hops/0/claims/sid",
	"/hops/0/claims/tenant",
	"/hops/0/claims/cnf",
	"/hops/0/claims/del_depth",
	"/hops/0/claims/del_max_depth",
	"/hops/0/claims/delegation",
	"/hops/0/claims/authorization_details",
	"/hops/0/claims/act/sub",
	"/hops/0/claims/act/act",
	"/hops/0/claims/cnf/jwk",
	"/hops/0/claims/cnf/jwk/kty",
	"/hops/0/claims/cnf/jwk/crv",
	"/hops/0/claims/cnf/jwk/x",
	"/hops/0/claims/cnf/jwk/y",
	"/hops/0/claims/authorization_details/0",
]
