package inbounds.lib.stores_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.stores

_tools := {
	"note.append": {"effects": ["write"], "resource": "note"},
	"note.read": {"effects": ["read"], "resource": "note"},
	"shell.run": {"effects": ["execute"], "resource": "process"},
	"calendar.add": {"effects": ["write"], "resource": "event", "reaches": ["note.append", "export"]},
}

_input := {
	"action": {"name": "note.append", "properties": {
		"arguments": {"id": "7", "texts": ["a", "b"]},
		"origins": {"/id": {"grade": "prompt"}, "/texts/0": {"grade": "quoted"}, "/texts/1": {"grade": "first_party"}},
		"links": {},
	}},
	"context": {"session": {"trust": "untrusted", "tainted_stores": []}},
}

_scene := {"input": _input, "tools": _tools}

_put(path, value) := {"op": "add", "path": path, "value": value}

_tool(name) := _put("/input/action/name", name)

_entry(name, member, value) := _put(concat("/", ["/tools", name, member]), value)

_grade(grade) := _put("/input/action/properties/origins/~1texts~11/grade", grade)

_trusted := _put("/input/context/session/trust", "trusted")

_held(names) := _put("/input/context/session/tainted_stores", names)

_tainted(patches) := names if {
	scene := json.patch(_scene, patches)
	names := stores.tainted with input as scene.input with data.deployment.tools as scene.tools
}

_clean(patches) if {
	scene := json.patch(_scene, patches)
	stores.is_clean with input as scene.input with data.deployment.tools as scene.tools
}

_unfirm := ["third_party_meta", "quoted_text", "third_party_text", "Prompt", "", 7]

test_what_acts_in_a_session_that_is_not_trusted_taints_its_store if {
	_tainted([_put("/input/action/properties/arguments", {})]) == ["note"]
	every effect in ["write", "delete", "export", "spend"] {
		_tainted([_entry("note.append", "effects", [effect])]) == ["note"]
		_tainted([_entry("note.append", "effects", ["read", effect])]) == ["note"]
	}

	# Values that can be trusted one by one can be put together to another.
	every grade in ["prompt", "first_party", "quoted", "none", "third_party_text"] {
		_tainted([_grade(grade)]) == ["note"]
	}
}

test_what_a_trusted_session_writes_taints_where_it_is_known_to_be_a_third_partys if {
	_tainted([_trusted, {"op": "remove", "path": "/input/action/properties/arguments"}]) == ["note"]
	_tainted([_trusted, {"op": "remove", "path": "/input/action/properties/links"}]) == []
	every grade in ["prompt", "first_party", "quoted", "none"] {
		_tainted([_trusted, _grade(grade)]) == []
	}

	every grade in array.concat(_unfirm, ["listing"]) {
		_tainted([_trusted, _grade(grade)]) == ["note"]
		_tainted([_trusted, _put("/input/action/properties/links", {"/id": [{"grade": grade}]})]) == ["note"]
	}

	every links in [7, "x", {"/id": [{}]}, {"/id": [7]}, {"/id": [{"grade": "none"}, {"grade": "listing"}]}] {
		_tainted([_trusted, _put("/input/action/properties/links", links)]) == ["note"]
	}

	every trust in [null, true, "Trusted", ""] {
		_tainted([_put("/input/context/session/trust", trust)]) == ["note"]
	}
}

test_what_a_tool_reads_with_may_be_in_its_history if {
	_tainted([_tool("note.read"), {"op": "remove", "path": "/input/action/properties/arguments"}]) == ["note"]
	every grade in ["prompt", "first_party", "quoted"] {
		_tainted([_tool("note.read"), _grade(grade)]) == []
	}

	every grade in array.concat(_unfirm, ["listing", "none"]) {
		_tainted([_tool("note.read"), _grade(grade)]) == ["note"]
		_tainted([_tool("note.read"), _grade(grade), _entry("note.read", "stateless", true)]) == []
		_tainted([_tool("note.read"), _grade(grade), _entry("note.read", "stateless", false)]) == ["note"]
	}

	every value in [null, true, false, [], {}] {
		_tainted([_tool("note.read"), _put("/input/action/properties/arguments/more", value)]) == []
	}

	every value in ["", "x", 0, 7] {
		_tainted([_tool("note.read"), _put("/input/action/properties/arguments/more", value)]) == ["note"]
	}
}

