package inbounds.rules.session.too_many_tasks_test

import data.inbounds.lib.fixtures_test as fixtures

_tasks := "/question/context/session/tasks"

_task := "/task/claims/authorization_details/0"

_now := fixtures.scene.now

_underway(names, deadline) := fixtures.putting(
	_tasks,
	{name: {
		"deadline": deadline,
		"calls": 1, "writes": 0, "exports": 0, "rows": 1, "bytes": 0, "money": {},
	} |
		some name in names
	},
)

_seven := ["a", "b", "c", "d", "e", "f", "g"]

test_ruled_out_up_to_eight if {
	every names in [[], ["a"], _seven, array.concat(_seven, ["task-1"])] {
		fixtures.ruled_out("session", "too_many_tasks", _underway(names, _now + 1))
		fixtures.details("session", "too_many_tasks", _underway(names, _now + 1)) == set()
	}
}

test_stands_for_the_ninth if {
	every names in [array.concat(_seven, ["h"]), array.concat(_seven, ["h", "task-1"])] {
		patches := _underway(names, _now + 1)
		fixtures.stands("session", "too_many_tasks", patches)
		fixtures.details("session", "too_many_tasks", patches) == {{"most": 8}}
	}
}

test_a_task_past_its_deadline_is_not_under_way if {
	every deadline in [_now, _now - 1, 0] {
		fixtures.ruled_out("session", "too_many_tasks", _underway(array.concat(_seven, ["h"]), deadline))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("session", "too_many_tasks", [], [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/context/session",
		_tasks,
		concat("/", [_tasks, "task-1/calls"]),
		concat("/", [_tasks, "task-1/money"]),
		"/task/claims/task",
		concat("/", [_task, "deadline"]),
		"/deployment/tools/mail.read",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"session", "too_many_tasks", [],
		[_tasks, concat("/", [_tasks, "task-1"]), concat("/", [_tasks, "task-1/money"])],
		"object",
	)
	fixtures.stands_retyped("session", "too_many_tasks", [], [concat("/", [_tasks, "task-1/calls"])], "number")
	fixtures.stands_retyped("session", "too_many_tasks", [], ["/question/action/name"], "string")
}

test_stands_without_a_verified_task if {
	fixtures.stands("session", "too_many_tasks", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("session", "too_many_tasks", anything)
	}
}
