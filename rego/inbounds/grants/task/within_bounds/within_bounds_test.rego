package inbounds.grants.task.within_bounds_test

import data.inbounds.grants.task.within_bounds
import data.inbounds.lib.fixtures_test as fixtures

_granted(patches) := entitlements if {
	stage := fixtures.staged(patches)
	entitlements := within_bounds.grant with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_authority := "/task/claims/authorization_details/0"

test_grants_what_the_task_was_begun_with if {
	_granted([]) == {{
		"source": "task.within_bounds",
		"task": "task-1",
		"tool": "mail.read",
		"effects": ["read"],
	}}

	every _, patches in fixtures.calls {
		count(_granted(patches)) == 1
	}
}

test_grants_every_effect_of_the_tool_or_nothing if {
	both := fixtures.putting("/deployment/tools/mail.read/effects", ["write", "read"])

	{entitlement.effects | some entitlement in _granted(both)} == {["read", "write"]}

	every effects in [["read", "delete"], ["delete"], [], ["unknown"]] {
		_granted(fixtures.putting("/deployment/tools/mail.read/effects", effects)) == set()
	}
}

test_grants_nothing_beyond_the_task if {
	every patches in [
		fixtures.putting("/question/action/name", "mail.purge"),
		fixtures.putting("/question/action/name", "mail.unregistered"),
		fixtures.putting("/question/resource/type", "mailbox"),
		fixtures.putting("/question/resource/type", "letter"),
		fixtures.putting("/deployment/tools/mail.read/resource", "mailbox"),
		fixtures.putting(concat("/", [_authority, "tools"]), {}),
		fixtures.putting(concat("/", [_authority, "effects"]), ["write"]),
		fixtures.putting(concat("/", [_authority, "resources"]), []),
		fixtures.putting(concat("/", [_authority, "resources/0/prefixes"]), ["43"]),
		fixtures.putting("/task/genuine", false),
	] {
		_granted(patches) == set()
	}
}

test_grants_nothing_when_anything_it_reads_is_missing if {
	every path in [
		"/question/action/name",
		"/question/resource",
		"/question/resource/type",
		"/question/resource/id",
		"/task/claims/task",
		"/task/claims/authorization_details",
		"/task/claims/authorization_details/0/tools",
		"/task/claims/authorization_details/0/effects",
		"/task/claims/authorization_details/0/resources",
		"/deployment/tools/mail.read/resource",
	] {
		patches := array.concat(
			fixtures.putting("/task/claims/authorization_details/0/resources/0/prefixes", ["4"]),
			[{"op": "remove", "path": path}],
		)
		_granted(patches) == set()
	}
}

test_grants_nothing_to_what_is_no_question if {
	every anything in fixtures.junk {
		within_bounds.grant == set() with input as anything
			with data.deployment as fixtures.scene.deployment
	}
}
