package inbounds.obligations.redact.above_task_label_test

import data.inbounds.lib.fixtures_test as fixtures

_at := "/deployment/tools/mail.read/returns/fields"

test_obliges_to_what_the_registry_says if {
	_owed(fixtures.putting(_at, {"/salary": {"label": "secret"}, "/name": {"label": "confidential"}, "/x": {}})) == [{
		"id": concat(":", ["redact", fixtures.question([]).context.decision.id]),
		"type": "redact",
		"properties": {"fields": ["/salary"]},
	}]
}

test_silent_where_the_registry_says_nothing if {
	_owed([]) == []

	every value in [{}, {"/a": {"label": ""}}, {"/a": {"label": "public"}}, {"/a": {"holds": "id"}}] {
		_owed(fixtures.putting(_at, value)) == []
	}
}

test_a_refused_call_obliges_to_nothing if {
	patches := fixtures.joined([
		fixtures.putting(_at, {"/salary": {"label": "secret"}, "/name": {"label": "confidential"}, "/x": {}}),
		fixtures.putting("/question/context/agent", "spiffe://acme.example/agent/other"),
	])

	fixtures.answer(patches).decision == false
	_owed(patches) == []
}

# Spoilt, it is an obligation that no PEP discharges, or a call that is not permitted.
test_what_is_of_another_type_is_not_taken_for_nothing if {
	every spoilt in [{"/a": {"label": 7}}, {"/a": {"label": "nobody knows"}}] {
		answer := fixtures.answer(fixtures.putting(_at, spoilt))
		answer.context.obligations != []
	}
}

test_a_decision_of_another_type_obliges_to_nothing if {
	every spoilt in [null, 0, true, [], {}] {
		patches := fixtures.joined([
			fixtures.putting(_at, {"/salary": {"label": "secret"}, "/name": {"label": "confidential"}, "/x": {}}),
			fixtures.putting("/question/context/decision/id", spoilt),
		])
		fixtures.answer(patches).decision == false
		_owed(patches) == []
	}
}

_owed(patches) := fixtures.answer(patches).context.obligations
