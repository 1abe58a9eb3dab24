package inbounds.rules.budget.refusals_test

import data.inbounds.lib.fixtures_test as fixtures

_budgets := "/task/claims/authorization_details/0/budgets"

_refusals := "/question/context/session/refusals"

_sent(patches) := fixtures.joined([fixtures.calls["mail.send"], patches])

_after(refusals, most) := array.concat(
	fixtures.putting(_budgets, {"refusals": most}),
	fixtures.putting(_refusals, refusals),
)

test_a_budget_that_is_not_set_bounds_nothing if {
	every budgets in [{}, {"calls": 99}] {
		every _, call in fixtures.calls {
			fixtures.ruled_out("budget", "refusals", fixtures.joined([
				call, fixtures.putting(_budgets, budgets),
				fixtures.putting(_refusals, 99),
			]))
		}
	}
}

test_ruled_out_up_to_the_budget if {
	every refusals in [0, 4, 5] {
		fixtures.ruled_out("budget", "refusals", _sent(_after(refusals, 5)))
		fixtures.details("budget", "refusals", _sent(_after(refusals, 5))) == set()
	}
}

test_stands_beyond_the_budget if {
	every example in [{"refusals": 6, "most": 5}, {"refusals": 1, "most": 0}] {
		patches := _sent(_after(example.refusals, example.most))
		fixtures.stands("budget", "refusals", patches)
		fixtures.details("budget", "refusals", patches) == {{"budget": "refusals", "most": example.most}}
	}
}

test_reading_goes_on if {
	fixtures.ruled_out("budget", "refusals", _after(6, 5))
	fixtures.stands("budget", "refusals", array.concat(
		_after(6, 5),
		fixtures.putting("/deployment/tools/mail.read/effects", ["read", "delete"]),
	))
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("budget", "refusals", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("budget", "refusals", _sent(_after(1, 5)), [
		"/question/action/name",
		"/question/context/session",
		_refusals,
		_budgets,
		"/deployment/tools/mail.send/effects",
	])
	fixtures.stands_without("budget", "refusals", [], [_refusals, _budgets])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"budget", "refusals", _sent(_after(1, 5)),
		[_refusals, concat("/", [_budgets, "refusals"])], "number",
	)
	fixtures.stands_retyped("budget", "refusals", _sent(_after(1, 5)), [_budgets], "object")
	fixtures.stands_retyped("budget", "refusals", _sent(_after(1, 5)), ["/question/action/name"], "string")
}

test_says_nothing_of_a_budget_that_is_no_number if {
	every value in [null, true, "5", [5]] {
		fixtures.details("budget", "refusals", _sent(_after(1, value))) == set()
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("budget", "refusals", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("budget", "refusals", anything)
	}
}
