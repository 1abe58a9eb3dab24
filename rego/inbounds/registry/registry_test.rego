package inbounds.registry_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.registry

test_tells_what_the_registry_says_of_a_tool if {
	answer := _answer({"question": 1, "tool": "mail.read"})

	answer == {
		"revision": fixtures.scene.deployment.revision,
		"labels": fixtures.scene.deployment.labels.order,
		"registered": true,
		"proof": [],
		"tool": object.union(fixtures.scene.deployment.tools["mail.read"], {"store": "mail"}),
	}
}

test_tells_where_a_tool_keeps_what_it_writes if {
	every example in [
		{"store": "mail", "changes": {}},
		{"store": "archive", "changes": {"store": "archive"}},
		{"store": "*", "changes": {"effects": ["execute"]}},
		{"store": "*", "changes": {"effects": []}},
	] {
		tool := object.union(fixtures.scene.deployment.tools["mail.read"], example.changes)
		answer := registry.tool with input as {"question": 1, "tool": "mail.read"}
			with data.deployment as object.union(fixtures.scene.deployment, {"tools": {"mail.read": tool}})

		answer.tool == object.union(tool, {"store": example.store})
	}
}

test_what_a_tool_sets_in_motion_is_among_its_effects if {
	every words, effects in {[]: ["read"], ["write"]: ["read", "write"], ["mail.send"]: ["export", "read"]} {
		answer := registry.tool with input as {"question": 1, "tool": "mail.read"}
			with data.deployment as json.patch(
				fixtures.scene.deployment,
				[{"op": "add", "path": "/tools/mail.read/reaches", "value": words}],
			)
		answer.tool.effects == effects
		answer.tool.reaches == words
	}
}

test_of_what_cannot_be_followed_every_effect_is_told if {
	answer := registry.tool with input as {"question": 1, "tool": "mail.read"}
		with data.deployment as json.patch(
			fixtures.scene.deployment,
			[{"op": "add", "path": "/tools/mail.read/reaches", "value": "mail.send"}],
		)
	count(answer.tool.effects) == 8
}

test_tells_that_a_tool_is_not_registered if {
	answer := _answer({"question": 1, "tool": "mail.forward"})

	answer.registered == false
	object.keys(answer) == {"revision", "labels", "registered", "proof"}
}

test_a_question_of_another_shape_is_of_no_registered_tool if {
	every junk in [{}, null, [], "mail.read", {"tool": null}, {"tool": ["mail.read"]}, {"tool": {}}] {
		_answer(junk).registered == false
	}
}

test_no_deployment_is_no_answer if {
	not registry.tool with input as {"question": 1, "tool": "mail.read"}
}

_answer(question) := answer if {
	answer := registry.tool with input as question
		with data.deployment as fixtures.scene.deployment
}
