package inbounds.rules.data.label_above_task_test

import data.inbounds.lib.fixtures_test as fixtures

_reach := "/task/claims/authorization_details/0/label"

test_ruled_out_up_to_the_label_of_the_task if {
	fixtures.ruled_out("data", "label_above_task", fixtures.putting(_reach, "secret"))
	fixtures.ruled_out(
		"data",
		"label_above_task",
		fixtures.putting("/deployment/labels/resources/mail/label", "confidential"),
	)

	every _, patches in fixtures.calls {
		fixtures.ruled_out("data", "label_above_task", patches)
	}
}

test_the_highest_label_is_none_for_what_has_no_id if {
	highest := fixtures.putting(_reach, "secret")

	fixtures.stands_without("data", "label_above_task", highest, ["/question/resource/id"])
	fixtures.stands_retyped("data", "label_above_task", highest, ["/question/resource/id"], "string")
}

test_names_what_is_labelled_too_high if {
	every example in [
		{"label": "internal", "details": {{"of": "result", "label": "confidential"}}},
		{"label": "public", "details": {
			{"of": "resource", "label": "internal"},
			{"of": "result", "label": "confidential"},
		}},
	] {
		patches := fixtures.putting(_reach, example.label)
		fixtures.stands("data", "label_above_task", patches)
		fixtures.details("data", "label_above_task", patches) == example.details
	}
}

test_names_a_resource_above_a_result_within if {
	patches := fixtures.putting("/question/resource/id", "board/1")

	fixtures.stands("data", "label_above_task", patches)
	fixtures.details("data", "label_above_task", patches) == {{"of": "resource", "label": "secret"}}
}

test_names_what_the_caller_says_of_the_label if {
	patches := fixtures.putting("/question/resource/properties/label", "secret")

	fixtures.stands("data", "label_above_task", patches)
	fixtures.details("data", "label_above_task", patches) == {
		{"of": "resource", "label": "secret"},
		{"place": "/resource/properties/label"},
	}
}

test_stands_when_the_label_of_the_task_is_not_known if {
	every patches in [
		fixtures.putting(_reach, "unknown"),
		fixtures.putting(_reach, ""),
		fixtures.putting("/task/genuine", false),
	] {
		fixtures.stands("data", "label_above_task", patches)
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("data", "label_above_task", [], [
		"/question/action/name",
		"/question/resource",
		"/question/resource/type",
		"/question/resource/id",
		"/task/claims/authorization_details",
		_reach,
		"/deployment/labels/order",
		"/deployment/labels/resources/mail",
		"/deployment/tools/mail.read/returns",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("data", "label_above_task", [], ["/question/resource"], "object")
	fixtures.stands_retyped(
		"data", "label_above_task", [], [
			"/question/action/name",
			"/question/resource/type",
			"/question/resource/id",
			_reach,
		],
		"string",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("data", "label_above_task", anything)
	}
}
