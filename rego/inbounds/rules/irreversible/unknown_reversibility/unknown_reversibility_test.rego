package inbounds.rules.irreversible.unknown_reversibility_test

import data.inbounds.lib.fixtures_test as fixtures

_tool := "/deployment/tools/mail.read"

_of(effects, reversible) := fixtures.joined([
	fixtures.putting(concat("/", [_tool, "effects"]), effects),
	fixtures.putting(concat("/", [_tool, "reversible"]), reversible),
])

_lasting := ["write", "delete", "execute", "spend", "administer"]

test_ruled_out_where_there_is_nothing_to_say if {
	every effects in [["read"], ["export"], ["delegate"], ["read", "export", "delegate"]] {
		every patches in [
			_of(effects, "unknown"),
			fixtures.putting(concat("/", [_tool, "effects"]), effects),
		] {
			fixtures.ruled_out("irreversible", "unknown_reversibility", patches)
		}
	}

	every _, patches in fixtures.calls {
		fixtures.ruled_out("irreversible", "unknown_reversibility", patches)
	}
}

test_ruled_out_where_the_registry_says_it if {
	every effect in _lasting {
		every reversible in ["yes", "no"] {
			patches := _of(["export", effect], reversible)
			fixtures.ruled_out("irreversible", "unknown_reversibility", patches)
			fixtures.details("irreversible", "unknown_reversibility", patches) == set()
		}
	}
}

test_names_the_effects_of_which_it_is_not_known if {
	every effect in _lasting {
		every patches in [
			_of(["read", "export", effect], "unknown"),
			fixtures.putting(concat("/", [_tool, "effects"]), ["read", effect]),
		] {
			fixtures.stands("irreversible", "unknown_reversibility", patches)
			fixtures.details("irreversible", "unknown_reversibility", patches) == {{"effect": effect}}
		}
	}

	both := _of(["delete", "write"], "unknown")
	fixtures.details("irreversible", "unknown_reversibility", both) == {{"effect": "delete"}, {"effect": "write"}}
}

test_stands_for_anything_but_yes_and_no if {
	every reversible in ["", "Yes", "maybe", true, false, null, 1, ["yes"], {"yes": "yes"}] {
		fixtures.stands("irreversible", "unknown_reversibility", _of(["write"], reversible))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("irreversible", "unknown_reversibility", fixtures.putting("/question/action/name", name))
	}

	every reversible in ["yes", "no"] {
		fixtures.stands("irreversible", "unknown_reversibility", _of([], reversible))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("irreversible", "unknown_reversibility", fixtures.calls["file.write"], [
		"/question/action",
		"/question/action/name",
		"/deployment/tools",
		"/deployment/tools/file.write",
		"/deployment/tools/file.write/effects",
		"/deployment/tools/file.write/reversible",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"irreversible", "unknown_reversibility", fixtures.calls["file.write"],
		["/question/action/name", "/deployment/tools/file.write/reversible"],
		"string",
	)
	fixtures.stands_retyped(
		"irreversible", "unknown_reversibility", fixtures.calls["file.write"],
		["/deployment/tools/file.write"],
		"object",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("irreversible", "unknown_reversibility", anything)
	}
}
