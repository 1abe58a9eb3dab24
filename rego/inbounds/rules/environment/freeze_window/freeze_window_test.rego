package inbounds.rules.environment.freeze_window_test

import data.inbounds.lib.fixtures_test as fixtures

_freezes := "/deployment/environments/production/freezes"

_frozen(start, end, effects) := fixtures.putting(_freezes, [{"start": start, "end": end, "effects": effects}])

# What the scene calls now.
_now := fixtures.scene.now

test_ruled_out_outside_of_every_freeze if {
	every patches in [
		[],
		fixtures.putting(_freezes, []),
		[{"op": "remove", "path": _freezes}],
		_frozen(_now + 1, _now + 100, ["read"]),
		# An end is exclusive.
		_frozen(_now - 100, _now, ["read"]),
		_frozen(_now, _now, ["read"]),
	] {
		fixtures.ruled_out("environment", "freeze_window", patches)
	}
}

test_ruled_out_for_an_effect_that_the_freeze_does_not_name if {
	every effects in [["write", "delete"], []] {
		fixtures.ruled_out("environment", "freeze_window", _frozen(_now - 1, _now + 1, effects))
	}
}

test_names_the_end_of_a_freeze_that_holds if {
	every patches in [
		_frozen(_now, _now + 1, ["read"]),
		_frozen(_now - 100, _now + 1, ["write", "read"]),
		fixtures.joined([
			_frozen(_now - 1, _now + 1, ["read"]),
			fixtures.putting("/deployment/tools/mail.read/effects", ["write", "read"]),
		]),
	] {
		fixtures.stands("environment", "freeze_window", patches)
		fixtures.details("environment", "freeze_window", patches) == {{"environment": "production", "until": _now + 1}}
	}
}

test_one_freeze_of_several_is_enough if {
	patches := fixtures.putting(_freezes, [
		{"start": _now - 9, "end": _now - 8, "effects": ["read"]},
		{"start": _now - 1, "end": _now + 1, "effects": ["read"]},
		{"start": _now - 1, "end": _now + 9, "effects": ["write"]},
	])

	fixtures.stands("environment", "freeze_window", patches)
	fixtures.details("environment", "freeze_window", patches) == {{"environment": "production", "until": _now + 1}}
}

test_a_freeze_that_is_written_wrongly_holds if {
	every freeze in [
		{"start": _now + 100, "end": _now - 100, "effects": ["read"]},
		{"start": "2027-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z", "effects": ["read"]},
		{"end": _now - 100, "effects": ["read"]},
		{"start": null, "end": _now - 100, "effects": ["read"]},
		{"start": _now + 100, "end": "2028-01-01T00:00:00Z", "effects": ["read"]},
		{"start": _now + 100, "effects": ["read"]},
		{"start": _now + 100, "end": null, "effects": ["read"]},
		{"start": _now - 1, "end": _now + 1, "effects": "write"},
		{"start": _now - 1, "end": _now + 1},
		{},
		null,
	] {
		fixtures.stands("environment", "freeze_window", fixtures.putting(_freezes, [freeze]))
	}
}

test_stands_in_an_environment_that_the_deployment_does_not_know if {
	every patches in [
		fixtures.putting("/question/resource/properties/environment", "staging"),
		[{"op": "remove", "path": "/question/resource/properties/environment"}],
		fixtures.putting("/deployment/tools/mail.read/environment", "development"),
	] {
		fixtures.stands("environment", "freeze_window", patches)
		fixtures.details("environment", "freeze_window", patches) == set()
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("environment", "freeze_window", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("environment", "freeze_window", [], [
		"/question/action/name",
		"/question/resource",
		"/question/resource/properties/environment",
		"/deployment/environments",
		"/deployment/environments/production",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"environment", "freeze_window", [], [
			"/question/resource",
			"/question/resource/properties",
			"/deployment/environments",
			"/deployment/environments/production",
		],
		"object",
	)
	fixtures.stands_retyped("environment", "freeze_window", [], ["/question/action/name"], "string")
}

test_stands_when_the_freezes_are_no_list if {
	every value in [null, true, 0, "x", {"x": 1}] {
		fixtures.stands("environment", "freeze_window", fixtures.putting(_freezes, value))
	}
}

test_stands_when_nobody_knows_the_time if {
	stage := fixtures.staged(_frozen(_now + 1, _now + 2, ["read"]))

	every moment in ["soon", null, {}] {
		not data.inbounds.rules.environment.freeze_window.ruled_out with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.clock.now as moment
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("environment", "freeze_window", anything)
	}
}
