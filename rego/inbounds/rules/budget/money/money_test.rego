package inbounds.rules.budget.money_test

import data.inbounds.lib.fixtures_test as fixtures

_arguments := "/question/action/properties/arguments"

_budgets := "/task/claims/authorization_details/0/budgets"

_taken := "/question/context/session/tasks/task-1/money"

_tool := "/deployment/tools/mail.read"

# A payment of 12.34 by a task that has spent 50.00.
_payment := fixtures.joined([
	fixtures.putting(concat("/", [_tool, "effects"]), ["spend"]),
	fixtures.putting(concat("/", [_tool, "currency"]), "EUR"),
	fixtures.putting(concat("/", [_tool, "decimals"]), 2),
	fixtures.putting(concat("/", [_tool, "arguments/~1amount"]), {"type": "number", "role": "amount", "nullable": true}),
	fixtures.putting(concat("/", [_arguments, "amount"]), 12.34),
	fixtures.putting(_taken, {"EUR": 5000}),
])

_most(budgets) := fixtures.joined([_payment, fixtures.putting(_budgets, budgets)])

test_what_spends_nothing_is_free if {
	every _, call in fixtures.calls {
		every budgets in [{}, {"money.EUR": 0}, {"money.EUR": 0, "money.GBP": 0}] {
			fixtures.ruled_out("budget", "money", fixtures.joined([call, fixtures.putting(_budgets, budgets)]))
		}
	}
}

test_without_a_budget_of_money_spending_has_no_bound if {
	every budgets in [{}, {"calls": 0}, {"money": 0}, {"moneyEUR": 0}] {
		fixtures.ruled_out("budget", "money", _most(budgets))
		fixtures.ruled_out("budget", "money", fixtures.joined([
			_most(budgets),
			[{"op": "remove", "path": concat("/", [_tool, "currency"])}],
		]))
	}
}

test_ruled_out_up_to_the_budget if {
	every number in [6234, 6235] {
		fixtures.ruled_out("budget", "money", _most({"money.EUR": number}))
		fixtures.details("budget", "money", _most({"money.EUR": number})) == set()
		fixtures.ruled_out("budget", "money", _most({"money.EUR": number, "money.GBP": 0}))
	}
}

test_names_the_budget_that_would_be_exceeded if {
	every number in [6233, 0] {
		fixtures.stands("budget", "money", _most({"money.EUR": number}))
		details := fixtures.details("budget", "money", _most({"money.EUR": number}))
		details == {{"budget": "money.EUR", "most": number}}
	}
}

test_an_amount_below_zero_gives_nothing_back if {
	back := fixtures.putting(concat("/", [_arguments, "amount"]), -12.34)
	fixtures.ruled_out("budget", "money", fixtures.joined([_most({"money.EUR": 6234}), back]))
	fixtures.stands("budget", "money", fixtures.joined([_most({"money.EUR": 6233}), back]))
}

test_several_amounts_are_spent_together if {
	another := fixtures.joined([
		fixtures.putting(concat("/", [_tool, "arguments/~1fees~1*"]), {"type": "number", "role": "amount"}),
		fixtures.putting(concat("/", [_arguments, "fees"]), [1, 0.5]),
	])
	fixtures.ruled_out("budget", "money", fixtures.joined([_most({"money.EUR": 6384}), another]))
	fixtures.stands("budget", "money", fixtures.joined([_most({"money.EUR": 6383}), another]))
}

test_a_currency_without_a_budget_is_not_spent_beside_one_with if {
	every budgets in [{"money.GBP": 99999}, {"money.eur": 99999}, {"money.": 99999}] {
		fixtures.stands("budget", "money", _most(budgets))
		fixtures.details("budget", "money", _most(budgets)) == {{"uncounted": "currency"}}
	}
}

test_a_tool_without_a_currency_cannot_be_counted if {
	every patches in [
		[{"op": "remove", "path": concat("/", [_tool, "currency"])}],
		fixtures.putting(concat("/", [_tool, "currency"]), ""),
		fixtures.putting(concat("/", [_tool, "currency"]), null),
	] {
		uncounted := fixtures.joined([_most({"money.EUR": 99999, "money.": 99999}), patches])
		fixtures.stands("budget", "money", uncounted)
	}

	unsaid := [{"op": "remove", "path": concat("/", [_tool, "currency"])}]
	details := fixtures.details("budget", "money", fixtures.joined([_most({"money.EUR": 99999}), unsaid]))
	details == {{"uncounted": "currency"}}
}

