package inbounds.rules.flow.sensitive_to_lower_trust_test

import data.inbounds.lib.fixtures_test as fixtures

_label := "/question/context/session/label"

_colleagues := "/deployment/destinations/colleagues"

_ruled_out(patches) if fixtures.ruled_out("flow", "sensitive_to_lower_trust", _sent(patches))

_stands(patches) if fixtures.stands("flow", "sensitive_to_lower_trust", _sent(patches))

_details(patches) := fixtures.details("flow", "sensitive_to_lower_trust", _sent(patches))

_sent(patches) := array.concat(fixtures.calls["mail.send"], patches)

_takes(label) := fixtures.putting(concat("/", [_colleagues, "label"]), label)

_seen(label) := fixtures.putting(_label, label)

_both := {
	{"argument": "/to/0", "label": "internal"},
	{"argument": "/to/1", "label": "internal"},
}

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("flow", "sensitive_to_lower_trust", patches)
	}
}

test_a_destination_takes_data_up_to_its_label if {
	every example in [
		{"takes": "public", "seen": "public"},
		{"takes": "internal", "seen": "public"},
		{"takes": "internal", "seen": "internal"},
		{"takes": "secret", "seen": "confidential"},
		{"takes": "secret", "seen": "secret"},
	] {
		_ruled_out(array.concat(_takes(example.takes), _seen(example.seen)))
	}

	every example in [
		{"takes": "public", "seen": "internal"},
		{"takes": "internal", "seen": "confidential"},
		{"takes": "confidential", "seen": "secret"},
		{"takes": "unknown", "seen": "public"},
		{"takes": "Internal", "seen": "internal"},
		{"takes": "confidential", "seen": "unknown"},
	] {
		_stands(array.concat(_takes(example.takes), _seen(example.seen)))
	}
}

test_names_what_would_go_where_it_may_not if {
	_details(array.concat(_takes("public"), _seen("internal"))) == _both
	_details([]) == set()
}

test_one_that_states_no_label_takes_what_the_task_may_see if {
	_ruled_out(_seen("confidential"))
	_ruled_out(array.concat(_takes(""), _seen("confidential")))
	_stands(_seen("secret"))
	_stands(array.concat(_takes(""), _seen("secret")))
	_stands(array.concat(
		_seen("internal"),
		fixtures.putting("/task/claims/authorization_details/0/label", "public"),
	))
}

test_the_resource_s_label_counts_as_well if {
	_stands(array.concat(_takes("public"), fixtures.putting("/question/resource/properties/label", "internal")))
	_stands(array.concat(_takes("public"), fixtures.putting("/deployment/labels/resources/mailbox/label", "internal")))
	_details(array.concat(_takes("public"), fixtures.putting("/question/resource/properties/label", "internal"))) == _both
}

test_one_destination_of_several_that_takes_it_is_enough if {
	wide := fixtures.joined([
		_takes("public"),
		_seen("internal"),
		fixtures.putting("/deployment/destinations/press/addresses", ["carol@partner.example", "bob@acme.example"]),
	])
	_stands(wide)
	_ruled_out(array.concat(wide, fixtures.putting("/task/claims/authorization_details/0/destinations/-", "press")))
}

test_one_recipient_of_several_is_too_many if {
	patches := fixtures.joined([
		_seen("internal"),
		fixtures.putting("/deployment/destinations/press", {"addresses": ["carol@partner.example"], "label": "public"}),
		fixtures.putting(concat("/", [_colleagues, "addresses"]), []),
		fixtures.putting("/task/claims/authorization_details/0/destinations/-", "press"),
	])
	_stands(patches)
	_details(patches) == {{"argument": "/to/1", "label": "internal"}}
}

test_a_recipient_that_is_nobody_s_takes_nothing if {
	patches := fixtures.putting(concat("/", [_colleagues, "addresses"]), [])

	_stands(patches)
	_details(patches) == {{"argument": "/to/1", "label": "public"}}
}

