package inbounds.rules.budget.exports_test

import data.inbounds.lib.fixtures_test as fixtures

_budgets := "/task/claims/authorization_details/0/budgets"

_taken := "/question/context/session/tasks/task-1"

_call := fixtures.calls["mail.send"]

_most(number) := fixtures.joined([_call, fixtures.putting(_budgets, {"exports": number})])

test_a_budget_that_is_not_set_bounds_nothing if {
	every budgets in [{}, {"rows": 0, "money.EUR": 0}] {
		every _, call in fixtures.calls {
			fixtures.ruled_out("budget", "exports", fixtures.joined([call, fixtures.putting(_budgets, budgets)]))
		}
	}
}

test_ruled_out_up_to_the_budget if {
	every number in [1, 1 + 1, 9007199254740991] {
		fixtures.ruled_out("budget", "exports", _most(number))
		fixtures.details("budget", "exports", _most(number)) == set()
	}
}

test_names_the_budget_that_would_be_exceeded if {
	every number in [1 - 1, 0] {
		fixtures.stands("budget", "exports", _most(number))
		fixtures.details("budget", "exports", _most(number)) == {{"budget": "exports", "most": number}}
	}
}

test_a_task_that_the_session_does_not_know_has_taken_nothing if {
	fresh := [{"op": "remove", "path": _taken}]
	fixtures.ruled_out("budget", "exports", fixtures.joined([_most(1), fresh]))
	fixtures.stands("budget", "exports", fixtures.joined([_most(1 - 1), fresh]))
}

test_what_other_tasks_took_does_not_count if {
	fixtures.ruled_out("budget", "exports", fixtures.joined([
		_most(1),
		fixtures.putting("/question/context/session/tasks/task-2", {
			"deadline": 1800003600,
			"calls": 99, "writes": 99, "exports": 99, "rows": 99, "bytes": 99, "money": {},
		}),
		fixtures.putting("/question/context/session/spent/exports", 99),
	]))
}

test_a_call_that_takes_none_goes_on if {
	every tool in ["mail.read", "file.write"] {
		used_up := fixtures.joined([
			fixtures.calls[tool],
			fixtures.putting(_budgets, {"exports": 0}),
			fixtures.putting(concat("/", [_taken, "exports"]), 7),
		])
		fixtures.ruled_out("budget", "exports", used_up)

		every value in [null, true, false, "0", [], {}] {
			fixtures.stands("budget", "exports", fixtures.joined([
				used_up,
				fixtures.putting(concat("/", [_budgets, "exports"]), value),
			]))
		}
	}
}

test_a_request_to_an_address_takes_it_whatever_the_effects if {
	every effects in [["read"], ["export"], ["write"], ["spend"], ["delegate"]] {
		fixtures.stands("budget", "exports", fixtures.joined([
			fixtures.calls["web.get"],
			fixtures.putting("/deployment/tools/web.get/effects", effects),
			fixtures.putting(_budgets, {"exports": 0}),
		]))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("budget", "exports", fixtures.joined([
			_most(99),
			fixtures.putting("/question/action/name", name),
		]))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("budget", "exports", _most(99), [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/context/session",
		"/question/context/session/tasks",
		concat("/", [_taken, "exports"]),
		concat("/", [_taken, "money"]),
		"/deployment/tools/mail.send",
		_budgets,
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"budget", "exports", _most(99), [
			"/question/context/session/tasks",
			_taken,
			concat("/", [_taken, "money"]),
			_budgets,
		],
		"object",
	)
	fixtures.stands_retyped(
		"budget", "exports", _most(99), [
			concat("/", [_taken, "exports"]),
			concat("/", [_budgets, "exports"]),
		],
		"number",
	)
	fixtures.stands_retyped("budget", "exports", _most(99), ["/question/action/name"], "string")
}

test_says_nothing_of_a_budget_that_is_no_number if {
	every value in [null, true, false, "99", [99], {"exports": 99}] {
		fixtures.stands("budget", "exports", _most(value))
		fixtures.details("budget", "exports", _most(value)) == set()
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("budget", "exports", fixtures.joined([_most(99), fixtures.putting("/task/genuine", false)]))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("budget", "exports", anything)
	}
}
