package inbounds.rules.budget.repeats_test

import data.inbounds.lib.fixtures_test as fixtures

_budgets := "/task/claims/authorization_details/0/budgets"

_session := "/question/context/session"

_most(number) := fixtures.putting(_budgets, {"repeats": number})

# The call of the scene, permitted right before, and `times` right before that.
_again(times) := fixtures.joined([
	fixtures.putting(concat("/", [_session, "last"]), "mail.read hmac-sha256:key-1:00"),
	fixtures.putting(concat("/", [_session, "repeats"]), times),
])

test_a_budget_that_is_not_set_bounds_nothing if {
	every budgets in [{}, {"calls": 0, "money.EUR": 0}] {
		fixtures.ruled_out("budget", "repeats", fixtures.joined([_again(99), fixtures.putting(_budgets, budgets)]))
	}
}

test_ruled_out_up_to_the_budget if {
	every number in [3, 4] {
		patches := fixtures.joined([_again(2), _most(number)])
		fixtures.ruled_out("budget", "repeats", patches)
		fixtures.details("budget", "repeats", patches) == set()
	}
}

test_names_the_budget_that_would_be_exceeded if {
	every number in [0, 1, 2] {
		patches := fixtures.joined([_again(2), _most(number)])
		fixtures.stands("budget", "repeats", patches)
		fixtures.details("budget", "repeats", patches) == {{"budget": "repeats", "most": number}}
	}
}

test_another_call_in_between_begins_anew if {
	every last in ["", "mail.read hmac-sha256:key-1:01", "mail.list hmac-sha256:key-1:00"] {
		fixtures.ruled_out("budget", "repeats", fixtures.joined([
			_again(99),
			fixtures.putting(concat("/", [_session, "last"]), last),
			_most(0),
		]))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("budget", "repeats", fixtures.joined([_again(2), _most(9)]), [
		"/question/action",
		"/question/action/name",
		"/question/action/properties/digest",
		_session,
		concat("/", [_session, "last"]),
		concat("/", [_session, "repeats"]),
		_budgets,
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	patches := fixtures.joined([_again(2), _most(9)])
	fixtures.stands_retyped("budget", "repeats", patches, [_budgets], "object")
	fixtures.stands_retyped(
		"budget", "repeats", patches,
		["/question/action/name", "/question/action/properties/digest", concat("/", [_session, "last"])],
		"string",
	)
	fixtures.stands_retyped(
		"budget", "repeats", patches,
		[concat("/", [_session, "repeats"]), concat("/", [_budgets, "repeats"])],
		"number",
	)
}

test_stands_without_a_verified_task if {
	fixtures.stands("budget", "repeats", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("budget", "repeats", anything)
	}
}
