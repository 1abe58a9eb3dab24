package inbounds.rules.capability.not_in_task_test

import data.inbounds.lib.fixtures_test as fixtures

_tools := "/task/claims/authorization_details/0/tools"

test_ruled_out_for_the_tools_of_the_task if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("capability", "not_in_task", patches)
	}
}

test_names_the_tool_that_the_task_lacks if {
	every patches in [
		[{"op": "remove", "path": concat("/", [_tools, "mail.read"])}],
		fixtures.putting(_tools, {}),
		fixtures.putting(_tools, {"*": {"arguments": {}}}),
	] {
		fixtures.stands("capability", "not_in_task", patches)
		fixtures.details("capability", "not_in_task", patches) == {{"tool": "mail.read"}}
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("capability", "not_in_task", fixtures.putting("/task/genuine", false))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("capability", "not_in_task", [], [
		"/question/action/name",
		"/task/claims/authorization_details",
		"/task/claims/authorization_details/0/type",
		_tools,
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("capability", "not_in_task", [], ["/question/action/name"], "string")
	fixtures.stands_retyped("capability", "not_in_task", [], [_tools, concat("/", [_tools, "mail.read"])], "object")
	fixtures.stands_retyped("capability", "not_in_task", [], ["/task/claims/authorization_details"], "array")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "not_in_task", anything)
	}
}
