package inbounds.evaluation_test

import data.inbounds.evaluation
import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.main

_stage := fixtures.staged([])

_of(tool) := json.patch(_stage.question, [{"op": "replace", "path": "/action/name", "value": tool}])

_decisions(asked) := decisions if {
	decisions := evaluation.decisions with input as asked
		with data.inbounds.build as fixtures.build
		with data.deployment as _stage.deployment
		with data.live as _stage.live
		with data.inbounds.lib.clock.now as _stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_alone(question) := decision if {
	decision := main.decision with input as question
		with data.inbounds.build as fixtures.build
		with data.deployment as _stage.deployment
		with data.live as _stage.live
		with data.inbounds.lib.clock.now as _stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

test_each_is_judged_as_if_it_were_asked_alone if {
	questions := [_of("mail.read"), _of("mail.forward"), {}, _of("mail.read")]
	decisions := _decisions({"questions": questions})

	decisions == [_alone(question) | some question in questions]
	[decision.decision | some decision in decisions] == [true, false, false, true]
}

test_no_questions_have_no_decisions if {
	every asked in [{"questions": []}, {"questions": null}, {}, {"questions": "mail.read"}] {
		_decisions(asked) == []
	}
}

test_what_is_no_question_is_denied if {
	decisions := _decisions({"questions": fixtures.junk})

	count(decisions) == count(fixtures.junk)
	every decision in decisions {
		decision.decision == false
	}
}
