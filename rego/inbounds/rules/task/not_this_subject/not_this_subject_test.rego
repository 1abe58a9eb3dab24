package inbounds.rules.task.not_this_subject_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_the_subject_of_the_task if {
	fixtures.ruled_out("task", "not_this_subject", [])
	fixtures.details("task", "not_this_subject", []) == set()
}

test_names_the_member_that_names_another if {
	every member, value in {"id": "bob@acme.example", "type": "workload"} {
		path := concat("/", ["/subject", member])
		patches := _set(concat("", ["/question", path]), value)

		not fixtures.ruled_out("task", "not_this_subject", patches)
		fixtures.details("task", "not_this_subject", patches) == {{"place": path}}
	}
}

test_stands_for_a_subject_of_another_type_in_the_deployment if {
	patches := _set("/deployment/subjects/alice@acme.example/type", "workload")

	not fixtures.ruled_out("task", "not_this_subject", patches)
	fixtures.details("task", "not_this_subject", patches) == {{"place": "/subject/type"}}
}

test_stands_for_a_subject_nobody_registered if {
	not fixtures.ruled_out("task", "not_this_subject", _set("/deployment/subjects", {}))
}

test_stands_when_neither_is_a_name if {
	every nothing in [null, 7, [], {}] {
		patches := array.concat(_set("/task/claims/sub", nothing), _set("/question/subject/id", nothing))

		not fixtures.ruled_out("task", "not_this_subject", patches)
		fixtures.details("task", "not_this_subject", patches) == {{"place": "/subject/id"}, {"place": "/subject/type"}}
	}
}

test_stands_when_neither_is_a_type if {
	every nothing in [null, 7, [], {}] {
		patches := array.concat(
			_set("/deployment/subjects/alice@acme.example/type", nothing),
			_set("/question/subject/type", nothing),
		)

		not fixtures.ruled_out("task", "not_this_subject", patches)
		fixtures.details("task", "not_this_subject", patches) == {{"place": "/subject/type"}}
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("task", "not_this_subject", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("task", "not_this_subject", anything)
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
	"/task/claims/sub",
	"/question/subject",
	"/question/subject/id",
	"/question/subject/type",
	"/deployment/subjects",
	"/deployment/subjects/alice@acme.example",
	"/deployment/subjects/alice@acme.example/type",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
