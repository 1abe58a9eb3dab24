package inbounds.escalations.irreversible.bulk_test

import data.inbounds.lib.fixtures_test as fixtures

_arguments := "/question/action/properties/arguments"

_bulk := "/deployment/settings/bulk"

_tool := "/deployment/tools/mail.send"

_to(number) := fixtures.joined([
	fixtures.calls["mail.send"],
	fixtures.putting(concat("/", [_arguments, "to"]), ["bob@acme.example" | some _ in numbers.range(1, number)]),
])

test_ruled_out_up_to_twenty_where_the_deployment_does_not_say if {
	fixtures.stands("irreversible", "bulk", _to(21))
	fixtures.details("irreversible", "bulk", _to(21)) == {{"argument": "/to", "count": 21, "most": 20}}

	every number in [1, 19, 20] {
		fixtures.ruled_out("irreversible", "bulk", _to(number))
		fixtures.details("irreversible", "bulk", _to(number)) == set()
	}
}

test_ruled_out_up_to_what_the_deployment_says if {
	every most in [0, 1, 5] {
		said := fixtures.putting(_bulk, most)
		more := fixtures.joined([_to(most + 1), said])
		fixtures.stands("irreversible", "bulk", more)
		fixtures.details("irreversible", "bulk", more) == {{"argument": "/to", "count": most + 1, "most": most}}
	}

	every most in [1, 5] {
		fixtures.ruled_out("irreversible", "bulk", fixtures.joined([_to(most), fixtures.putting(_bulk, most)]))
	}
}

test_recipients_and_targets_count_together_and_nothing_else_does if {
	every example in [
		{"role": "target", "asks": true},
		{"role": "recipient", "asks": true},
		{"role": "content", "asks": false},
		{"role": "amount", "asks": false},
		{"role": "code", "asks": false},
		{"role": "query", "asks": false},
		{"role": "credential", "asks": false},
		{"role": "none", "asks": false},
	] {
		patches := fixtures.joined([
			_to(2),
			fixtures.putting(concat("/", [_tool, "arguments/~1body/role"]), example.role),
			fixtures.putting(_bulk, 2),
		])
		_asks(patches) == example.asks
	}
}

_asks(patches) if fixtures.stands("irreversible", "bulk", patches)

_asks(patches) := false if fixtures.ruled_out("irreversible", "bulk", patches)

test_names_every_argument_that_holds_some if {
	both := fixtures.joined([
		_to(2),
		fixtures.putting(concat("/", [_tool, "arguments/~1body/role"]), "target"),
		fixtures.putting(_bulk, 2),
	])
	fixtures.details("irreversible", "bulk", both) == {
		{"argument": "/to", "count": 3, "most": 2},
		{"argument": "/body", "count": 3, "most": 2},
	}
}

test_what_holds_nothing_does_not_count if {
	fixtures.ruled_out("irreversible", "bulk", fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting(concat("/", [_arguments, "to"]), [null, "bob@acme.example", null]),
		fixtures.putting(_bulk, 1),
	]))
}

test_what_is_only_read_counts_for_where_requests_go if {
	reads := fixtures.putting(concat("/", [_tool, "effects"]), ["read"])
	fixtures.stands("irreversible", "bulk", fixtures.joined([_to(21), reads]))

	targets := fixtures.putting(concat("/", [_tool, "arguments/~1to~1*"]), {"role": "target"})
	fixtures.ruled_out("irreversible", "bulk", fixtures.joined([_to(21), reads, targets]))
	fixtures.stands("irreversible", "bulk", fixtures.joined([_to(21), targets]))
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("irreversible", "bulk", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("irreversible", "bulk", _to(1), [
		"/question/action/name",
		_arguments,
		concat("/", [_tool, "effects"]),
		"/deployment/settings",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped("irreversible", "bulk", _to(1), [_arguments, "/deployment/settings"], "object")
	fixtures.stands_retyped("irreversible", "bulk", _to(1), ["/question/action/name"], "string")
	fixtures.stands_retyped(
		"irreversible", "bulk",
		fixtures.joined([_to(1), fixtures.putting(_bulk, 20)]),
		[_bulk],
		"number",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("irreversible", "bulk", anything)
	}
}
