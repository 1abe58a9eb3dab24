package inbounds.rules.task.expired_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_while_token_and_task_are_in_force if {
	fixtures.ruled_out("task", "expired", [])
}

test_stands_from_the_very_end_of_the_token if {
	fixtures.ruled_out("task", "expired", _set("/task/claims/exp", 1800000001))
	every end in [1800000000, 1799999999] {
		patches := _set("/task/claims/exp", end)

		not fixtures.ruled_out("task", "expired", patches)
		fixtures.details("task", "expired", patches) == {{"of": "token"}}
	}
}

test_stands_over_30_seconds_before_the_beginning if {
	every claim in {"iat", "nbf"} {
		path := concat("/", ["/task/claims", claim])

		fixtures.ruled_out("task", "expired", _set(path, 1800000030))
		not fixtures.ruled_out("task", "expired", _set(path, 1800000031))
		fixtures.details("task", "expired", _set(path, 1800000031)) == {{"of": "token"}}
	}
}

test_stands_from_the_deadline_on if {
	fixtures.ruled_out("task", "expired", _set(_deadline, 1800000001))
	every end in [1800000000, 1799999999, null, "1800003600", [1800003600]] {
		patches := _set(_deadline, end)

		not fixtures.ruled_out("task", "expired", patches)
		fixtures.details("task", "expired", patches) == {{"of": "task"}}
	}
}

test_each_hops_need_a_token_in_force if {
	every example in [
		{"claim": "exp", "in_force": [fixtures.scene.now + 1], "not": [fixtures.scene.now, 0, null, "x", [], {}]},
		{"claim": "iat", "in_force": [0, fixtures.scene.now + 30], "not": [fixtures.scene.now + 31, null, false, "x", []]},
	] {
		path := concat("/", ["/hops/1/claims", example.claim])
		every value in example.in_force {
			patches := array.concat(fixtures.delegated(2), [{"op": "replace", "path": path, "value": value}])
			fixtures.ruled_out("task", "expired", patches)
			fixtures.details("task", "expired", patches) == set()
		}
		every value in example["not"] {
			patches := array.concat(fixtures.delegated(2), [{"op": "replace", "path": path, "value": value}])
			fixtures.stands("task", "expired", patches)
			fixtures.details("task", "expired", patches) == {{"of": "delegation", "link": 2}}
		}
	}
}

test_looks_at_the_task_token_alone if {
	fixtures.ruled_out("task", "expired", _set("/identity/claims/exp", 1799999999))
}

_deadline := "/task/claims/authorization_details/0/deadline"

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("task", "expired", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("task", "expired", anything)
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
	"/task/claims/exp",
	"/task/claims/iat",
	"/task/claims/authorization_details",
	"/task/claims/authorization_details/0",
	"/task/claims/authorization_details/0/deadline",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
