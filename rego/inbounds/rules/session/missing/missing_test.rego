package inbounds.rules.session.missing_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_every_part_is_there if {
	fixtures.ruled_out("session", "missing", [])
	fixtures.details("session", "missing", []) == set()

	every trust in {"trusted", "untrusted"} {
		fixtures.ruled_out("session", "missing", _set("/question/context/session/trust", trust))
	}
}

test_stands_for_a_trust_that_is_neither if {
	every trust in {"", "Trusted", "unknown"} {
		patches := _set("/question/context/session/trust", trust)

		not fixtures.ruled_out("session", "missing", patches)
		fixtures.details("session", "missing", patches) == {{"place": "/context/session/trust"}}
	}
}

test_counts_go_from_nothing_up if {
	every part in {
		"version", "spent/calls", "spent/writes", "spent/exports", "spent/rows",
		"tasks/task-1/deadline", "tasks/task-1/calls", "repeats", "refusals",
	} {
		path := concat("/", ["/question/context/session", part])

		fixtures.ruled_out("session", "missing", _set(path, 0))
		not fixtures.ruled_out("session", "missing", _set(path, -1))
		named := concat("/", ["/context/session", split(part, "/")[0]])
		fixtures.details("session", "missing", _set(path, -1)) == {{"place": named}}
	}
}

test_names_the_part_that_is_not_there if {
	every part in {
		"id", "version", "trust", "label", "effects", "spent",
		"tasks", "approvals", "last", "repeats", "refusals", "tainted_stores", "decisions",
	} {
		path := concat("/", ["/context/session", part])
		patches := [{"op": "remove", "path": concat("", ["/question", path])}]

		not fixtures.ruled_out("session", "missing", patches)
		fixtures.details("session", "missing", patches) == {{"place": path}}
	}
}

test_stands_for_a_label_the_deployment_lacks if {
	every label in {"", "top secret", "Public"} {
		patches := _set("/question/context/session/label", label)

		not fixtures.ruled_out("session", "missing", patches)
		fixtures.details("session", "missing", patches) == {{"place": "/context/session/label"}}
	}
}

test_stands_when_a_budget_is_not_counted if {
	every budget in {"calls", "writes", "exports", "rows", "bytes", "money"} {
		patches := [{"op": "remove", "path": concat("/", ["/question/context/session/spent", budget])}]

		not fixtures.ruled_out("session", "missing", patches)
		fixtures.details("session", "missing", patches) == {{"place": "/context/session/spent"}}
	}
}

test_stands_for_a_task_that_is_none if {
	every task in [null, true, 7, "x", [], {}] {
		fixtures.stands("session", "missing", _set("/question/context/session/tasks/task-1", task))
	}
}

test_stands_for_a_list_where_names_are if {
	every place in ["tasks", "approvals", "spent/money", "tasks/task-1/money"] {
		fixtures.stands("session", "missing", _set(concat("/", ["/question/context/session", place]), []))
	}
}

test_stands_for_money_and_approvals_that_cannot_be_reckoned_with if {
	every path in {"spent/money", "tasks/task-1/money"} {
		every amount in {-1, null, "7", [], {}} {
			fixtures.stands("session", "missing", _set(concat("/", ["/question/context/session", path]), {"EUR": amount}))
		}
		fixtures.ruled_out("session", "missing", _set(concat("/", ["/question/context/session", path]), {"EUR": 7}))
	}

	approvals := "/question/context/session/approvals"
	fixtures.ruled_out("session", "missing", _set(approvals, {"a": {"until": 7, "times": 1}}))

	every used in [null, {}, {"until": 7}, {"times": 1}, {"until": "7", "times": 1}, {"until": 7, "times": -1}] {
		fixtures.stands("session", "missing", _set(approvals, {"a": used}))
	}
}

test_stands_for_stores_that_have_no_name if {
	stores := "/question/context/session/tainted_stores"
	fixtures.ruled_out("session", "missing", _set(stores, ["mail", "*"]))

	every names in [null, true, 7, "mail", {}, {"mail": "mail"}, [7], ["mail", null], [["mail"]]] {
		not fixtures.ruled_out("session", "missing", _set(stores, names))
		fixtures.details("session", "missing", _set(stores, names)) == {{"place": "/context/session/tainted_stores"}}
	}
}

test_names_every_part_of_a_session_that_is_none if {
	patches := [{"op": "remove", "path": "/question/context/session"}]

	not fixtures.ruled_out("session", "missing", patches)
	count(fixtures.details("session", "missing", patches)) == 13
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("session", "missing", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("session", "missing", anything)
	}
}

_read := [
	"/question/context/session",
	"/question/context/session/id",
	"/question/context/session/version",
	"/question/context/session/trust",
	"/question/context/session/label",
	"/question/context/session/effects",
	"/question/context/session/tainted_stores",
	"/question/context/session/spent",
	"/question/context/session/spent/calls",
	"/question/context/session/spent/writes",
	"/question/context/session/spent/exports",
	"/question/context/session/spent/rows",
	"/question/context/session/spent/bytes",
	"/question/context/session/spent/money",
	"/question/context/session/tasks",
	"/question/context/session/tasks/task-1/deadline",
	"/question/context/session/tasks/task-1/calls",
	"/question/context/session/tasks/task-1/writes",
	"/question/context/session/tasks/task-1/exports",
	"/question/context/session/tasks/task-1/rows",
	"/question/context/session/tasks/task-1/money",
	"/question/context/session/approvals",
	"/question/context/session/last",
	"/question/context/session/repeats",
	"/question/context/session/refusals",
	"/question/context/session/decisions",
	"/question/context",
	"/deployment/labels",
	"/deployment/labels/order",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
