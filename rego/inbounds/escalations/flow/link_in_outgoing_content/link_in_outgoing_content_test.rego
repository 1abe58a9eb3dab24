package inbounds.escalations.flow.link_in_outgoing_content_test

import data.inbounds.lib.fixtures_test as fixtures

_links := "/question/action/properties/links"

_untrusted := fixtures.putting("/question/context/session/trust", "untrusted")

_sent(patches) := fixtures.joined([fixtures.calls["mail.send"], _untrusted, patches])

_with(links) := _sent(fixtures.putting(_links, links))

_ruled_out(patches) if fixtures.ruled_out("flow", "link_in_outgoing_content", patches)

_stands(patches) if fixtures.stands("flow", "link_in_outgoing_content", patches)

_details(patches) := fixtures.details("flow", "link_in_outgoing_content", patches)

_strange := {"/body": [{"host": "evil.example", "grade": "third_party_text"}]}

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_ruled_out(array.concat(patches, _untrusted))
		_details(patches) == set()
	}
}

test_names_the_argument_with_a_link_that_nobody_trusted_gave if {
	_details(_with(_strange)) == {{"argument": "/body"}}

	every grade in ["listing", "third_party_meta", "quoted_text", "third_party_text", "none", "Prompt", ""] {
		every host in ["evil.example", "", "WIKI.acme.example", "x.wiki.acme.example", "press.example", "acme.example"] {
			_stands(_with({"/body": [{"host": host, "grade": grade}]}))
		}
	}
}

test_a_link_that_the_user_or_a_trusted_tool_gave_may_be_sent if {
	every grade in ["prompt", "first_party", "quoted"] {
		every host in ["evil.example", ""] {
			_ruled_out(_with({"/body": [{"host": host, "grade": grade}]}))
		}
	}
}

test_a_link_to_where_the_task_may_send_may_be_sent if {
	_stands(array.concat(
		_with({"/body": [{"host": "wiki.acme.example", "grade": "none"}]}),
		fixtures.putting("/task/claims/authorization_details/0/destinations", ["colleagues"]),
	))
	_stands(array.concat(
		_with({"/body": [{"host": "wiki.acme.example", "grade": "none"}]}),
		fixtures.putting("/task/genuine", false),
	))

	# That data may go anywhere says nothing of who is lured where.
	_stands(array.concat(_with(_strange), fixtures.putting("/deployment/destinations/intranet", {"anywhere": true})))
	_stands(array.concat(
		_with({"/body": [{"host": "", "grade": "none"}]}),
		fixtures.putting("/deployment/destinations/intranet/hosts", [""]),
	))

	every grade in ["third_party_text", "none"] {
		_ruled_out(_with({"/body": [{"host": "wiki.acme.example", "grade": grade}]}))
	}
}

test_one_link_of_several_is_enough if {
	patches := _with({
		"/subject": [{"host": "evil.example", "grade": "prompt"}],
		"/body": [{"host": "wiki.acme.example", "grade": "none"}, {"host": "evil.example", "grade": "none"}],
		"/note": [],
	})
	_stands(patches)
	_details(patches) == {{"argument": "/body"}}
}

test_in_a_session_that_saw_nothing_untrusted_every_link_is_its_own if {
	_ruled_out(array.concat(_with(_strange), fixtures.putting("/question/context/session/trust", "trusted")))

	_stands(array.concat(_with(_strange), [{"op": "remove", "path": "/question/context/session/trust"}]))

	every trust in ["Trusted", "", null, true, ["trusted"]] {
		_stands(array.concat(_with(_strange), fixtures.putting("/question/context/session/trust", trust)))
	}
}

test_speaks_of_what_is_sent_alone if {
	_stands(array.concat(_with(_strange), fixtures.putting("/deployment/tools/mail.send/effects", ["read", "export"])))

	every effects in [["read"], ["write"], ["spend", "delegate"]] {
		patches := array.concat(_with(_strange), fixtures.putting("/deployment/tools/mail.send/effects", effects))

		# Where an argument names somebody, it is sent, whatever the registry says.
		_stands(patches)
		_ruled_out(array.concat(patches, fixtures.putting("/question/action/properties/arguments", {"body": "Hello"})))
	}
}

test_links_of_another_shape_are_not_taken_for_none if {
	every links in [
		{"/body": {}},
		{"/body": {"host": "wiki.acme.example", "grade": "prompt"}},
		{"/body": "wiki.acme.example"},
		{"/body": null},
		{"/body": ["wiki.acme.example"]},
		{"/body": [null]},
		{"/body": [[]]},
		{"/body": [{}]},
		{"/body": [{"grade": "prompt"}]},
		{"/body": [{"host": "wiki.acme.example"}]},
		{"/body": [{"host": null, "grade": "prompt"}]},
		{"/body": [{"host": "wiki.acme.example", "grade": null}]},
		{"/body": [{"host": 7, "grade": "none"}]},
	] {
		_stands(_with(links))
		_details(_with(links)) == {{"argument": "/body"}}
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		_stands(fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	sent := _with({"/body": [{"host": "wiki.acme.example", "grade": "none"}]})

	fixtures.stands_without("flow", "link_in_outgoing_content", sent, [
		"/question/action",
		"/question/action/name",
		"/question/action/properties",
		_links,
		concat("/", [_links, "~1body/0/host"]),
		concat("/", [_links, "~1body/0/grade"]),
		"/deployment/tools/mail.send/effects",
		"/deployment/destinations/intranet",
		"/deployment/destinations/intranet/hosts",
		"/task/claims/authorization_details/0/destinations",
	])
	fixtures.stands_retyped(
		"flow", "link_in_outgoing_content", sent, [
			"/question/action/name",
			concat("/", [_links, "~1body/0/host"]),
			concat("/", [_links, "~1body/0/grade"]),
		],
		"string",
	)
	fixtures.stands_retyped(
		"flow", "link_in_outgoing_content", sent, [
			_links,
			concat("/", [_links, "~1body/0"]),
		],
		"object",
	)
	fixtures.stands_retyped(
		"flow", "link_in_outgoing_content", sent, [
			"/deployment/destinations/intranet/hosts",
			"/task/claims/authorization_details/0/destinations",
		],
		"array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("flow", "link_in_outgoing_content", anything)
	}
}
