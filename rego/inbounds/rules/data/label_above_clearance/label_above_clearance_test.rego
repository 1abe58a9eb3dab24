package inbounds.rules.data.label_above_clearance_test

import data.inbounds.lib.fixtures_test as fixtures

_agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/clearance"

_alice := "/deployment/subjects/alice@acme.example/clearance"

_staff := "/deployment/groups/staff/clearance"

_label := "/question/resource/properties/label"

test_ruled_out_up_to_the_clearance if {
	fixtures.ruled_out(
		"data",
		"label_above_clearance",
		fixtures.putting("/deployment/labels/resources/mail/label", "confidential"),
	)

	every _, patches in fixtures.calls {
		fixtures.ruled_out("data", "label_above_clearance", patches)
	}
}

test_the_highest_clearance_is_none_for_what_has_no_id if {
	cleared := fixtures.joined([fixtures.putting(_agent, "secret"), fixtures.putting(_alice, "secret")])

	fixtures.ruled_out("data", "label_above_clearance", cleared)
	fixtures.stands_without("data", "label_above_clearance", cleared, ["/question/resource/id"])
	fixtures.stands_retyped("data", "label_above_clearance", cleared, ["/question/resource/id"], "string")
}

test_the_highest_clearance_of_subject_and_groups_counts if {
	fixtures.ruled_out("data", "label_above_clearance", fixtures.joined([
		fixtures.putting(_alice, ""),
		fixtures.putting(_staff, "confidential"),
	]))
}

test_names_a_resource_that_is_labelled_too_high if {
	every patches in [
		fixtures.putting("/question/resource/id", "board/1"),
		fixtures.putting("/question/resource/id", "BOARD/1"),
		fixtures.putting("/question/resource/id", "board/./1"),
		fixtures.putting("/question/resource/id", "mail/../board/1"),
		fixtures.putting("/deployment/labels/resources/mail/label", "secret"),
		fixtures.putting("/deployment/labels/resources/mail/label", "unknown"),
		fixtures.putting("/question/resource/type", "letter"),
		fixtures.putting("/question/resource/type", "mailbox"),
	] {
		fixtures.stands("data", "label_above_clearance", patches)
		fixtures.details("data", "label_above_clearance", patches) == {{"of": "resource", "label": "secret"}}
	}
}

test_names_what_the_caller_says_of_the_label if {
	every label in ["secret", "unknown", "Public", 0, [], {}, null, false] {
		patches := fixtures.putting(_label, label)
		fixtures.stands("data", "label_above_clearance", patches)
		fixtures.details("data", "label_above_clearance", patches) == {
			{"of": "resource", "label": "secret"},
			{"place": "/resource/properties/label"},
		}
	}
}

test_does_not_name_what_the_caller_says_up_to_the_clearance if {
	patches := fixtures.joined([
		fixtures.putting(_label, "confidential"),
		fixtures.putting("/question/resource/id", "board/1"),
	])

	fixtures.details("data", "label_above_clearance", patches) == {{"of": "resource", "label": "secret"}}
}

test_what_the_caller_says_never_lowers_a_label if {
	every label in ["public", ""] {
		fixtures.stands("data", "label_above_clearance", fixtures.joined([
			fixtures.putting("/question/resource/id", "board/1"),
			fixtures.putting(_label, label),
		]))
	}
}

test_names_a_result_that_is_labelled_too_high if {
	every patches in [
		fixtures.putting("/deployment/tools/mail.read/returns/label", "secret"),
		fixtures.putting("/deployment/tools/mail.read/returns/label", "unknown"),
		fixtures.putting("/deployment/tools/mail.read/returns/label", ""),
		[{"op": "remove", "path": "/deployment/tools/mail.read/returns/label"}],
		[{"op": "remove", "path": "/deployment/tools/mail.read/returns"}],
	] {
		fixtures.stands("data", "label_above_clearance", patches)
		fixtures.details("data", "label_above_clearance", patches) == {{"of": "result", "label": "secret"}}
	}
}

test_both_must_be_cleared if {
	every patches in [
		fixtures.putting(_agent, "internal"),
		fixtures.joined([fixtures.putting(_alice, "public"), fixtures.putting(_staff, "internal")]),
	] {
		fixtures.stands("data", "label_above_clearance", patches)
		fixtures.details("data", "label_above_clearance", patches) == {{"of": "result", "label": "confidential"}}
	}
}

test_stands_when_a_clearance_is_not_known if {
	every patches in [
		fixtures.putting(_agent, "unknown"),
		fixtures.putting(_agent, ""),
		fixtures.joined([fixtures.putting(_alice, ""), fixtures.putting(_staff, "")]),
		fixtures.putting("/task/claims/sub", "mallory@evil.example"),
		fixtures.putting("/identity/claims/sub", "spiffe://acme.example/agent/other"),
		fixtures.putting("/identity/genuine", false),
		fixtures.putting("/task/genuine", false),
	] {
		fixtures.stands("data", "label_above_clearance", patches)
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("data", "label_above_clearance", [], [
		"/question/action/name",
		"/question/resource",
		"/question/resource/type",
		"/question/resource/id",
		"/identity/claims/sub",
		"/task/claims/sub",
		_agent,
		"/deployment/labels",
		"/deployment/labels/order",
		"/deployment/labels/resources",
		"/deployment/labels/resources/mail",
		"/deployment/tools/mail.read",
		"/deployment/tools/mail.read/resource",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("data", "label_above_clearance", [], ["/question/resource", "/deployment/labels"], "object")
	fixtures.stands_retyped(
		"data", "label_above_clearance", [], [
			"/question/action/name",
			"/question/resource/type",
			"/question/resource/id",
			"/identity/claims/sub",
			"/task/claims/sub",
			_agent,
		],
		"string",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("data", "label_above_clearance", anything)
	}
}