test_no_entry_makes_what_acts_or_remembers_stateless if {
	stateless := _entry("note.append", "stateless", true)
	_tainted([stateless]) == ["note"]
	memory := _entry("note.read", "memory", true)
	_tainted([_tool("note.read"), memory]) == []
	_tainted([_tool("note.read"), memory, _grade("none")]) == ["note"]
	_tainted([_tool("note.read"), memory, _grade("none"), _entry("note.read", "stateless", true)]) == ["note"]
	_tainted([_tool("note.read"), _grade("none"), _entry("note.read", "stateless", "true")]) == ["note"]
	_tainted([_tool("note.read"), _entry("note.read", "reaches", ["note.append"])]) == ["note"]
	_tainted([_tool("note.read"), _entry("note.read", "reaches", ["shell.run"])]) == ["*"]
	_tainted([_tool("note.read"), _entry("note.read", "effects", [])]) == ["*"]
	_tainted([_trusted, _entry("note.append", "effects", [])]) == ["*"]
}

test_what_may_write_anywhere_taints_every_store_unless_it_names_its_own if {
	every effect in ["execute", "administer", "delegate"] {
		effects := _entry("note.append", "effects", ["write", effect])
		_tainted([effects]) == ["*"]
		_tainted([effects, _held(["mail"])]) == ["*"]
		_tainted([effects, _entry("note.append", "store", "workspace")]) == ["workspace"]
	}
}

test_the_store_of_a_tool_is_what_its_entry_names_or_its_resource if {
	_tainted([_entry("note.append", "store", "notebook")]) == ["notebook"]
	_tainted([_entry("note.append", "store", "")]) == ["note"]
	stores.of({"effects": ["read"], "resource": "note"}) == "note"
	stores.of({"effects": ["read"], "resource": "note", "store": "s"}) == "s"
	stores.of({"effects": [], "resource": "note"}) == "*"
	stores.of({"resource": "note"}) == "*"
}

test_what_a_tool_sets_in_motion_taints_as_well if {
	_tainted([_tool("calendar.add")]) == ["event", "note"]
	_tainted([_tool("calendar.add"), _entry("note.append", "effects", ["read"])]) == ["event"]
	_tainted([_tool("calendar.add"), _entry("note.append", "effects", ["execute"])]) == ["*"]
	_tainted([_tool("calendar.add"), _entry("note.append", "reaches", [])]) == ["event", "note"]
	_tainted([_tool("calendar.add"), _entry("note.append", "reaches", ["note.read"])]) == ["event", "note"]
	_tainted([_tool("calendar.add"), _entry("note.append", "reaches", ["shell.run"])]) == ["*"]

	every words in [[], ["read"], ["export", "spend"], ["note.read"]] {
		_tainted([_tool("calendar.add"), _entry("calendar.add", "reaches", words)]) == ["event"]
	}
	every words in [["printer"], ["write"], ["delete", "export"], "note.append", [7]] {
		_tainted([_tool("calendar.add"), _entry("calendar.add", "reaches", words)]) == ["*"]
	}
}

test_nothing_is_ever_forgotten if {
	_tainted([_held(["a", "b"])]) == ["a", "b", "note"]
	_tainted([_held(["note"])]) == ["note"]
	_tainted([_held(["b", "a"]), _trusted]) == ["a", "b"]
	_tainted([_held(["*"])]) == ["*"]
	_tainted([_held(["*"]), _trusted]) == ["*"]
	_tainted([_held(["*", "a"]), _tool("shell.run")]) == ["*"]
}

test_more_than_sixteen_are_all if {
	fifteen := [name | some number in numbers.range(1, 15); name := sprintf("s%02d", [number])]
	_tainted([_held(fifteen)]) == array.concat(["note"], fifteen)
	_tainted([_held(array.concat(fifteen, ["s16"]))]) == ["*"]
	_tainted([_held(array.concat(fifteen, ["note"]))]) == array.concat(["note"], fifteen)
}

test_undefined_where_the_session_or_the_registry_says_nothing if {
	not _tainted([{"op": "remove", "path": "/input/context/session/tainted_stores"}])
	not _tainted([_tool("note.burn")])
	not _tainted([_tool("note.burn"), _trusted])
	every names in [null, true, 7, "note", {}] {
		not _tainted([_held(names)])
		not _tainted([_held(names), _trusted])
	}

	every anything in fixtures.junk {
		not stores.tainted with input as anything with data.deployment.tools as _tools
		not stores.is_clean with input as anything with data.deployment.tools as _tools
	}
}

