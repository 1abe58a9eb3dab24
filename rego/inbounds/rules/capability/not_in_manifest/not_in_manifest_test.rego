package inbounds.rules.capability.not_in_manifest_test

import data.inbounds.lib.fixtures_test as fixtures

_manifest := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant/manifest"

test_ruled_out_for_what_the_agent_was_built_to_do if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("capability", "not_in_manifest", patches)
	}
}

test_names_the_tool_that_the_manifest_lacks if {
	every tools in [["mail.send"], [], ["*"], ["mail.rea"], ["mail.read "]] {
		patches := fixtures.putting(concat("/", [_manifest, "tools"]), tools)
		fixtures.stands("capability", "not_in_manifest", patches)
		fixtures.details("capability", "not_in_manifest", patches) == {{"tool": "mail.read"}}
	}
}

test_names_the_effect_that_the_manifest_lacks if {
	every effects in [["write", "export"], [], ["*"]] {
		patches := fixtures.putting(concat("/", [_manifest, "effects"]), effects)
		fixtures.stands("capability", "not_in_manifest", patches)
		fixtures.details("capability", "not_in_manifest", patches) == {{"effect": "read"}}
	}
}

test_stands_for_one_effect_of_several if {
	patches := fixtures.putting("/deployment/tools/mail.read/effects", ["read", "delete"])

	fixtures.stands("capability", "not_in_manifest", patches)
	fixtures.details("capability", "not_in_manifest", patches) == {{"effect": "delete"}}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("capability", "not_in_manifest", fixtures.putting("/question/action/name", name))
	}
}

test_reads_the_agent_from_the_verified_token if {
	other := "spiffe://acme.example/agent/other"

	fixtures.ruled_out("capability", "not_in_manifest", fixtures.putting("/question/context/agent", other))
	fixtures.stands("capability", "not_in_manifest", fixtures.putting("/identity/claims/sub", other))
	fixtures.stands("capability", "not_in_manifest", fixtures.putting("/identity/genuine", false))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("capability", "not_in_manifest", [], [
		"/question/action/name",
		"/identity/claims/sub",
		"/deployment/agents",
		_manifest,
		concat("/", [_manifest, "tools"]),
		concat("/", [_manifest, "effects"]),
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"capability", "not_in_manifest", [], [
			"/question/action/name",
			"/identity/claims/sub",
		],
		"string",
	)
	fixtures.stands_retyped("capability", "not_in_manifest", [], [_manifest], "object")
	fixtures.stands_retyped(
		"capability", "not_in_manifest", [], [
			concat("/", [_manifest, "tools"]),
			concat("/", [_manifest, "effects"]),
		],
		"array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "not_in_manifest", anything)
	}
}
