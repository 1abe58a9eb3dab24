package inbounds.rules.flow.secret_flow_test

import data.inbounds.lib.fixtures_test as fixtures

_label := "/question/context/session/label"

_colleagues := "/deployment/destinations/colleagues"

_intranet := "/deployment/destinations/intranet"

_sent(patches) := array.concat(fixtures.calls["mail.send"], patches)

_fetched(patches) := array.concat(fixtures.calls["web.get"], patches)

_ruled_out(patches) if fixtures.ruled_out("flow", "secret_flow", patches)

_stands(patches) if fixtures.stands("flow", "secret_flow", patches)

_details(patches) := fixtures.details("flow", "secret_flow", patches)

_secret := array.concat(
	fixtures.putting(_label, "secret"),
	fixtures.putting("/task/claims/authorization_details/0/label", "secret"),
)

_takes(label) := fixtures.putting(concat("/", [_colleagues, "label"]), label)

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_details(patches) == set()
	}
}

test_data_of_the_highest_label_goes_only_where_it_is_expected if {
	_stands(_sent(_secret))
	_stands(_sent(array.concat(_secret, _takes(""))))
	_stands(_sent(array.concat(_secret, _takes("confidential"))))
	_stands(_sent(array.concat(_secret, _takes("unknown"))))
	_ruled_out(_sent(array.concat(_secret, _takes("secret"))))
	_details(_sent(_secret)) == {
		{"argument": "/to/0", "label": "secret"},
		{"argument": "/to/1", "label": "secret"},
	}
}

test_what_nobody_labelled_is_of_the_highest if {
	_stands(_sent(fixtures.putting(_label, "unknown")))
	_stands(_sent(fixtures.putting("/question/resource/properties/label", "secret")))
	_stands(_sent(fixtures.putting("/question/resource/type", "mail")))
}

test_any_lower_label_is_no_secret if {
	every label in ["public", "internal", "confidential"] {
		_ruled_out(_sent(array.concat(_takes("public"), fixtures.putting(_label, label))))
	}
}

test_the_only_label_there_is_sets_nothing_apart if {
	only := _sent(array.concat(_secret, fixtures.putting("/deployment/labels/order", ["secret"])))
	_ruled_out(only)
	_stands(array.concat(only, [{"op": "remove", "path": _label}]))
	_stands(_sent(array.concat(_secret, fixtures.putting("/deployment/labels/order", ["public", "secret"]))))
	_stands(_sent(array.concat(_secret, fixtures.putting("/deployment/labels/order", []))))
}

test_the_address_of_what_is_read_can_take_it_away if {
	_stands(_fetched(_secret))
	_details(_fetched(_secret)) == {{"argument": "/url", "label": "secret"}}
	_ruled_out(_fetched(array.concat(_secret, fixtures.putting(concat("/", [_intranet, "label"]), "secret"))))
}

test_where_the_tool_itself_goes_can_take_it_away if {
	stated := array.concat(_secret, fixtures.putting("/deployment/tools/mail.read/destinations", ["intranet"]))

	_stands(stated)
	_details(stated) == {{"destination": "intranet", "label": "secret"}}

	expected := array.concat(stated, fixtures.putting(concat("/", [_intranet, "label"]), "secret"))
	_ruled_out(expected)
	_details(expected) == set()

	# Nor is there anything to say of it where nothing secret was seen.
	_details(fixtures.putting("/deployment/tools/mail.read/destinations", ["intranet"])) == set()
	_stands(array.concat(_secret, fixtures.joined([
		fixtures.putting("/deployment/tools/mail.read/destinations", ["press"]),
		fixtures.putting("/deployment/destinations/press/label", "secret"),
	])))
}

test_what_goes_nowhere_may_hold_it if {
	_ruled_out(_secret)
	_ruled_out(array.concat(fixtures.calls["file.write"], _secret))
	_details(array.concat(fixtures.calls["file.write"], _secret)) == set()
}

test_what_sends_and_does_not_say_where_stands if {
	nowhere := array.concat(_secret, fixtures.putting("/question/action/properties/arguments", {"body": "Hello"}))
	_stands(_sent(nowhere))
}

test_one_recipient_of_several_is_too_many if {
	patches := _sent(fixtures.joined([
		_secret,
		_takes("secret"),
		fixtures.putting("/deployment/destinations/press", {"addresses": ["carol@partner.example"]}),
		fixtures.putting(concat("/", [_colleagues, "addresses"]), []),
		fixtures.putting("/task/claims/authorization_details/0/destinations/-", "press"),
	]))
	_stands(patches)
	_details(patches) == {{"argument": "/to/1", "label": "secret"}}
}

_with_token(tool) := fixtures.joined([
	fixtures.calls[tool],
	fixtures.putting(concat("/", ["/deployment/tools", tool, "arguments/~1token"]), {"role": "credential"}),
	fixtures.putting("/question/action/properties/arguments/token", "x"),
])

test_a_credential_leaves_with_nothing_that_goes_anywhere if {
	_stands(array.concat(_with_token("mail.send"), _takes("secret")))
	_stands(array.concat(
		_with_token("mail.read"),
		fixtures.putting("/deployment/tools/mail.read/destinations", ["intranet"]),
	))

	sending := array.concat(_with_token("mail.read"), fixtures.putting("/deployment/tools/mail.read/effects", ["export"]))
	_stands(sending)
	_details(sending) == {{"argument": "/token", "role": "credential"}}

	every tool in ["mail.send", "web.get"] {
		patches := _with_token(tool)
		_stands(patches)
		_details(patches) == {{"argument": "/token", "role": "credential"}}
		_ruled_out(array.concat(patches, fixtures.putting("/question/action/properties/arguments/token", null)))
	}
}

test_a_credential_that_stays_is_for_another_rule if {
	every tool in ["mail.read", "file.write"] {
		_ruled_out(_with_token(tool))
		_details(_with_token(tool)) == set()
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		_stands(fixtures.putting("/question/action/name", name))
	}
}

test_what_is_secret_goes_nowhere_without_a_verified_task if {
	_ruled_out(_sent(array.concat(_secret, _takes("secret"))))
	_stands(_sent(fixtures.joined([_secret, _takes("secret"), fixtures.putting("/task/genuine", false)])))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("flow", "secret_flow", _sent([]), [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/context/session",
		_label,
		"/question/resource/type",
		"/question/resource/id",
		"/deployment/tools/mail.send/effects",
		"/deployment/tools/mail.send/resource",
		"/deployment/labels/order",
		"/deployment/labels/resources/mailbox/label",
	])
	fixtures.stands_without("flow", "secret_flow", _sent(array.concat(_secret, _takes("secret"))), [
		"/question/action/properties/parsed",
		_label,
		"/deployment/destinations",
		_colleagues,
		concat("/", [_colleagues, "label"]),
		"/task/claims/authorization_details/0/destinations",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("flow", "secret_flow", _sent([]), ["/question/action/name", _label], "string")
	fixtures.stands_retyped(
		"flow", "secret_flow", _sent([]),
		["/question/action/properties/arguments", "/question/context/session"], "object",
	)
	fixtures.stands_retyped("flow", "secret_flow", _sent([]), ["/deployment/labels/order"], "array")
	fixtures.stands_retyped(
		"flow", "secret_flow", _sent(array.concat(_secret, _takes("secret"))),
		[concat("/", [_colleagues, "label"])], "string",
	)
	fixtures.stands_retyped("flow", "secret_flow", [], ["/question/action/properties/arguments"], "object")
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("flow", "secret_flow", anything)
	}
}
