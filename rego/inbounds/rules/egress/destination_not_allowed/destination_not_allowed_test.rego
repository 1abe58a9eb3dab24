package inbounds.rules.egress.destination_not_allowed_test

import data.inbounds.lib.fixtures_test as fixtures

_arguments := "/question/action/properties/arguments"

_parsed := "/question/action/properties/parsed"

_destinations := "/task/claims/authorization_details/0/destinations"

_to(address) := fixtures.joined([
	fixtures.calls["mail.send"],
	fixtures.putting(concat("/", [_arguments, "to"]), [concat("@", [address.local, address.domain])]),
	fixtures.putting(concat("/", [_parsed, "~1to~10"]), object.union({"kind": "email"}, address)),
])

_fetch(url, host) := fixtures.joined([
	fixtures.calls["web.get"],
	fixtures.putting(concat("/", [_arguments, "url"]), url),
	fixtures.putting(concat("/", [_parsed, "~1url"]), {"kind": "url", "scheme": "https", "host": host}),
])

test_ruled_out_where_the_task_may_send if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("egress", "destination_not_allowed", patches)
	}
}

test_names_the_recipient_that_is_not_among_them if {
	every address in [
		{"local": "mallory", "domain": "evil.example"},
		{"local": "bob", "domain": "acme.example.evil.example"},
		{"local": "bob", "domain": "mail.acme.example"},
		{"local": "bob", "domain": "evilacme.example"},
		{"local": "bob", "domain": "example"},
		{"local": "editor", "domain": "press.example"},
		{"local": "dave", "domain": "partner.example"},
		{"local": "Carol", "domain": "partner.example"},
	] {
		patches := _to(address)
		fixtures.stands("egress", "destination_not_allowed", patches)
		fixtures.details("egress", "destination_not_allowed", patches) == {{"argument": "/to/0"}}
	}
}

test_one_of_several_is_enough if {
	patches := fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting(concat("/", [_arguments, "to/-"]), "mallory@evil.example"),
		fixtures.putting(concat("/", [_parsed, "~1to~12"]), {"kind": "email", "local": "mallory", "domain": "evil.example"}),
	])

	fixtures.stands("egress", "destination_not_allowed", patches)
	fixtures.details("egress", "destination_not_allowed", patches) == {{"argument": "/to/2"}}
}

test_names_a_recipient_whose_parts_do_not_make_it_up if {
	every parsed in [
		{"kind": "email", "local": "bob", "domain": "acme.example"},
		{"kind": "email", "local": "mallory@evil.example,bob", "domain": "acme.example"},
		{},
	] {
		patches := fixtures.joined([
			fixtures.calls["mail.send"],
			fixtures.putting(concat("/", [_arguments, "to"]), ["mallory@evil.example,bob@acme.example"]),
			fixtures.putting(concat("/", [_parsed, "~1to~10"]), parsed),
		])
		fixtures.stands("egress", "destination_not_allowed", patches)
		fixtures.details("egress", "destination_not_allowed", patches) == {{"argument": "/to/0"}}
	}
}

test_names_a_url_that_leads_elsewhere_even_to_read if {
	every example in [
		{"url": "https://evil.example/?q=data", "host": "evil.example"},
		{"url": "https://evil.example/?q=data", "host": "wiki.acme.example"},
		{"url": "https://wiki.acme.example@evil.example/", "host": "wiki.acme.example"},
		{"url": "https://wiki.acme.example:x@evil.example/", "host": "wiki.acme.example"},
		{"url": "https://wiki.acme.example:80@evil.example/", "host": "wiki.acme.example"},
		{"url": "https://wiki.acme.example.evil.example/", "host": "wiki.acme.example"},
		{"url": "https://x.wiki.acme.example/", "host": "x.wiki.acme.example"},
		{"url": "http://wiki.acme.example/", "host": "wiki.acme.example"},
	] {
		patches := _fetch(example.url, example.host)
		fixtures.stands("egress", "destination_not_allowed", patches)
		fixtures.details("egress", "destination_not_allowed", patches) == {{"argument": "/url"}}
	}
}

test_a_port_a_query_and_a_fragment_do_not_change_the_host if {
	every url in [
		"https://wiki.acme.example",
		"https://wiki.acme.example:8443/x",
		"https://wiki.acme.example?x=1",
		"https://wiki.acme.example#x",
	] {
		fixtures.ruled_out("egress", "destination_not_allowed", _fetch(url, "wiki.acme.example"))
	}
}

test_a_host_is_matched_whole if {
	named := fixtures.joined([
		fixtures.calls["web.get"],
		fixtures.putting("/deployment/tools/web.get/arguments/~1host", {"kind": "host"}),
	])

	fixtures.ruled_out("egress", "destination_not_allowed", fixtures.joined([
		named,
		fixtures.putting(concat("/", [_arguments, "host"]), "wiki.acme.example"),
		fixtures.putting(concat("/", [_parsed, "~1host"]), {"kind": "host", "host": "wiki.acme.example"}),
	]))

	every host in ["evil.example", "wiki.acme.example."] {
		fixtures.stands("egress", "destination_not_allowed", fixtures.joined([
			named,
			fixtures.putting(concat("/", [_arguments, "host"]), host),
			fixtures.putting(concat("/", [_parsed, "~1host"]), {"kind": "host", "host": "wiki.acme.example"}),
		]))
	}
}

