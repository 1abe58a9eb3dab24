package inbounds.obligations.truncate.rows_test

import data.inbounds.lib.fixtures_test as fixtures

_at := "/deployment/tools/mail.read/returns/rows"

test_obliges_to_what_the_registry_says if {
	_owed(fixtures.putting(_at, 5)) == [{
		"id": concat(":", ["truncate", fixtures.question([]).context.decision.id]),
		"type": "truncate",
		"properties": {"rows": 5},
	}]
}

test_silent_where_the_registry_says_nothing if {
	_owed([]) == []

	every value in [0] {
		_owed(fixtures.putting(_at, value)) == []
	}
}

test_a_refused_call_obliges_to_nothing if {
	patches := fixtures.joined([
		fixtures.putting(_at, 5),
		fixtures.putting("/question/context/agent", "spiffe://acme.example/agent/other"),
	])

	fixtures.answer(patches).decision == false
	_owed(patches) == []
}

test_rows_of_another_type_are_not_permitted if {
	every spoilt in [null, "5", [], {}, true] {
		fixtures.answer(fixtures.putting(_at, spoilt)).decision == false
	}
}

test_a_call_that_reads_nothing_returns_no_rows if {
	patches := fixtures.joined([
		fixtures.calls["file.write"],
		fixtures.putting("/deployment/tools/file.write/returns/rows", 5),
	])
	_owed(patches) == []
}

test_a_decision_of_another_type_obliges_to_nothing if {
	every spoilt in [null, 0, true, [], {}] {
		patches := fixtures.joined([
			fixtures.putting(_at, 5),
			fixtures.putting("/question/context/decision/id", spoilt),
		])
		fixtures.answer(patches).decision == false
		_owed(patches) == []
	}
}

_owed(patches) := fixtures.answer(patches).context.obligations
