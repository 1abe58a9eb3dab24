package inbounds.escalations.irreversible.production_test

import data.inbounds.lib.fixtures_test as fixtures

_asking := fixtures.putting("/deployment/environments/production/asks_before_irreversible", true)

_tool := "/deployment/tools/mail.read"

_of(effects, reversible) := fixtures.joined([
	_asking,
	fixtures.putting(concat("/", [_tool, "effects"]), effects),
	fixtures.putting(concat("/", [_tool, "reversible"]), reversible),
])

_effects := ["write", "delete", "export", "execute", "spend", "delegate", "administer"]

test_ruled_out_in_an_environment_that_does_not_ask if {
	every effect in _effects {
		effects := fixtures.putting(concat("/", [_tool, "effects"]), [effect])
		fixtures.ruled_out("irreversible", "production", effects)
		fixtures.ruled_out("irreversible", "production", fixtures.joined([
			_of([effect], "no"),
			fixtures.putting("/deployment/environments/production/asks_before_irreversible", false),
		]))
	}
}

test_ruled_out_for_what_can_be_undone if {
	every effect in _effects {
		fixtures.ruled_out("irreversible", "production", _of(["read", effect], "yes"))
		fixtures.details("irreversible", "production", _of(["read", effect], "yes")) == set()
	}
}

test_ruled_out_for_what_only_reads if {
	every reversible in ["yes", "no", "unknown", null] {
		fixtures.ruled_out("irreversible", "production", _of(["read"], reversible))
	}
}

test_names_what_cannot_be_undone if {
	every effect in _effects {
		every reversible in ["no", "unknown", "", "Yes", true, null, ["yes"]] {
			patches := _of(["read", effect], reversible)
			fixtures.stands("irreversible", "production", patches)
			details := fixtures.details("irreversible", "production", patches)
			details == {{"environment": "production", "effect": effect}}
		}
	}

	unsaid := fixtures.joined([_asking, fixtures.putting(concat("/", [_tool, "effects"]), ["export", "spend"])])
	fixtures.details("irreversible", "production", unsaid) == {
		{"environment": "production", "effect": "export"},
		{"environment": "production", "effect": "spend"},
	}
}

test_stands_in_an_environment_that_the_deployment_does_not_know if {
	every patches in [
		fixtures.putting("/question/resource/properties/environment", "staging"),
		[{"op": "remove", "path": "/question/resource/properties/environment"}],
		fixtures.putting("/deployment/tools/mail.send/environment", "development"),
	] {
		fixtures.stands("irreversible", "production", fixtures.joined([fixtures.calls["mail.send"], patches]))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	fixtures.stands("irreversible", "production", _of([], "yes"))

	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("irreversible", "production", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("irreversible", "production", fixtures.calls["mail.send"], [
		"/question/action/name",
		"/question/resource",
		"/question/resource/properties/environment",
		"/deployment/environments",
		"/deployment/environments/production",
		"/deployment/tools/mail.send/effects",
	])
	fixtures.stands_without(
		"irreversible", "production",
		fixtures.joined([fixtures.calls["file.write"], _asking]),
		["/deployment/tools/file.write/reversible"],
	)
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"irreversible", "production", fixtures.calls["mail.send"],
		["/question/resource/properties", "/deployment/environments", "/deployment/environments/production"],
		"object",
	)
	fixtures.stands_retyped(
		"irreversible", "production", fixtures.calls["mail.send"],
		["/question/action/name", "/question/resource/properties/environment"],
		"string",
	)
}

test_an_environment_that_says_neither_yes_nor_no_asks if {
	every asks in [null, 0, "", "false", [], {}] {
		fixtures.stands("irreversible", "production", fixtures.joined([
			fixtures.calls["mail.send"],
			fixtures.putting("/deployment/environments/production/asks_before_irreversible", asks),
		]))
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("irreversible", "production", anything)
	}
}
