package inbounds.rules.session.not_this_task_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_the_session_of_the_task if {
	fixtures.ruled_out("session", "not_this_task", [])
	fixtures.details("session", "not_this_task", []) == set()
}

test_stands_for_another_session if {
	every patches in [
		_set("/question/context/session/id", "session-2"),
		_set("/task/claims/sid", "session-2"),
		_set("/task/claims/sid", ""),
	] {
		not fixtures.ruled_out("session", "not_this_task", patches)
		fixtures.details("session", "not_this_task", patches) == {{"place": "/context/session/id"}}
	}
}

test_stands_when_neither_is_a_name if {
	every nothing in [null, 7, [], {}] {
		not fixtures.ruled_out("session", "not_this_task", array.concat(
			_set("/task/claims/sid", nothing),
			_set("/question/context/session/id", nothing),
		))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("session", "not_this_task", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("session", "not_this_task", anything)
	}
}

_read := [
	"/question/context/credentials/task",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/task/header/kid",
	"/task/header/alg",
	"/task/header/typ",
	"/task/header",
	"/deployment/issuers/tasks/keys",
	"/deployment/issuers/tasks/algorithms",
	"/deployment/issuers/tasks",
	"/deployment/issuers",
	"/task/claims/sid",
	"/question/context/session",
	"/question/context/session/id",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
