package inbounds.obligations.strip.links_and_images_test

import data.inbounds.lib.fixtures_test as fixtures

_at := "/deployment/tools/mail.read/returns/strip"

test_obliges_to_what_the_registry_says if {
	_owed(fixtures.putting(_at, ["links"])) == [{
		"id": concat(":", ["strip", fixtures.question([]).context.decision.id]),
		"type": "strip",
		"properties": {"what": ["links"]},
	}]
}

test_silent_where_the_registry_says_nothing if {
	_owed([]) == []

	every value in [[]] {
		_owed(fixtures.putting(_at, value)) == []
	}
}

test_a_refused_call_obliges_to_nothing if {
	patches := fixtures.joined([
		fixtures.putting(_at, ["links"]),
		fixtures.putting("/question/context/agent", "spiffe://acme.example/agent/other"),
	])

	fixtures.answer(patches).decision == false
	_owed(patches) == []
}

# Spoilt, it is an obligation that no PEP discharges, or a call that is not permitted.
test_what_is_of_another_type_is_not_taken_for_nothing if {
	every spoilt in [null, 0, false, {}] {
		answer := fixtures.answer(fixtures.putting(_at, spoilt))
		answer.context.obligations != []
	}
}

test_a_decision_of_another_type_obliges_to_nothing if {
	every spoilt in [null, 0, true, [], {}] {
		patches := fixtures.joined([
			fixtures.putting(_at, ["links"]),
			fixtures.putting("/question/context/decision/id", spoilt),
		])
		fixtures.answer(patches).decision == false
		_owed(patches) == []
	}
}

_owed(patches) := fixtures.answer(patches).context.obligations
