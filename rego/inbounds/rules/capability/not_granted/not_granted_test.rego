package inbounds.rules.capability.not_granted_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_the_task_speaks_for_the_call if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("capability", "not_granted", patches)
	}
}

test_names_the_type_of_resource_that_nothing_grants if {
	every patches in [
		fixtures.putting("/task/claims/authorization_details/0/resources", [{"type": "mailbox", "prefixes": [""]}]),
		fixtures.putting("/task/claims/authorization_details/0/resources/0/prefixes", ["43"]),
		fixtures.putting("/task/claims/authorization_details/0/resources", []),
	] {
		fixtures.stands("capability", "not_granted", patches)
		fixtures.details("capability", "not_granted", patches) == {{"resource": "mail"}}
	}
}

test_stands_for_a_resource_of_another_type_than_the_tool_s if {
	patches := fixtures.joined([
		fixtures.putting("/question/resource/type", "mailbox"),
		fixtures.putting("/question/resource/id", "alice"),
	])

	fixtures.stands("capability", "not_granted", patches)
	fixtures.details("capability", "not_granted", patches) == {{"resource": "mailbox"}}
}

test_stands_when_there_is_no_grant_at_all if {
	not data.inbounds.rules.capability.not_granted.ruled_out with data.inbounds.grants as {}
		with input as fixtures.question([])
}

test_stands_for_a_grant_that_is_empty if {
	every nothing in [set(), [], {}] {
		not data.inbounds.rules.capability.not_granted.ruled_out with data.inbounds.grants as {"a": {"b": {"grant": nothing}}}
			with input as fixtures.question([])
	}
}

test_stands_without_a_verified_task if {
	fixtures.stands("capability", "not_granted", fixtures.putting("/task/genuine", false))
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "not_granted", anything)
	}
}
