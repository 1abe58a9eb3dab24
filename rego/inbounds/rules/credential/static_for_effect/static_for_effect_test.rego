package inbounds.rules.credential.static_for_effect_test

import data.inbounds.lib.fixtures_test as fixtures

_key := "/deployment/credentials/mail-key"

_static := fixtures.putting("/deployment/tools/mail.read/credential", "mail-key")

_with_effects(effects) := array.concat(_static, fixtures.putting("/deployment/tools/mail.read/effects", effects))

_leased := fixtures.putting("/deployment/tools/mail.read/credential", "mail-store")

test_ruled_out_where_none_is_needed_or_it_is_leased if {
	write := fixtures.putting("/deployment/tools/mail.read/effects", ["write"])

	every patches in [[], write, _leased, array.concat(_leased, write)] {
		fixtures.ruled_out("credential", "static_for_effect", patches)
		fixtures.details("credential", "static_for_effect", patches) == set()
	}
}

test_ruled_out_for_a_tool_that_reads_or_does_what_the_deployment_names if {
	every effects in [["read"], ["export"], ["read", "export"]] {
		fixtures.ruled_out("credential", "static_for_effect", _with_effects(effects))
		fixtures.details("credential", "static_for_effect", _with_effects(effects)) == set()
	}
}

test_stands_for_every_effect_that_the_deployment_does_not_name if {
	every effect in ["write", "delete", "execute", "spend", "delegate", "administer", "levitate"] {
		every effects in [[effect], ["read", effect], ["export", effect]] {
			fixtures.stands("credential", "static_for_effect", _with_effects(effects))
			found := fixtures.details("credential", "static_for_effect", _with_effects(effects))
			found == {{"credential": "mail-key", "effect": effect}}
		}
	}
}

test_stands_where_it_states_no_effect if {
	fixtures.stands("credential", "static_for_effect", array.concat(
		_with_effects(["export"]),
		[{"op": "remove", "path": concat("/", [_key, "effects"])}],
	))
	every value in [[], null, "export", {"0": "export"}, {"export": 1}] {
		fixtures.stands("credential", "static_for_effect", array.concat(
			_with_effects(["export"]),
			fixtures.putting(concat("/", [_key, "effects"]), value),
		))
	}
}

test_a_tool_that_reads_needs_no_effect_named if {
	every patch in [
		{"op": "remove", "path": concat("/", [_key, "effects"])},
		{"op": "replace", "path": concat("/", [_key, "effects"]), "value": []},
	] {
		fixtures.ruled_out("credential", "static_for_effect", array.concat(_static, [patch]))
	}
}

test_stands_without_a_reason if {
	every reason in ["", " \t", null, 0, ["because"], {}] {
		patches := array.concat(_static, fixtures.putting(concat("/", [_key, "reason"]), reason))
		fixtures.stands("credential", "static_for_effect", patches)
		fixtures.details("credential", "static_for_effect", patches) == {{"credential": "mail-key", "lacks": "reason"}}
	}
}

test_stands_from_its_end if {
	until := concat("/", [_key, "until"])

	fixtures.ruled_out("credential", "static_for_effect", array.concat(_static, fixtures.putting(until, 1800000001)))
	every end in [1800000000, 0, null, "2099-01-01T00:00:00Z", [1800000001], {}] {
		patches := array.concat(_static, fixtures.putting(until, end))
		fixtures.stands("credential", "static_for_effect", patches)
		fixtures.details("credential", "static_for_effect", patches) == {{"credential": "mail-key", "lacks": "an end ahead"}}
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	fixtures.stands("credential", "static_for_effect", _with_effects([]))
	every effects in [null, "read", 0, {}] {
		fixtures.stands("credential", "static_for_effect", _with_effects(effects))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in [
		"/question/action/name",
		"/deployment/tools",
		"/deployment/tools/mail.read",
		"/deployment/tools/mail.read/effects",
		"/deployment/credentials",
		"/deployment/credentials/mail-key",
		"/deployment/credentials/mail-key/kind",
		"/deployment/credentials/mail-key/reason",
		"/deployment/credentials/mail-key/until",
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("credential", "static_for_effect", array.concat(_static, damage))
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("credential", "static_for_effect", anything)
	}
}
