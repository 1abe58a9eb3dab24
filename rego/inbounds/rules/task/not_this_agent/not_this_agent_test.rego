package inbounds.rules.task.not_this_agent_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_the_actor_is_the_agent_that_runs if {
	fixtures.ruled_out("task", "not_this_agent", [])
	fixtures.details("task", "not_this_agent", []) == set()
}

test_stands_for_the_task_of_another_agent if {
	not fixtures.ruled_out("task", "not_this_agent", _set("/task/claims/act/sub", "spiffe://acme.example/agent/other"))
	not fixtures.ruled_out("task", "not_this_agent", _set("/identity/claims/sub", "spiffe://acme.example/agent/other"))
}

# An earlier actor is for the record and grants nothing (RFC 8693, section 4.1).
test_stands_for_an_actor_that_is_an_earlier_one if {
	not fixtures.ruled_out("task", "not_this_agent", _set("/task/claims/act", {
		"sub": "spiffe://acme.example/agent/other",
		"act": {"sub": "spiffe://acme.example/agent/assistant"},
	}))
}

test_stands_when_neither_is_a_name if {
	every nothing in [null, 7, [], {}] {
		not fixtures.ruled_out("task", "not_this_agent", array.concat(
			_set("/task/claims/act/sub", nothing),
			_set("/identity/claims/sub", nothing),
		))
	}
}

test_reads_the_agent_that_a_named_subject_is if {
	fixtures.ruled_out("task", "not_this_agent", _named("client-7"))
	not fixtures.ruled_out("task", "not_this_agent", _named("client-8"))
	not fixtures.ruled_out("task", "not_this_agent", _named("client-9"))
}

_named(subject) := [
	{"op": "replace", "path": "/identity/claims/sub", "value": subject},
	{"op": "add", "path": "/deployment/issuers/identity/subjects", "value": {
		"client-7": "spiffe://acme.example/agent/assistant",
		"client-8": "spiffe://acme.example/agent/other",
	}},
]

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("task", "not_this_agent", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("task", "not_this_agent", anything)
	}
}

_read := [
	"/question/context/credentials/identity",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/identity/header/kid",
	"/identity/header/alg",
	"/identity/header/typ",
	"/identity/header",
	"/deployment/issuers/identity/keys",
	"/deployment/issuers/identity/algorithms",
	"/deployment/issuers/identity",
	"/deployment/issuers",
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
	"/task/claims/act",
	"/task/claims/act/sub",
	"/identity/claims/sub",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