test_where_the_tool_itself_sends_takes_it_or_it_stands if {
	stated := fixtures.joined([
		fixtures.putting("/deployment/tools/mail.send/destinations", ["intranet"]),
		_seen("internal"),
	])
	_ruled_out(stated)
	_details(stated) == set()
	_stands(array.concat(stated, [{"op": "remove", "path": "/question/action/properties/arguments"}]))

	low := array.concat(stated, fixtures.putting("/deployment/destinations/intranet/label", "public"))
	_stands(low)
	_details(low) == {{"destination": "intranet", "label": "internal"}}
	_stands(array.concat(low, _effects(["read"])))
	_details(array.concat(low, _effects(["read"]))) == {{"destination": "intranet", "label": "internal"}}

	every name in ["press", "nowhere"] {
		patches := fixtures.putting("/deployment/tools/mail.send/destinations", [name])
		_stands(patches)
		_details(patches) == {{"destination": name, "label": "public"}}
	}
}

_effects(effects) := fixtures.putting("/deployment/tools/mail.send/effects", effects)

test_speaks_of_every_call_that_names_where_whatever_its_effects if {
	low := array.concat(_takes("public"), _seen("internal"))
	nowhere := fixtures.putting("/question/action/properties/arguments", {"body": "Hello"})

	every effects in [
		["export"], ["read", "spend"], ["delegate"],
		["read"], ["write", "delete"], ["execute", "administer"],
	] {
		_stands(array.concat(low, _effects(effects)))
	}

	every effects in [["read"], ["write", "delete"], ["execute", "administer"]] {
		_ruled_out(fixtures.joined([low, nowhere, _effects(effects)]))
		_details(fixtures.joined([low, nowhere, _effects(effects)])) == set()
	}
}

test_a_page_is_requested_only_where_the_label_may_go if {
	request := fixtures.joined([
		fixtures.calls["web.get"],
		fixtures.putting("/deployment/destinations/intranet/label", "internal"),
	])

	every effects in [["read"], ["export"]] {
		page := array.concat(request, fixtures.putting("/deployment/tools/web.get/effects", effects))
		_ruled_out(array.concat(page, fixtures.putting("/question/context/session/label", "internal")))

		high := array.concat(page, fixtures.putting("/question/context/session/label", "confidential"))
		_stands(high)
		_details(high) == {{"argument": "/url", "label": "confidential"}}
	}
}

test_what_sends_or_spends_says_where if {
	nowhere := fixtures.putting("/question/action/properties/arguments", {"body": "Hello"})

	_stands(nowhere)
	_ruled_out(array.concat(nowhere, fixtures.putting("/deployment/tools/mail.send/destinations", ["colleagues"])))
	_stands(array.concat(nowhere, _effects(["spend"])))

	# A delegate has a session of the same labels.
	_ruled_out(array.concat(nowhere, _effects(["delegate"])))

	# Unless nobody knows which.
	_stands(fixtures.joined([nowhere, _effects(["delegate"]), [{"op": "remove", "path": _label}]]))
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("flow", "sensitive_to_lower_trust", fixtures.putting("/question/action/name", name))
	}
}

test_stands_without_a_verified_task if {
	_stands(fixtures.putting("/task/genuine", false))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("flow", "sensitive_to_lower_trust", _sent([]), [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/action/properties/parsed",
		"/question/context/session",
		_label,
		"/deployment/tools/mail.send/effects",
		"/deployment/labels/order",
		"/deployment/destinations",
		_colleagues,
		"/task/claims/authorization_details/0/destinations",
		"/task/claims/authorization_details/0/label",
	])
	fixtures.stands_without("flow", "sensitive_to_lower_trust", _sent(_takes("public")), [
		"/question/resource/type",
		"/question/resource/id",
		"/deployment/labels/resources/mailbox",
		"/deployment/labels/resources/mailbox/label",
		"/deployment/tools/mail.send/resource",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"flow", "sensitive_to_lower_trust", _sent([]), [
			"/question/action/name",
			_label,
			"/task/claims/authorization_details/0/label",
		],
		"string",
	)
	fixtures.stands_retyped(
		"flow", "sensitive_to_lower_trust", _sent(_takes("public")), [
			concat("/", [_colleagues, "label"]),
			"/question/resource/type",
		],
		"string",
	)
	fixtures.stands_retyped(
		"flow", "sensitive_to_lower_trust", _sent([]),
		["/task/claims/authorization_details/0/destinations", "/deployment/labels/order"], "array",
	)
	fixtures.stands_retyped(
		"flow", "sensitive_to_lower_trust", _sent([]),
		["/question/action/properties/arguments", "/question/context/session"], "object",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("flow", "sensitive_to_lower_trust", anything)
	}
}
