package inbounds.rules.tenant.other_than_task_test

import data.inbounds.lib.fixtures_test as fixtures

_said := "/question/resource/properties/tenant"

_registered := "/deployment/tools/mail.read/tenant"

_agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/tenants"

_alice := "/deployment/subjects/alice@acme.example/tenants"

_staff := "/deployment/groups/staff/tenants"

test_ruled_out_when_all_are_of_the_task_s_tenant if {
	every patches in [
		[],
		fixtures.putting(_registered, "acme"),
		fixtures.putting(_registered, ""),
		fixtures.joined([[{"op": "remove", "path": _said}], fixtures.putting(_registered, "acme")]),
		fixtures.putting(_agent, ["globex", "acme"]),
		fixtures.putting(_alice, []),
		fixtures.putting(_staff, []),
	] {
		fixtures.ruled_out("tenant", "other_than_task", patches)
	}
}

test_names_a_resource_of_another_tenant_or_of_nobody_s if {
	every patches in [
		fixtures.putting(_said, "globex"),
		fixtures.putting(_said, ""),
		[{"op": "remove", "path": _said}],
		fixtures.putting(_registered, "globex"),
		fixtures.joined([[{"op": "remove", "path": _said}], fixtures.putting(_registered, "globex")]),
	] {
		fixtures.stands("tenant", "other_than_task", patches)
		fixtures.details("tenant", "other_than_task", patches) == {{"of": "resource", "place": "/resource/properties/tenant"}}
	}
}

test_names_an_agent_of_another_tenant if {
	every tenants in [["globex"], [], ["*"]] {
		patches := fixtures.putting(_agent, tenants)
		fixtures.stands("tenant", "other_than_task", patches)
		fixtures.details("tenant", "other_than_task", patches) == {{"of": "agent"}}
	}
}

test_names_a_subject_of_another_tenant if {
	every tenants in [["globex"], [], ["*"]] {
		patches := fixtures.joined([fixtures.putting(_alice, tenants), fixtures.putting(_staff, tenants)])
		fixtures.stands("tenant", "other_than_task", patches)
		fixtures.details("tenant", "other_than_task", patches) == {{"of": "subject"}}
	}
}

test_stands_for_a_task_in_another_tenant if {
	patches := fixtures.putting("/task/claims/tenant", "globex")

	fixtures.stands("tenant", "other_than_task", patches)
	fixtures.details("tenant", "other_than_task", patches) == {
		{"of": "resource", "place": "/resource/properties/tenant"},
		{"of": "agent"},
		{"of": "subject"},
	}
}

test_stands_without_verified_tokens if {
	fixtures.stands("tenant", "other_than_task", fixtures.putting("/task/genuine", false))
	fixtures.stands("tenant", "other_than_task", fixtures.putting("/identity/genuine", false))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("tenant", "other_than_task", [], [
		"/question/resource",
		"/question/resource/properties",
		_said,
		"/task/claims/tenant",
		"/task/claims/sub",
		"/identity/claims/sub",
		"/deployment/agents",
		_agent,
		"/deployment/subjects",
		"/deployment/subjects/alice@acme.example",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"tenant", "other_than_task", [], [
			"/question/resource",
			"/question/resource/properties",
		],
		"object",
	)
	fixtures.stands_retyped(
		"tenant", "other_than_task", [], [
			_said,
			"/task/claims/tenant",
			"/task/claims/sub",
			"/identity/claims/sub",
		],
		"string",
	)
	fixtures.stands_retyped("tenant", "other_than_task", [], [_agent], "array")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("tenant", "other_than_task", anything)
	}
}