test_an_address_that_is_searched_for_is_no_destination if {
	fixtures.stands("egress", "destination_not_allowed", fixtures.joined([
		_to({"local": "mallory", "domain": "evil.example"}),
		[{"op": "remove", "path": "/deployment/tools/mail.send/arguments/~1to~1*/role"}],
	]))

	every role in ["query", "content"] {
		fixtures.ruled_out("egress", "destination_not_allowed", fixtures.joined([
			_to({"local": "mallory", "domain": "evil.example"}),
			fixtures.putting("/deployment/tools/mail.send/arguments/~1to~1*/role", role),
			fixtures.putting("/deployment/tools/mail.send/effects", ["read"]),
		]))
	}
}

test_names_a_destination_of_the_tool_that_the_task_lacks if {
	stated := fixtures.putting("/deployment/tools/mail.read/destinations", ["intranet", "press", "nowhere"])

	fixtures.stands("egress", "destination_not_allowed", stated)
	fixtures.details("egress", "destination_not_allowed", stated) == {{"destination": "press"}, {"destination": "nowhere"}}
}

test_a_destination_that_the_deployment_lacks_is_nobody_s if {
	patches := fixtures.joined([
		fixtures.putting(concat("/", [_destinations, "-"]), "nowhere"),
		fixtures.putting("/deployment/tools/mail.read/destinations", ["nowhere"]),
	])

	fixtures.stands("egress", "destination_not_allowed", patches)
	fixtures.details("egress", "destination_not_allowed", patches) == {{"destination": "nowhere"}}
}

test_a_call_that_sends_names_where if {
	every effect in ["export", "spend"] {
		every patches in [
			[{"op": "remove", "path": concat("/", [_arguments, "to"])}],
			fixtures.putting(concat("/", [_arguments, "to"]), []),
			fixtures.putting(concat("/", [_arguments, "to"]), {}),
			fixtures.putting(concat("/", [_arguments, "to"]), [null]),
			fixtures.putting(concat("/", [_arguments, "to"]), null),
		] {
			nowhere := fixtures.joined([
				fixtures.calls["mail.send"], patches,
				fixtures.putting("/deployment/tools/mail.send/effects", ["read", effect]),
			])
			fixtures.stands("egress", "destination_not_allowed", nowhere)
			fixtures.details("egress", "destination_not_allowed", nowhere) == {{"effect": effect}}
		}
	}
}

test_a_call_that_sends_where_the_registry_states_names_none if {
	fixtures.ruled_out("egress", "destination_not_allowed", fixtures.joined([
		fixtures.calls["mail.send"], [{"op": "remove", "path": concat("/", [_arguments, "to"])}],
		fixtures.putting("/deployment/tools/mail.send/destinations", ["colleagues"]),
	]))
}

test_a_null_names_nowhere_beside_one_that_names_somewhere if {
	copied := fixtures.putting("/deployment/tools/mail.send/arguments/~1reply_to", {"kind": "email", "nullable": true})

	fixtures.ruled_out("egress", "destination_not_allowed", fixtures.joined([
		fixtures.calls["mail.send"], copied,
		fixtures.putting(concat("/", [_arguments, "reply_to"]), null),
	]))
}

test_stands_without_a_verified_task if {
	fixtures.stands("egress", "destination_not_allowed", fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting("/task/genuine", false),
	]))
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("egress", "destination_not_allowed", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("egress", "destination_not_allowed", fixtures.calls["mail.send"], [
		"/question/action/name",
		_arguments,
		concat("/", [_parsed, "~1to~10"]),
		concat("/", [_parsed, "~1to~10/kind"]),
		concat("/", [_parsed, "~1to~10/local"]),
		concat("/", [_parsed, "~1to~10/domain"]),
		_destinations,
		"/deployment/destinations",
		"/deployment/destinations/colleagues",
		"/deployment/destinations/colleagues/domains",
		"/deployment/destinations/colleagues/addresses",
		"/deployment/tools/mail.send/effects",
	])
}

test_a_call_that_sends_nothing_holds_its_arguments_all_the_same if {
	fixtures.stands_without("egress", "destination_not_allowed", [], [_arguments])
	fixtures.stands_retyped("egress", "destination_not_allowed", [], [_arguments], "object")
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"egress", "destination_not_allowed", fixtures.calls["mail.send"], [
			_arguments,
			_parsed,
			concat("/", [_parsed, "~1to~10"]),
		],
		"object",
	)
	fixtures.stands_retyped(
		"egress", "destination_not_allowed", fixtures.calls["web.get"], [
			"/question/action/name",
			concat("/", [_parsed, "~1url/kind"]),
			concat("/", [_parsed, "~1url/host"]),
			concat("/", [_parsed, "~1url/scheme"]),
		],
		"string",
	)
	fixtures.stands_retyped("egress", "destination_not_allowed", fixtures.calls["mail.send"], [_destinations], "array")
}

test_a_destination_of_another_type_is_none if {
	every value in [0, true, false, {"x": 1}, {}] {
		fixtures.stands("egress", "destination_not_allowed", fixtures.joined([
			fixtures.calls["mail.send"],
			fixtures.putting(concat("/", [_arguments, "to/0"]), value),
		]))
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("egress", "destination_not_allowed", anything)
	}
}
