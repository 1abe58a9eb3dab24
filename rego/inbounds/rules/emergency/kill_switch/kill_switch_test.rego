package inbounds.rules.emergency.kill_switch_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_while_no_switch_is_thrown if {
	fixtures.ruled_out("emergency", "kill_switch", [])
	fixtures.details("emergency", "kill_switch", []) == set()
}

test_names_the_switch_that_is_thrown if {
	every root in {"baseline", "now"} {
		every name, kind in _switches {
			patches := _thrown(root, name)

			not fixtures.ruled_out("emergency", "kill_switch", patches)
			fixtures.details("emergency", "kill_switch", patches) == {{"switch": kind}}
		}
	}
}

test_names_every_switch_that_is_thrown if {
	patches := array.concat(_thrown("baseline", "fleet"), _thrown("now", "task:task-1"))

	not fixtures.ruled_out("emergency", "kill_switch", patches)
	fixtures.details("emergency", "kill_switch", patches) == {{"switch": "fleet"}, {"switch": "task"}}
}

test_switches_of_others_are_no_matter if {
	every name in {"agent:spiffe:~1~1acme.example~1agent~1other", "task:task-2", "agent:", "task:", "Fleet"} {
		fixtures.ruled_out("emergency", "kill_switch", _thrown("now", name))
	}
}

test_names_the_switch_of_the_agent_that_a_named_subject_is if {
	patches := array.flatten([
		_set("/identity/claims/sub", "client-7"),
		_set("/deployment/issuers/identity/subjects", {"client-7": "spiffe://acme.example/agent/assistant"}),
		_set("/question/context/agent", "spiffe://acme.example/agent/other"),
		_thrown("now", "agent:spiffe:~1~1acme.example~1agent~1assistant"),
	])

	not fixtures.ruled_out("emergency", "kill_switch", patches)
	fixtures.details("emergency", "kill_switch", patches) == {{"switch": "agent"}}
}

test_a_bad_token_hides_no_switch_of_the_fleet if {
	every patches in array.concat(_bad_tokens, [_set("/question/context/agent", 7)]) {
		thrown := array.concat(patches, _thrown("now", "fleet"))

		not fixtures.ruled_out("emergency", "kill_switch", thrown)
		fixtures.details("emergency", "kill_switch", thrown) == {{"switch": "fleet"}}
	}
}

test_a_bad_task_token_hides_no_switch_of_the_agent if {
	every patches in _bad_tokens {
		thrown := array.concat(patches, _thrown("now", "agent:spiffe:~1~1acme.example~1agent~1assistant"))

		not fixtures.ruled_out("emergency", "kill_switch", thrown)
		fixtures.details("emergency", "kill_switch", thrown) == {{"switch": "agent"}}
	}
}

test_no_agent_escapes_its_switch_by_another_name if {
	thrown := _thrown("now", "agent:spiffe:~1~1acme.example~1agent~1assistant")
	renamed := _set("/question/context/agent", "spiffe://acme.example/agent/other")

	not fixtures.ruled_out("emergency", "kill_switch", array.concat(thrown, renamed))
}

test_no_agent_escapes_its_switch_with_the_task_of_another if {
	patches := array.concat(
		_thrown("now", "agent:spiffe:~1~1acme.example~1agent~1researcher"),
		_set("/identity/claims/sub", "spiffe://acme.example/agent/researcher"),
	)

	not fixtures.ruled_out("emergency", "kill_switch", patches)
	fixtures.details("emergency", "kill_switch", patches) == {{"switch": "agent"}}
}

test_all_hops_after_an_agent_are_stopped_with_it if {
	fixtures.ruled_out("emergency", "kill_switch", fixtures.delegated(2))

	every name in ["assistant", "researcher", "librarian"] {
		thrown := _thrown("now", concat("", ["agent:spiffe:~1~1acme.example~1agent~1", name]))
		patches := array.concat(fixtures.delegated(2), thrown)

		not fixtures.ruled_out("emergency", "kill_switch", patches)
		fixtures.details("emergency", "kill_switch", patches) == {{"switch": "agent"}}
	}
}

# A token that names an agent by no text is refused as unverified.
test_what_is_no_agent_hides_no_switch if {
	every value in [null, 7, [], {}] {
		patches := array.concat(fixtures.delegated(1), _set("/hops/0/claims/act/sub", value))
		thrown := array.concat(patches, _thrown("now", "fleet"))

		fixtures.ruled_out("emergency", "kill_switch", patches)
		not fixtures.ruled_out("emergency", "kill_switch", thrown)
		fixtures.details("emergency", "kill_switch", thrown) == {{"switch": "fleet"}}
	}
}

test_stands_for_an_entry_without_a_time if {
	every value in [0, false, null, ""] {
		not fixtures.ruled_out("emergency", "kill_switch", _set("/live/now/switches/fleet", value))
	}
}

test_stands_when_the_feed_is_not_whole if {
	not fixtures.ruled_out("emergency", "kill_switch", [{"op": "replace", "path": "/head/genuine", "value": false}])
	not fixtures.ruled_out("emergency", "kill_switch", _set("/live/now/seq", 8))
	not fixtures.ruled_out("emergency", "kill_switch", _set("/live/now/switches", {}))
}

_bad_tokens := [
	[{"op": "replace", "path": "/task/genuine", "value": false}],
	[{"op": "remove", "path": "/task/claims/task"}],
	_set("/task/claims/task", 7),
	_set("/identity/claims/sub", 7),
	[{"op": "replace", "path": "/identity/genuine", "value": false}],
	[
		{"op": "replace", "path": "/identity/genuine", "value": false},
		{"op": "replace", "path": "/task/genuine", "value": false},
	],
]

_switches := {
	"fleet": "fleet",
	"agent:spiffe:~1~1acme.example~1agent~1assistant": "agent",
	"task:task-1": "task",
}

_thrown(root, name) := _set(concat("/", ["/live", root, "switches", name]), 1799999000)

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("emergency", "kill_switch", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("emergency", "kill_switch", anything)
	}
}

_read := [
	"/question/context/agent",
	"/question/context",
	"/live/now/head",
	"/live/now/ended",
	"/live/now/revoked",
	"/live/now/switches",
	"/live/now/generation",
	"/live/now/seq",
	"/live/now",
	"/live",
	"/deployment/feed",
	"/deployment/feed/keys",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
