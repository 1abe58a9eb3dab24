package inbounds.rules.capability.reaches_further_test

import data.inbounds.lib.fixtures_test as fixtures

_tools := "/deployment/tools"

_agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant"

_only_reads := fixtures.putting(concat("/", [_agent, "read_only"]), true)

_reaches(name, words) := fixtures.putting(concat("/", [_tools, name, "reaches"]), words)

_registering(name, entry) := fixtures.putting(concat("/", [_tools, name]), entry)

_job := _registering("job.run", {"effects": ["execute"], "resource": "job"})

_index := _registering("mail.index", {"effects": ["read"], "resource": "mail"})

# A chain of that many steps, the last of which reads.
_chain(steps) := array.concat(
	_reaches("mail.read", ["step-1"]),
	[{"op": "add", "path": sprintf("/deployment/tools/step-%d", [step]), "value": entry} |
		some step in numbers.range(1, steps)
		entry := {
			"effects": ["read"],
			"resource": "mail",
			"reaches": [sprintf("step-%d", [step + 1]) | step < steps],
		}
	],
)

_many(count_of) := array.concat(
	_reaches("mail.read", [sprintf("step-%d", [step]) | some step in numbers.range(1, count_of)]),
	[{"op": "add", "path": sprintf("/deployment/tools/step-%d", [step]), "value": {"effects": ["read"]}} |
		some step in numbers.range(1, count_of)
	],
)

test_ruled_out_for_ordinary_calls_and_where_all_only_reads if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("capability", "reaches_further", patches)
		fixtures.details("capability", "reaches_further", patches) == set()
	}
	every patches in [
		_only_reads,
		fixtures.putting(concat("/", [_agent, "read_only"]), false),
		_reaches("mail.read", []),
		fixtures.joined([_only_reads, _index, _reaches("mail.read", ["mail.index", "read"])]),
		fixtures.joined([_job, _reaches("mail.read", ["job.run"])]),
		fixtures.joined([_only_reads, fixtures.putting(concat("/", [_tools, "mail.read", "credential"]), "mail-store")]),
	] {
		fixtures.ruled_out("capability", "reaches_further", patches)
		fixtures.details("capability", "reaches_further", patches) == set()
	}
}

test_stands_for_an_agent_that_only_reads_and_a_call_that_does_not if {
	every name, effect in {"mail.send": "export", "file.write": "write"} {
		patches := array.concat(_only_reads, fixtures.calls[name])
		fixtures.stands("capability", "reaches_further", patches)
		fixtures.details("capability", "reaches_further", patches) == {{"tool": name, "effect": effect}}
	}
}

test_stands_for_what_is_set_in_motion_over_any_steps if {
	every patches in [
		fixtures.joined([_job, _reaches("mail.read", ["job.run"])]),
		_reaches("mail.read", ["execute"]),
		fixtures.joined([_job, _index, _reaches("mail.read", ["mail.index"]), _reaches("mail.index", ["job.run"])]),
		fixtures.joined([
			_job,
			_index,
			_reaches("mail.read", ["mail.index"]),
			_reaches("mail.index", ["mail.read", "job.run"]),
		]),
	] {
		whole := array.concat(_only_reads, patches)
		fixtures.stands("capability", "reaches_further", whole)
		fixtures.details("capability", "reaches_further", whole) == {{"tool": "mail.read", "effect": "execute"}}
	}
}

test_stands_for_a_credential_that_is_good_for_more if {
	credential := fixtures.putting(concat("/", [_tools, "mail.read", "credential"]), "mail-key")

	fixtures.stands("capability", "reaches_further", array.concat(_only_reads, credential))
	fixtures.details("capability", "reaches_further", array.concat(_only_reads, credential)) == {{
		"credential": "mail-key",
		"effect": "export",
	}}
	fixtures.ruled_out("capability", "reaches_further", credential)

	through := fixtures.joined([
		_only_reads,
		_index,
		_reaches("mail.read", ["mail.index"]),
		fixtures.putting(concat("/", [_tools, "mail.index", "credential"]), "mail-key"),
	])
	fixtures.stands("capability", "reaches_further", through)
}

test_stands_for_a_credential_that_cannot_be_read if {
	needing := array.concat(_only_reads, fixtures.putting(concat("/", [_tools, "mail.read", "credential"]), "mail-key"))

	every patch in array.concat(
		fixtures.damages("/deployment/credentials/mail-key"),
		[[{"op": "replace", "path": "/deployment/credentials/mail-key/effects", "value": value}] |
			some value in [null, true, "read", {}]
		],
	) {
		fixtures.stands("capability", "reaches_further", array.concat(needing, patch))
		fixtures.details("capability", "reaches_further", array.concat(needing, patch)) == {{
			"credential": "mail-key",
			"is": "not known",
		}}
	}
}

