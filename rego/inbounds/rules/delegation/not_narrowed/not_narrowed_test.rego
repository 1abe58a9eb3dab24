package inbounds.rules.delegation.not_narrowed_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_where_nobody_handed_the_task_on if {
	fixtures.ruled_out("delegation", "not_narrowed", [])
	fixtures.details("delegation", "not_narrowed", []) == set()
}

test_ruled_out_however_often_it_was_handed_on_in_order if {
	every hops in [1, 2] {
		fixtures.ruled_out("delegation", "not_narrowed", fixtures.delegated(hops))
		fixtures.details("delegation", "not_narrowed", fixtures.delegated(hops)) == set()
	}
}

test_stands_for_a_chain_that_is_none if {
	every chain in [null, 0, true, "", "x", {}, {"0": ""}, [null], [0], [[]], ["x"], ["a.b.c"]] {
		fixtures.stands(
			"delegation", "not_narrowed",
			fixtures.putting("/question/context/credentials/chain", chain),
		)
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every damage in fixtures.damages(path) {
			fixtures.stands("delegation", "not_narrowed", array.concat(fixtures.delegated(1), damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("delegation", "not_narrowed", anything)
	}
}

test_stands_for_more_whatever_is_said_of_it_beside_the_authority if {
	every axis in ["budgets", "deadline", "label"] {
		fixtures.stands("delegation", "not_narrowed", fixtures.joined([
			fixtures.delegated(1),
			fixtures.putting(concat("/", ["/task/claims", axis]), 7),
			fixtures.putting(concat("/", ["/hops/0/claims", axis]), 7),
			[{"op": "remove", "path": concat("/", ["/hops/0/claims/authorization_details/0", axis])}],
		]))
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
	"/task/claims/authorization_details",
	"/task/claims/authorization_details/0",
	"/hops/0/claims/authorization_details",
	"/hops/0/claims/authorization_details/0",
	"/task/claims/exp",
	"/hops/0/claims/exp",
	"/task/claims/del_max_depth",
	"/hops/0/claims/del_max_depth",
	"/deployment/labels/order",
	"/task/claims/authorization_details/0/type",
	"/task/claims/authorization_details/0/intent",
	"/task/claims/authorization_details/0/effects",
	"/task/claims/authorization_details/0/tools",
	"/task/claims/authorization_details/0/resources",
	"/task/claims/authorization_details/0/destinations",
	"/task/claims/authorization_details/0/label",
	"/task/claims/authorization_details/0/budgets",
	"/task/claims/authorization_details/0/environment",
	"/task/claims/authorization_details/0/deadline",
	"/hops/0/claims/authorization_details/0/type",
	"/hops/0/claims/authorization_details/0/intent",
	"/hops/0/claims/authorization_details/0/effects",
	"/hops/0/claims/authorization_details/0/tools",
	"/hops/0/claims/authorization_details/0/resources",
	"/hops/0/claims/authorization_details/0/destinations",
	"/hops/0/claims/authorization_details/0/label",
	"/hops/0/claims/authorization_details/0/bounds",
	"/hops/0/claims/authorization_details/0/windows",
	"/hops/0/claims/authorization_details/0/delegated",
	"/hops/0/claims/authorization_details/0/budgets",
	"/hops/0/claims/authorization_details/0/environment",
	"/hops/0/claims/authorization_details/0/deadline",
]

# What the issuer's token leaves out bounds nothing, and is left out of what it is compared with.
test_stands_when_what_may_be_left_out_is_of_another_type if {
	every name in ["bounds", "windows", "delegated"] {
		path := concat("/", ["/task/claims/authorization_details/0", name])
		fixtures.ruled_out("delegation", "not_narrowed", array.concat(
			fixtures.delegated(1),
			[{"op": "remove", "path": path}],
		))
		every value in [null, true, -1, "x", [[]], {"": {}}] {
			fixtures.stands("delegation", "not_narrowed", array.concat(
				fixtures.delegated(1),
				[{"op": "replace", "path": path, "value": value}],
			))
		}
	}
}
