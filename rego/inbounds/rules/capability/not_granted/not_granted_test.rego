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

# A letter that names a contact beside the file that is written.
_naming(effects, resources) := fixtures.joined([
	fixtures.calls["file.write"],
	fixtures.putting("/deployment/tools/file.write/effects", effects),
	fixtures.putting("/deployment/tools/file.write/arguments/~1text", {"role": "target", "resource": "contact"}),
	fixtures.putting("/question/action/properties/arguments/text", "c-7"),
	fixtures.putting("/task/claims/authorization_details/0/resources", resources),
	fixtures.putting("/task/claims/authorization_details/0/effects", effects),
])

_file := {"type": "file", "prefixes": [""]}

_contact(effects, prefixes) := {"type": "contact", "prefixes": prefixes, "effects": effects}

test_a_record_of_another_type_may_be_named_where_the_task_may_read_it if {
	fixtures.ruled_out("capability", "not_granted", _naming(["write"], [_file, _contact(["read"], ["c-"])]))

	every effects in [["write"], ["read"], ["write", "export"], ["spend"]] {
		patches := _naming(effects, [_file, _contact(["read"], ["c-"])])
		fixtures.details("capability", "not_granted", patches) == {{"resource": "file"}}
	}
}

test_it_lies_where_the_task_may_do_something if {
	every resources in [
		[_file],
		[_file, _contact(["read"], ["d-"])],
		[_file, _contact(["read"], [])],
		[_file, object.union(_contact(["read"], [""]), {"type": "contacts"})],
	] {
		fixtures.stands("capability", "not_granted", _naming(["write"], resources))
		{"argument": "/text"} in fixtures.details("capability", "not_granted", _naming(["write"], resources))
	}
}

test_what_deletes_runs_or_governs_needs_those_effects_on_all_that_it_names if {
	every effect in ["delete", "execute", "administer"] {
		read := _naming(["write", effect], [_file, _contact(["read"], [""])])
		fixtures.stands("capability", "not_granted", read)
		{"argument": "/text"} in fixtures.details("capability", "not_granted", read)
	}
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