test_spending_without_an_amount_cannot_be_counted if {
	every patches in [
		[{"op": "remove", "path": concat("/", [_arguments, "amount"])}],
		fixtures.putting(concat("/", [_arguments, "amount"]), null),
		[{"op": "remove", "path": concat("/", [_tool, "arguments/~1amount/role"])}],
		fixtures.putting(concat("/", [_tool, "arguments/~1amount/role"]), "target"),
	] {
		uncounted := fixtures.joined([_most({"money.EUR": 99999}), patches])
		fixtures.stands("budget", "money", uncounted)
		fixtures.details("budget", "money", uncounted) == {{"uncounted": "amount"}}
		fixtures.ruled_out("budget", "money", fixtures.joined([_payment, patches]))

		# Nor does it exceed anything, however little is left.
		little := fixtures.joined([_most({"money.EUR": 0}), patches])
		fixtures.details("budget", "money", little) == {{"uncounted": "amount"}}
	}
}

test_an_amount_that_is_no_number_cannot_be_counted_for_any_task if {
	every value in ["12.34", true, false, [12.34]] {
		uncounted := fixtures.joined([_payment, fixtures.putting(concat("/", [_arguments, "amount"]), value)])
		listed := fixtures.putting(concat("/", [_tool, "arguments/~1amount~1*"]), {"role": "amount"})
		effects := fixtures.putting(concat("/", [_tool, "effects"]), ["write"])

		every patches in [[], effects, fixtures.putting(_budgets, {"money.EUR": 99999})] {
			_uncounted_amount(value, fixtures.joined([uncounted, patches, listed]))
		}
	}
}

# A list is not a leaf: what it holds is counted.
_uncounted_amount([12.34], patches) if fixtures.ruled_out("budget", "money", patches)

_uncounted_amount(value, patches) if {
	value != [12.34]
	fixtures.stands("budget", "money", patches)
	{"uncounted": "amount"} in fixtures.details("budget", "money", patches)
}

test_minor_units_that_cannot_be_told_cannot_be_counted if {
	every decimals in [5, -1, 1.5, "2", null, [], {}] {
		uncounted := fixtures.joined([
			_most({"money.EUR": 99999}),
			fixtures.putting(concat("/", [_tool, "decimals"]), decimals),
		])
		fixtures.stands("budget", "money", uncounted)
		fixtures.details("budget", "money", uncounted) == {{"uncounted": "amount"}}
	}
}

test_an_amount_of_a_tool_without_effects_is_not_counted if {
	every most in [0, 99999] {
		unknown := fixtures.joined([
			_most({"money.EUR": most}),
			fixtures.putting(concat("/", [_tool, "effects"]), []),
		])
		fixtures.stands("budget", "money", unknown)
		fixtures.details("budget", "money", unknown) == {{"uncounted": "amount"}}
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("budget", "money", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("budget", "money", _most({"money.EUR": 99999}), [
		"/question/action/name",
		_arguments,
		"/question/context/session",
		"/question/context/session/tasks",
		_taken,
		concat("/", [_tool, "effects"]),
		_budgets,
	])
	fixtures.stands_without("budget", "money", [], [_arguments, _budgets])
	fixtures.stands_without("budget", "money", _payment, [_arguments, _budgets])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"budget", "money", _most({"money.EUR": 99999}),
		[
			_arguments,
			"/question/context/session/tasks",
			"/question/context/session/tasks/task-1",
			_taken,
			_budgets,
		],
		"object",
	)
	fixtures.stands_retyped(
		"budget", "money", _most({"money.EUR": 99999}),
		[concat("/", [_taken, "EUR"]), concat("/", [_budgets, "money.EUR"])],
		"number",
	)
	fixtures.stands_retyped("budget", "money", _most({"money.EUR": 99999}), ["/question/action/name"], "string")
	fixtures.stands_retyped("budget", "money", [], [_arguments, _budgets], "object")
}

test_stands_without_a_verified_task if {
	fixtures.stands("budget", "money", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("budget", "money", anything)
	}
}
