package inbounds.rules.budget.rows_test

import data.inbounds.lib.fixtures_test as fixtures

_budgets := "/task/claims/authorization_details/0/budgets"

_taken := "/question/context/session/tasks/task-1"

_call := fixtures.joined([fixtures.calls["mail.read"], fixtures.putting("/deployment/tools/mail.read/returns/rows", 4)])

_most(number) := fixtures.joined([_call, fixtures.putting(_budgets, {"rows": number})])

test_a_budget_that_is_not_set_bounds_nothing if {
	every budgets in [{}, {"calls": 0, "money.EUR": 0}] {
		every _, call in fixtures.calls {
			fixtures.ruled_out("budget", "rows", fixtures.joined([call, fixtures.putting(_budgets, budgets)]))
		}
	}
}

test_ruled_out_up_to_the_budget if {
	every number in [24, 24 + 1, 9007199254740991] {
		fixtures.ruled_out("budget", "rows", _most(number))
		fixtures.details("budget", "rows", _most(number)) == set()
	}
}

test_names_the_budget_that_would_be_exceeded if {
	every number in [24 - 1, 0] {
		fixtures.stands("budget", "rows", _most(number))
		fixtures.details("budget", "rows", _most(number)) == {{"budget": "rows", "most": number}}
	}
}

test_a_task_that_the_session_does_not_know_has_taken_nothing if {
	fresh := [{"op": "remove", "path": _taken}]
	fixtures.ruled_out("budget", "rows", fixtures.joined([_most(4), fresh]))
	fixtures.stands("budget", "rows", fixtures.joined([_most(4 - 1), fresh]))
}

test_what_other_tasks_took_does_not_count if {
	fixtures.ruled_out("budget", "rows", fixtures.joined([
		_most(24),
		fixtures.putting("/question/context/session/tasks/task-2", {
			"deadline": 1800003600,
			"calls": 99, "writes": 99, "exports": 99, "rows": 99, "bytes": 99, "money": {},
		}),
		fixtures.putting("/question/context/session/spent/rows", 99),
	]))
}

test_a_call_that_takes_none_goes_on if {
	every tool in ["file.write", "mail.send"] {
		used_up := fixtures.joined([
			fixtures.calls[tool],
			fixtures.putting(_budgets, {"rows": 0}),
			fixtures.putting(concat("/", [_taken, "rows"]), 7),
		])
		fixtures.ruled_out("budget", "rows", used_up)

		every value in [null, true, false, "0", [], {}] {
			fixtures.stands("budget", "rows", fixtures.joined([
				used_up,
				fixtures.putting(concat("/", [_budgets, "rows"]), value),
			]))
		}
	}
}

test_a_tool_that_does_not_say_how_many_returns_one if {
	unsaid := [{"op": "remove", "path": "/deployment/tools/mail.read/returns/rows"}]
	fixtures.ruled_out("budget", "rows", fixtures.joined([_most(21), unsaid]))
	fixtures.stands("budget", "rows", fixtures.joined([_most(20), unsaid]))
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("budget", "rows", fixtures.joined([
			_most(99),
			fixtures.putting("/question/action/name", name),
		]))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("budget", "rows", _most(99), [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/context/session",
		"/question/context/session/tasks",
		concat("/", [_taken, "rows"]),
		concat("/", [_taken, "money"]),
		"/deployment/tools/mail.read",
		_budgets,
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"budget", "rows", _most(99), [
			"/question/context/session/tasks",
			_taken,
			concat("/", [_taken, "money"]),
			_budgets,
		],
		"object",
	)
	fixtures.stands_retyped(
		"budget", "rows", _most(99), [
			concat("/", [_taken, "rows"]),
			concat("/", [_budgets, "rows"]),
		],
		"number",
	)
	fixtures.stands_retyped("budget", "rows", _most(99), ["/question/action/name"], "string")
}

test_says_nothing_of_a_budget_that_is_no_number if {
	every value in [null, true, false, "99", [99], {"rows": 99}] {
		fixtures.stands("budget", "rows", _most(value))
		fixtures.details("budget", "rows", _most(value)) == set()
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("budget", "rows", fixtures.joined([_most(99), fixtures.putting("/task/genuine", false)]))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("budget", "rows", anything)
	}
}
