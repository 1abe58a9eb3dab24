package inbounds.rules.environment.other_than_task_test

import data.inbounds.lib.fixtures_test as fixtures

_said := "/question/resource/properties/environment"

_registered := "/deployment/tools/mail.read/environment"

test_ruled_out_in_the_environment_of_the_task if {
	every patches in [
		[],
		fixtures.putting(_registered, "production"),
		fixtures.putting(_registered, ""),
		fixtures.joined([[{"op": "remove", "path": _said}], fixtures.putting(_registered, "production")]),
		fixtures.joined([fixtures.putting(_said, ""), fixtures.putting(_registered, "production")]),
		fixtures.joined([
			fixtures.putting(_said, "development"),
			fixtures.putting("/task/claims/authorization_details/0/environment", "development"),
		]),
	] {
		fixtures.ruled_out("environment", "other_than_task", patches)
	}
}

test_names_the_other_environment if {
	every patches in [
		fixtures.putting(_said, "development"),
		fixtures.joined([[{"op": "remove", "path": _said}], fixtures.putting(_registered, "development")]),
	] {
		fixtures.stands("environment", "other_than_task", patches)
		fixtures.details("environment", "other_than_task", patches) == {
			{"environment": "development"},
			{"place": "/resource/properties/environment"},
		}
	}
}

test_names_where_to_state_it_when_it_is_not_known if {
	every patches in [
		[{"op": "remove", "path": _said}],
		fixtures.putting(_said, ""),
		# Registry and caller contradict each other.
		fixtures.putting(_registered, "development"),
	] {
		fixtures.stands("environment", "other_than_task", patches)
		fixtures.details("environment", "other_than_task", patches) == {{"place": "/resource/properties/environment"}}
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("environment", "other_than_task", fixtures.putting("/task/genuine", false))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("environment", "other_than_task", [], [
		"/question/resource",
		"/question/resource/properties",
		_said,
		"/task/claims/authorization_details",
		"/task/claims/authorization_details/0/environment",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"environment", "other_than_task", [], [
			"/question/resource",
			"/question/resource/properties",
		],
		"object",
	)
	fixtures.stands_retyped(
		"environment", "other_than_task", [], [
			_said,
			"/task/claims/authorization_details/0/environment",
		],
		"string",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("environment", "other_than_task", anything)
	}
}