test_a_credential_that_states_no_effects_is_good_for_none if {
	needing := array.concat(_only_reads, fixtures.putting(concat("/", [_tools, "mail.read", "credential"]), "mail-key"))
	fixtures.ruled_out("capability", "reaches_further", array.concat(
		needing,
		[{"op": "remove", "path": "/deployment/credentials/mail-key/effects"}],
	))
}

test_stands_for_one_that_has_its_task_from_an_agent_that_only_reads if {
	sent := fixtures.joined([_only_reads, fixtures.delegated(1), fixtures.calls["file.write"]])

	fixtures.stands("capability", "reaches_further", sent)
	fixtures.details("capability", "reaches_further", sent) == {{"tool": "file.write", "effect": "write"}}
	fixtures.ruled_out("capability", "reaches_further", array.concat(_only_reads, fixtures.delegated(1)))
}

test_stands_for_what_nobody_knows_whoever_calls if {
	every word, entry in {
		"printer": null,
		"mail.untagged": {"effects": [], "resource": "mail"},
		"odd": {"effects": ["levitate"], "resource": "mail"},
		"text": {"effects": "read", "resource": "mail"},
		"loose": {"effects": ["read"], "resource": "mail", "reaches": "mail.read"},
		"write": {"effects": [], "resource": "mail"},
	} {
		patches := array.concat(
			_reaches("mail.read", [word]),
			[patch | entry != null; some patch in _registering(word, entry)],
		)
		fixtures.stands("capability", "reaches_further", patches)
		fixtures.details("capability", "reaches_further", patches) == {{"reaches": word, "is": "not known"}}
	}
	every word in [null, 7, true, ["mail.send"], {"mail.send": 1}, ""] {
		fixtures.stands("capability", "reaches_further", _reaches("mail.read", [word]))
	}
}

test_stands_where_it_cannot_be_read_what_is_set_in_motion if {
	every words in [null, true, 7, "job.run", {"0": "job.run"}] {
		fixtures.stands("capability", "reaches_further", _reaches("mail.read", words))
		fixtures.details("capability", "reaches_further", _reaches("mail.read", words)) == {{
			"tool": "mail.read",
			"reaches": "more than is followed",
		}}
	}
}

test_a_chain_is_followed_for_eight_steps if {
	fixtures.ruled_out("capability", "reaches_further", array.concat(_only_reads, _chain(8)))
	fixtures.stands("capability", "reaches_further", _chain(9))
	fixtures.details("capability", "reaches_further", _chain(9)) == {{
		"tool": "mail.read",
		"reaches": "more than is followed",
	}}
}

test_sixty_four_names_are_followed if {
	fixtures.ruled_out("capability", "reaches_further", array.concat(_only_reads, _many(64)))
	fixtures.stands("capability", "reaches_further", _many(65))
}

test_a_circle_is_followed_once if {
	circle := fixtures.joined([_index, _reaches("mail.read", ["mail.index"]), _reaches("mail.index", ["mail.read"])])

	fixtures.ruled_out("capability", "reaches_further", array.concat(_only_reads, circle))
	fixtures.ruled_out("capability", "reaches_further", array.concat(_only_reads, _reaches("mail.read", ["mail.read"])))
}

test_whether_an_agent_only_reads_is_a_yes_or_a_no if {
	every value in [null, 0, "", "false", [], {}, "yes"] {
		said := fixtures.putting(concat("/", [_agent, "read_only"]), value)
		fixtures.ruled_out("capability", "reaches_further", said)
		fixtures.stands("capability", "reaches_further", array.concat(said, fixtures.calls["file.write"]))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	fixtures.stands("capability", "reaches_further", fixtures.putting("/question/action/name", "mail.unregistered"))
	every name in ["mail.untagged", "mail.unregistered"] {
		patches := fixtures.putting("/question/action/name", name)
		fixtures.stands("capability", "reaches_further", array.concat(_only_reads, patches))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in [
		"/question/action/name",
		"/identity/claims/sub",
		"/deployment/agents",
		_tools,
		"/deployment/tools/mail.read",
		"/deployment/tools/mail.read/effects",
	] {
		every damage in fixtures.damages(path) {
			fixtures.stands("capability", "reaches_further", array.concat(_only_reads, damage))
		}
	}
}

test_stands_for_an_agent_that_is_no_entry if {
	fixtures.stands_without("capability", "reaches_further", [], [_agent])
	every value in [null, true, 0, "", []] {
		fixtures.stands("capability", "reaches_further", array.concat(
			fixtures.calls["file.write"],
			fixtures.putting(_agent, value),
		))
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("capability", "reaches_further", anything)
	}
}
