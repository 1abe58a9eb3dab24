package inbounds.rules.capability.unregistered_tool_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_every_tool_of_the_registry if {
	every name, _ in fixtures.scene.deployment.tools {
		fixtures.ruled_out("capability", "unregistered_tool", fixtures.putting("/question/action/name", name))
	}
}

test_names_the_tool_that_is_not_registered if {
	every name in ["mail.unregistered", "Mail.read", "mail.read ", "mail", "*", "", "__proto__"] {
		patches := fixtures.putting("/question/action/name", name)
		fixtures.stands("capability", "unregistered_tool", patches)
		fixtures.details("capability", "unregistered_tool", patches) == {{"tool": name}}
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("capability", "unregistered_tool", [], [
		"/question/action",
		"/question/action/name",
		"/deployment",
		"/deployment/tools",
		"/deployment/tools/mail.read",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"capability", "unregistered_tool", [], [
			"/question/action",
			"/deployment/tools",
			"/deployment/tools/mail.read",
		],
		"object",
	)
	fixtures.stands_retyped("capability", "unregistered_tool", [], ["/question/action/name"], "string")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "unregistered_tool", anything)
	}
}
