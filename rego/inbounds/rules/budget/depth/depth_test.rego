package inbounds.rules.budget.depth_test

import data.inbounds.lib.fixtures_test as fixtures

_claims := "/task/claims"

_budgets := "/task/claims/authorization_details/0/budgets"

_through(hops, most) := fixtures.joined([
	fixtures.putting(concat("/", [_claims, "del_depth"]), hops),
	fixtures.putting(concat("/", [_claims, "del_max_depth"]), most),
])

_most(number) := fixtures.putting(_budgets, {"depth": number})

test_ruled_out_up_to_what_the_token_says if {
	every patches in [[], _through(0, 3), _through(3, 3)] {
		fixtures.ruled_out("budget", "depth", patches)
		fixtures.ruled_out("budget", "depth", fixtures.joined([patches, fixtures.putting(_budgets, {"calls": 0})]))
	}
}

test_ruled_out_up_to_the_budget if {
	every number in [2, 3] {
		patches := fixtures.joined([_through(2, 9), _most(number)])
		fixtures.ruled_out("budget", "depth", patches)
		fixtures.details("budget", "depth", patches) == set()
	}
}

test_names_the_budget_that_is_exceeded if {
	every number in [0, 1] {
		patches := fixtures.joined([_through(2, 9), _most(number)])
		fixtures.stands("budget", "depth", patches)
		fixtures.details("budget", "depth", patches) == {{"budget": "depth", "most": number}}
	}
}

test_a_budget_lets_no_more_through_than_the_token if {
	patches := fixtures.joined([_through(2, 1), _most(9)])
	fixtures.stands("budget", "depth", patches)
	fixtures.details("budget", "depth", patches) == set()
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("budget", "depth", _most(9), [
		concat("/", [_claims, "del_depth"]),
		concat("/", [_claims, "del_max_depth"]),
		_budgets,
		"/task/claims/authorization_details",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("budget", "depth", _most(9), [_budgets], "object")
	fixtures.stands_retyped(
		"budget", "depth", _most(9), [
			concat("/", [_claims, "del_depth"]),
			concat("/", [_claims, "del_max_depth"]),
			concat("/", [_budgets, "depth"]),
		],
		"number",
	)
	fixtures.stands_retyped(
		"budget", "depth", [],
		[concat("/", [_claims, "del_depth"]), concat("/", [_claims, "del_max_depth"])],
		"number",
	)
}

test_stands_without_a_verified_task if {
	fixtures.stands("budget", "depth", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("budget", "depth", anything)
	}
}
