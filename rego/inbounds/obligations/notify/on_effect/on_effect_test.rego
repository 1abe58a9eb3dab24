package inbounds.obligations.notify.on_effect_test

import data.inbounds.lib.fixtures_test as fixtures

test_tells_whom_the_registry_names if {
	notices := _notices([_naming("owner@acme.example")])

	notices == [{
		"id": concat(":", ["notify", fixtures.question([]).context.decision.id]),
		"type": "notify",
		"properties": {"to": "owner@acme.example", "tool": "mail.read"},
	}]
}

test_silent_where_the_registry_names_nobody if {
	_notices([]) == []
	_notices([_naming("")]) == []
}

test_a_refused_call_obliges_to_nothing if {
	unknown := {"op": "replace", "path": "/question/context/agent", "value": "spiffe://acme.example/agent/other"}
	answer := fixtures.answer([_naming("owner@acme.example"), unknown])

	answer.decision == false
	answer.context.obligations == []
}

# Spoilt, the name is an obligation that no PEP discharges, or a call that is not permitted.
test_a_name_of_another_type_is_not_taken_for_nobody if {
	every spoilt in [null, 0, false, [], {}] {
		answer := fixtures.answer([_naming(spoilt)])
		answer.context.obligations != []
	}
}

# No id can be made of it; the question is malformed, and says so instead of failing.
test_a_decision_of_another_type_is_told_to_nobody if {
	every spoilt in [null, 0, true, [], {}] {
		patch := {"op": "replace", "path": "/question/context/decision/id", "value": spoilt}
		answer := fixtures.answer([_naming("owner@acme.example"), patch])
		[reason.code | some reason in answer.context.reasons] == ["request.malformed"]
		answer.context.obligations == []
	}
}

_naming(whom) := {"op": "add", "path": "/deployment/tools/mail.read/notify", "value": whom}

_notices(patches) := fixtures.answer(patches).context.obligations
