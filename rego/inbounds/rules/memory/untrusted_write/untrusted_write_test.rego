package inbounds.rules.memory.untrusted_write_test

import data.inbounds.lib.fixtures_test as fixtures

_arguments := "/question/action/properties/arguments"

_origins := "/question/action/properties/origins"

_trust := "/question/context/session/trust"

_tool := "/deployment/tools/file.write"

# The writing of a file of the scene, where files are a memory and something untrusted was seen.
_kept := fixtures.joined([
	fixtures.calls["file.write"],
	fixtures.putting(concat("/", [_tool, "memory"]), true),
	fixtures.putting(_trust, "untrusted"),
	fixtures.putting(_arguments, {"path": "/work/notes/a.txt", "text": "Hello"}),
])

_graded(path, text) := fixtures.joined([
	_kept,
	fixtures.putting(_origins, {"/path": {"grade": path}, "/text": {"grade": text}}),
])

_weaker := ["listing", "third_party_meta", "quoted_text", "third_party_text", "none", "", "Prompt"]

test_ruled_out_where_all_of_it_is_trusted if {
	every grade in ["prompt", "first_party", "quoted"] {
		fixtures.ruled_out("memory", "untrusted_write", _graded("prompt", grade))
		fixtures.ruled_out("memory", "untrusted_write", _graded(grade, "prompt"))
	}
}

test_names_what_came_from_nowhere_trusted if {
	every grade in _weaker {
		fixtures.stands("memory", "untrusted_write", _graded("prompt", grade))
		details := fixtures.details("memory", "untrusted_write", _graded("prompt", grade))
		details == {{"argument": "/text", "origin": grade}}
	}
}

test_an_argument_of_any_role_is_kept if {
	every role in ["target", "query", "content", "none"] {
		patches := fixtures.joined([
			_graded("third_party_text", "prompt"),
			fixtures.putting(concat("/", [_tool, "arguments/~1path/role"]), role),
		])
		fixtures.stands("memory", "untrusted_write", patches)
		fixtures.details("memory", "untrusted_write", patches) == {{"argument": "/path", "origin": "third_party_text"}}
	}
}

test_what_is_traced_to_nothing_is_untrusted if {
	patches := fixtures.joined([_kept, fixtures.putting(_origins, {"/path": {"grade": "prompt"}})])
	fixtures.stands("memory", "untrusted_write", patches)
	fixtures.details("memory", "untrusted_write", patches) == {{"argument": "/text", "origin": "none"}}

	every value in [true, false, 0, 7, ""] {
		fixtures.stands("memory", "untrusted_write", fixtures.joined([
			patches,
			fixtures.putting(concat("/", [_arguments, "text"]), value),
		]))
	}
}

test_what_holds_nothing_keeps_nothing if {
	every value in [null, []] {
		fixtures.ruled_out("memory", "untrusted_write", fixtures.joined([
			_graded("prompt", "none"),
			fixtures.putting(concat("/", [_tool, "arguments/~1text~1*"]), {"role": "content"}),
			fixtures.putting(concat("/", [_arguments, "text"]), value),
		]))
	}
}

test_ruled_out_in_a_session_that_saw_nothing_untrusted if {
	patches := fixtures.joined([_graded("none", "none"), fixtures.putting(_trust, "trusted")])
	fixtures.ruled_out("memory", "untrusted_write", patches)
	fixtures.details("memory", "untrusted_write", patches) == set()
}

test_ruled_out_for_what_keeps_nothing if {
	every patches in [
		fixtures.putting(concat("/", [_tool, "memory"]), false),
		[{"op": "remove", "path": concat("/", [_tool, "memory"])}],
		fixtures.putting(concat("/", [_tool, "effects"]), ["read"]),
		fixtures.putting(concat("/", [_tool, "effects"]), ["read", "export"]),
	] {
		fixtures.ruled_out("memory", "untrusted_write", fixtures.joined([_graded("none", "none"), patches]))
	}

	every _, patches in fixtures.calls {
		fixtures.ruled_out("memory", "untrusted_write", fixtures.joined([patches, fixtures.putting(_trust, "untrusted")]))
	}
}

test_whatever_changes_something_can_keep_it if {
	every effect in ["write", "delete", "execute", "spend", "administer"] {
		fixtures.stands("memory", "untrusted_write", fixtures.joined([
			_graded("none", "none"),
			fixtures.putting(concat("/", [_tool, "effects"]), ["read", effect]),
		]))
	}
}

test_a_memory_that_is_neither_yes_nor_no_is_one if {
	every memory in [null, 0, "", "false", [], {}] {
		fixtures.stands("memory", "untrusted_write", fixtures.joined([
			_graded("none", "none"),
			fixtures.putting(concat("/", [_tool, "memory"]), memory),
		]))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("memory", "untrusted_write", fixtures.putting("/question/action/name", name))
	}
}

test_an_unknown_effect_stands_however_trusted_the_rest_is if {
	every patches in [
		_graded("prompt", "prompt"),
		fixtures.joined([_kept, fixtures.putting(_trust, "trusted")]),
		fixtures.joined([_kept, fixtures.putting(concat("/", [_tool, "memory"]), false)]),
	] {
		fixtures.stands("memory", "untrusted_write", fixtures.joined([
			patches,
			fixtures.putting(concat("/", [_tool, "effects"]), []),
		]))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("memory", "untrusted_write", _graded("prompt", "prompt"), [
		"/question/action/name",
		_arguments,
		_origins,
		concat("/", [_origins, "~1text"]),
		concat("/", [_origins, "~1text/grade"]),
		concat("/", [_tool, "effects"]),
	])
	fixtures.stands_without(
		"memory", "untrusted_write",
		fixtures.joined([_graded("none", "none"), fixtures.putting(_trust, "trusted")]),
		["/question/context", "/question/context/session", _trust],
	)
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"memory", "untrusted_write", _graded("prompt", "prompt"),
		[_origins, concat("/", [_origins, "~1text"])],
		"object",
	)
	fixtures.stands_retyped(
		"memory", "untrusted_write", _graded("prompt", "prompt"),
		[concat("/", [_origins, "~1text/grade"]), "/question/action/name"],
		"string",
	)
	fixtures.stands_retyped("memory", "untrusted_write", _graded("prompt", "prompt"), [_arguments], "object")
	fixtures.stands_retyped(
		"memory", "untrusted_write",
		fixtures.joined([_graded("none", "none"), fixtures.putting(_trust, "trusted")]),
		[_trust],
		"string",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("memory", "untrusted_write", anything)
	}
}
