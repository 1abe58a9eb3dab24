package inbounds.rules.request.malformed_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_an_ordinary_question if {
	fixtures.ruled_out("request", "malformed", [])
}

test_names_the_place_that_is_not_ordinary if {
	every place, patches in {
		"/question": _set("/question/question", 2),
		"/subject": _set("/question/subject/role", "admin"),
		"/action/name": _set("/question/action/name", ""),
		"/context/session/spent/calls": _set("/question/context/session/spent/calls", "12"),
		"/context/credentials/chain/*": _set("/question/context/credentials/chain", [7]),
		"": _set("/question/now", 1800000000),
	} {
		not fixtures.ruled_out("request", "malformed", patches)
		fixtures.details("request", "malformed", patches) == {{"place": place}}
	}
}

test_open_maps_take_more if {
	fixtures.ruled_out("request", "malformed", _set("/question/subject/properties/department", "sales"))
	fixtures.ruled_out("request", "malformed", _set("/question/action/properties/trace", "1"))
	fixtures.ruled_out("request", "malformed", _set("/question/resource/properties/size", 7))
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("request", "malformed", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("request", "malformed", anything)
	}
}

_read := [
	"/question",
	"/question/question",
	"/question/subject",
	"/question/subject/type",
	"/question/subject/id",
	"/question/action",
	"/question/action/name",
	"/question/action/properties",
	"/question/action/properties/arguments",
	"/question/action/properties/digest",
	"/question/action/properties/registry",
	"/question/resource",
	"/question/resource/type",
	"/question/resource/id",
	"/question/context",
	"/question/context/decision",
	"/question/context/decision/id",
	"/question/context/agent",
	"/question/context/credentials",
	"/question/context/credentials/identity",
	"/question/context/credentials/task",
	"/question/context/session",
	"/question/context/session/id",
	"/question/context/session/version",
	"/question/context/session/trust",
	"/question/context/session/label",
	"/question/context/session/effects",
	"/question/context/session/spent",
	"/question/context/session/repeats",
	"/question/context/session/refusals",
	"/question/context/session/decisions",
	"/question/context/pep",
	"/question/context/pep/id",
	"/question/context/pep/version",
	"/question/context/pep/supported_obligations",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
