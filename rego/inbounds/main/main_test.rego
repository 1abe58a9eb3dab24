package inbounds.main_test

import data.inbounds.lib.fixtures_test as fixtures

test_allows_the_ordinary_scene if {
	answer := fixtures.answer([])

	answer.decision == true
	answer.context.outcome == "allow"
	answer.context.reasons == []
	answer.context.session.version == 18
	answer.context.session.spent == {"calls": 13, "writes": 1, "exports": 0}
	answer.context.session.label == "confidential"
	answer.context.session.trust == "untrusted"
}
