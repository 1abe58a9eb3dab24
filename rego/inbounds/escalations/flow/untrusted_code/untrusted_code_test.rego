package inbounds.escalations.flow.untrusted_code_test

import data.inbounds.lib.fixtures_test as fixtures

_tool := "/deployment/tools/file.write"

_stores := "/question/context/session/tainted_stores"

_run(patches) := fixtures.joined([
	fixtures.calls["file.write"],
	fixtures.putting(concat("/", [_tool, "effects"]), ["read", "execute"]),
	fixtures.putting(concat("/", [_tool, "runs_from"]), ["code", "package"]),
	patches,
])

_held(names) := fixtures.putting(_stores, names)

_any := [{"op": "remove", "path": concat("/", [_tool, "runs_from"])}]

_ruled_out(patches) if fixtures.ruled_out("flow", "untrusted_code", patches)

_stands(patches) if fixtures.stands("flow", "untrusted_code", patches)

_details(patches) := fixtures.details("flow", "untrusted_code", patches)

test_ruled_out_in_the_ordinary_scene if {
	every _, patches in fixtures.calls {
		_ruled_out(patches)
		_ruled_out(array.concat(patches, _held(["*"])))
		_details(array.concat(patches, _held(["*"]))) == set()
	}
}

test_names_the_tainted_stores_that_the_call_runs_from if {
	_ruled_out(_run([]))
	_ruled_out(_run(_held(["file", "mail"])))

	_stands(_run(_held(["code", "mail"])))
	_details(_run(_held(["code", "mail"]))) == {{"store": "code"}}

	_stands(_run(_held(["*"])))
	_details(_run(_held(["*"]))) == {{"store": "code"}, {"store": "package"}}
}

test_a_session_that_is_trusted_may_have_written_a_strangers_text_as_well if {
	every trust in ["trusted", "untrusted"] {
		_stands(_run(array.concat(_held(["code"]), fixtures.putting("/question/context/session/trust", trust))))
		_ruled_out(_run(fixtures.putting("/question/context/session/trust", trust)))
	}
}

test_a_tool_that_does_not_say_so_runs_from_any_store if {
	_ruled_out(_run(_any))
	_stands(_run(array.concat(_any, _held(["mail"]))))
	_details(_run(array.concat(_any, _held(["mail"])))) == {{"store": "mail"}}
	_details(_run(array.concat(_any, _held(["*"])))) == {{"store": "*"}}
	every value in [null, "code", {"code": "code"}, ["code", null], ["*"]] {
		patches := array.concat(_held(["mail"]), fixtures.putting(concat("/", [_tool, "runs_from"]), value))
		_stands(_run(patches))
	}
}

test_a_tool_that_runs_from_no_store_is_not_asked_about if {
	nothing := fixtures.putting(concat("/", [_tool, "runs_from"]), [])
	_ruled_out(_run(array.concat(nothing, _held(["*"]))))
}

test_speaks_of_what_executes_alone if {
	every effects in [["read"], ["write", "delete", "administer"], ["export", "spend", "delegate"]] {
		patches := array.concat(_held(["*"]), fixtures.putting(concat("/", [_tool, "effects"]), effects))
		_ruled_out(_run(patches))
	}
}

test_what_is_set_in_motion_runs_as_well if {
	reaching := fixtures.joined([
		_held(["code"]),
		fixtures.putting(concat("/", [_tool, "effects"]), ["write"]),
		fixtures.putting(concat("/", [_tool, "reaches"]), ["job.run"]),
		fixtures.putting("/deployment/tools/job.run", {"effects": ["execute"], "resource": "job", "runs_from": ["code"]}),
	])
	_stands(_run(reaching))
	_details(_run(reaching)) == {{"store": "code"}}
	_ruled_out(_run(array.concat(reaching, _held(["file"]))))
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		_stands(fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	fixtures.stands_without("flow", "untrusted_code", _run([]), [
		"/question/action",
		"/question/action/name",
		"/question/context/session",
		_stores,
		concat("/", [_tool, "effects"]),
	])
	fixtures.stands_without("flow", "untrusted_code", _run(_held(["mail"])), [concat("/", [_tool, "runs_from"])])
	fixtures.stands_retyped("flow", "untrusted_code", _run([]), ["/question/action/name"], "string")
	fixtures.stands_retyped("flow", "untrusted_code", _run([]), ["/question/context/session"], "object")
	fixtures.stands_retyped("flow", "untrusted_code", _run([]), [_stores], "array")
	fixtures.stands_retyped(
		"flow", "untrusted_code", _run(_held(["mail"])),
		[concat("/", [_tool, "runs_from"])], "array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("flow", "untrusted_code", anything)
	}
}

test_what_executes_nothing_is_ruled_out_whatever_the_session_says if {
	every effects in [["read"], ["write", "delete"]] {
		patches := fixtures.putting(concat("/", [_tool, "effects"]), effects)
		_ruled_out(_run(array.concat(patches, [{"op": "remove", "path": _stores}])))
		_ruled_out(_run(array.concat(patches, _held(null))))
	}
}