test_what_comes_out_of_a_tainted_store_is_not_clean if {
	_clean([_trusted])
	_clean([_trusted, _held(["mail"])])
	_clean([_tool("note.read"), _held(["mail"])])
	not _clean([])
	not _clean([_trusted, _held(["mail", "note"])])
	not _clean([_trusted, _held(["*"])])
	not _clean([_trusted, _grade("third_party_text")])
	not _clean([_held(7)])
}

test_what_may_read_anywhere_is_clean_where_nothing_is_tainted if {
	_clean([_trusted, _tool("shell.run")])
	not _clean([_trusted, _tool("shell.run"), _held(["mail"])])
	_clean([_trusted, _tool("shell.run"), _held(["mail"]), _entry("shell.run", "store", "disk")])
	not _clean([_trusted, _tool("shell.run"), _held(["disk"]), _entry("shell.run", "store", "disk")])
}

_run(patches) := names if {
	scene := json.patch(_scene, patches)
	names := stores.run with input as scene.input with data.deployment.tools as scene.tools
}

_run_tainted(patches) := names if {
	scene := json.patch(_scene, patches)
	names := stores.run_tainted with input as scene.input with data.deployment.tools as scene.tools
}

_runs_from(name, value) := _entry(name, "runs_from", value)

_shell := [_tool("shell.run"), _put("/tools/shell.run/reaches", [])]

test_what_executes_runs_from_any_store_but_for_those_that_it_names if {
	_run(_shell) == {"*"}
	_run(array.concat(_shell, [_runs_from("shell.run", [])])) == set()
	_run(array.concat(_shell, [_runs_from("shell.run", ["note", "code"])])) == {"note", "code"}
	_run(array.concat(_shell, [_runs_from("shell.run", ["*"])])) == {"*"}
	every value in [null, "", "note", {}, {"note": "note"}, ["note", 7], [null], [["note"]], 7, true] {
		_run(array.concat(_shell, [_runs_from("shell.run", value)])) == {"*"}
	}
}

test_what_executes_nothing_runs_from_no_store if {
	_run([]) == set()
	_run([_runs_from("note.append", ["note"])]) == set()
	_run([_tool("note.read"), _runs_from("note.read", ["*"])]) == set()
	_run([_tool("calendar.add")]) == set()
	not _run([_tool("unregistered")])
	not _run([_entry("note.append", "effects", [])])
}

test_what_is_set_in_motion_runs_from_its_own_stores if {
	reaching := [_tool("calendar.add"), _entry("calendar.add", "reaches", ["shell.run", "note.append", "read"])]

	_run(reaching) == {"*"}
	_run(array.concat(reaching, [_runs_from("shell.run", ["code"])])) == {"code"}
	_run(array.concat(reaching, [
		_runs_from("shell.run", ["code"]),
		_runs_from("calendar.add", ["event"]),
		_entry("calendar.add", "effects", ["write", "execute"]),
	])) == {"code", "event"}

	# An effect says of no store, a name that is not registered of nothing.
	_run([_tool("calendar.add"), _entry("calendar.add", "reaches", ["execute"])]) == {"*"}
	_run(array.concat(reaching, [
		_runs_from("shell.run", ["code"]),
		_entry("calendar.add", "reaches", ["shell.run", "levitate"]),
	])) == {"*", "code"}

	# What cannot be followed may be anything.
	_run(array.concat(reaching, [
		_runs_from("shell.run", ["code"]),
		_entry("calendar.add", "reaches", "shell.run"),
	])) == {"*"}
}

test_a_store_that_is_run_is_tainted_by_its_name_or_with_all if {
	named := array.concat(_shell, [_runs_from("shell.run", ["code", "note"])])

	_run_tainted(named) == set()
	_run_tainted(array.concat(named, [_held(["event"])])) == set()
	_run_tainted(array.concat(named, [_held(["code", "event"])])) == {"code"}
	_run_tainted(array.concat(named, [_held(["*"])])) == {"code", "note"}
	_run_tainted(_shell) == set()
	_run_tainted(array.concat(_shell, [_held(["event"])])) == {"event"}
	_run_tainted(array.concat(_shell, [_held(["*"])])) == {"*"}
	_run_tainted(array.concat(_shell, [_runs_from("shell.run", []), _held(["*"])])) == set()
	_run_tainted([_held(["note"])]) == set()
	every value in [null, "", "code", {}, 7, true] {
		not _run_tainted(array.concat(named, [_held(value)]))
	}
}
