package inbounds.lib.tools_test

import data.inbounds.lib.tools

_deployment := {"tools": {
	"both": {"effects": ["read", "write", "read"]},
	"none": {"effects": []},
	"unsaid": {},
	"text": {"effects": "read"},
}}

test_the_entry_of_the_registry if {
	tools.entry == {"effects": []} with input as {"action": {"name": "none"}}
		with data.deployment as _deployment
	not tools.entry with input as {"action": {"name": "other"}}
		with data.deployment as _deployment
}

test_effects_are_the_registry_s if {
	every name, effects in {"both": {"read", "write"}, "none": set(), "unsaid": set(), "text": set()} {
		tools.effects == effects with input as {"action": {"name": name, "properties": {"effects": ["read"]}}}
			with data.deployment as _deployment
	}
}

_calling(effects, arguments) := called if {
	called := tools.effects with input as {"action": {"name": "t", "properties": {"arguments": arguments}}}
		with data.deployment.tools as {"t": {"effects": effects, "arguments": {
			"/url": {"kind": "url"},
			"/to/*": {"role": "recipient"},
			"/words": {"role": "query"},
		}}}
}

test_a_call_that_names_somewhere_exports if {
	every arguments in [{"url": "https://a.example/"}, {"to": ["x"]}, {"url": ""}] {
		_calling(["read"], arguments) == {"read", "export"}
		_calling(["write", "execute"], arguments) == {"write", "execute", "export"}
		_calling(["export"], arguments) == {"export"}

		every effect in ["spend", "delegate"] {
			_calling([effect], arguments) == {effect}
		}

		# What nobody has set stays unset.
		_calling([], arguments) == set()
	}
}

test_a_call_that_names_nowhere_has_what_the_registry_states if {
	every arguments in [{}, {"url": null}, {"to": []}, {"words": "https://a.example/"}, null, "x", ["x"]] {
		_calling(["read"], arguments) == {"read"}
		_calling(["export"], arguments) == {"export"}
	}
}

test_nothing_is_known_of_the_effects_of_what_is_not_registered if {
	not tools.effects with input as {"action": {"name": "both"}}
		with data.deployment as {}

	not tools.effects with input as {}
		with data.deployment as _deployment

	every action in [null, [], {}, "both", {"name": "other"}, {"name": 7}, {"name": ["both"]}] {
		not tools.effects with input as {"action": action}
			with data.deployment as _deployment
	}
}

# --- what is set in motion ---------------------------------------------------------------------

_registry := {"tools": {
	"reader": {"effects": ["read"], "reaches": ["indexer"]},
	"indexer": {"effects": ["read", "write"], "reaches": ["export", "reader"]},
	"unset": {"effects": [], "reaches": ["indexer"]},
	"alone": {"effects": ["write"], "reaches": []},
	"odd": {"effects": ["read"], "reaches": ["levitate", 7, "delete"]},
	"unread": {"effects": ["read"], "reaches": "indexer"},
	# A tool that is called what an effect is called.
	"spend": {"effects": ["execute"]},
	"payer": {"effects": ["read"], "reaches": ["spend"]},
}}

_effects_of(name) := found if {
	found := tools.effects with input as {"action": {"name": name}}
		with data.deployment as _registry
}

test_what_is_set_in_motion_is_among_the_effects if {
	every name, effects in {
		"reader": {"read", "write", "export"},
		"indexer": {"read", "write", "export"},
		"unset": set(),
		"alone": {"write"},
		"odd": {"read", "delete"},
		"payer": {"read", "spend", "execute"},
	} {
		_effects_of(name) == effects
		tools.most(name) == effects with data.deployment as _registry
	}
}

test_what_cannot_be_followed_may_be_anything if {
	_effects_of("unread") == tools.known
	not tools.reached with input as {"action": {"name": "unread"}} with data.deployment as _registry
	not tools.lost with input as {"action": {"name": "unread"}} with data.deployment as _registry
}

test_what_is_lost_is_named if {
	tools.lost == {"levitate", 7} with input as {"action": {"name": "odd"}} with data.deployment as _registry
	tools.lost == set() with input as {"action": {"name": "reader"}} with data.deployment as _registry
	tools.lost == set() with input as {"action": {"name": "alone"}} with data.deployment as _registry
	not tools.lost with input as {"action": {"name": "other"}} with data.deployment as _registry
}

# --- effects by an argument --------------------------------------------------------------------

_calls := {
	"effects": ["read", "write", "delete"],
	"arguments": {"/method": {}, "/deep/one": {}, "/list/*": {}},
	"effects_by": {"argument": "/method", "values": {"GET": ["read"], "PUT": ["write"], "BOTH": ["write", "read"]}},
}

_all := {"read", "write", "delete"}

_judged(tool, arguments, statements) := found if {
	question := {"action": {"name": "x", "properties": {"arguments": arguments, "statements": statements}}}
	found := tools.effects with input as question
		with data.deployment as {"tools": {"x": tool}}
}

test_a_value_that_is_named_has_its_effects if {
	every value, effects in {"GET": {"read"}, "PUT": {"write"}, "BOTH": {"read", "write"}} {
		_judged(_calls, {"method": value}, {}) == effects
	}
	deep := object.union(_calls, {"effects_by": {"argument": "/deep/one"}})
	_judged(deep, {"deep": {"one": "GET"}, "method": "PUT"}, {}) == {"read"}
}

test_any_other_value_may_be_all_that_the_tool_does if {
	every value in ["get", "GET ", "", "POST", "G\u0415T", null, 0, true, [], {}, ["GET"], {"GET": 1}] {
		_judged(_calls, {"method": value}, {}) == _all
	}
	every arguments in [{}, null, [], {"other": "GET"}] {
		_judged(_calls, arguments, {}) == _all
	}
}

test_what_is_said_amiss_of_an_argument_narrows_nothing if {
	every by in [
		null, true, "x", [], {}, {"argument": "/method"},
		{"argument": "/method", "values": null},
		{"argument": "/method", "values": {"GET": []}},
		{"argument": "/method", "values": {"GET": "read"}},
		{"argument": "/method", "values": {"GET": null}},
		{"argument": "/method", "values": {"GET": {"read": "read"}}},
		{"argument": "/method", "values": {"GET": ["read", "export"]}},
		{"argument": "/method", "values": {"GET": ["levitate"]}},
		{"argument": "/unknown", "values": {"GET": ["read"]}},
		{"argument": "", "values": {"GET": ["read"]}},
		{"argument": "/method", "kind": "other", "values": {"GET": ["read"]}},
		{"argument": "/method", "kind": null, "values": {"GET": ["read"]}},
		{"argument": ["/method"], "values": {"GET": ["read"]}},
	] {
		_judged(object.union(object.remove(_calls, ["effects_by"]), {"effects_by": by}), {"method": "GET"}, {}) == _all
	}
	every about in [null, true, "x", []] {
		_judged(object.union(_calls, {"arguments": {"/method": about}}), {"method": "GET"}, {}) == _all
	}
}

test_a_tool_whose_effects_are_not_set_has_none_by_an_argument if {
	_judged(object.union(_calls, {"effects": []}), {"method": "GET"}, {}) == set()
}

test_what_is_set_in_motion_stays if {
	tool := object.union(_calls, {"reaches": ["export"]})
	_judged(tool, {"method": "GET"}, {}) == {"read", "export"}
	_judged(tool, {"method": "?"}, {}) == _all | {"export"}
}

_database := {
	"effects": ["read", "write", "delete"],
	"arguments": {"/sql": {}},
	"effects_by": {"argument": "/sql", "kind": "sql", "values": {"select": ["read"], "insert": ["write"]}},
}

test_a_statement_is_judged_by_every_verb_of_it if {
	every verbs, effects in {
		["select"]: {"read"},
		["insert", "select"]: {"read", "write"},
		["delete", "select"]: _all,
		["delete"]: _all,
		[]: _all,
	} {
		_judged(_database, {"sql": "…"}, {"/sql": verbs}) == effects
	}
	every statements in [
		null, [], "select", {}, {"/sql": null}, {"/sql": "select"}, {"/sql": {"select": "select"}}, {"/sql": [["select"]]},
		{"/sql": [7]}, {"/other": ["select"]}, {"sql": ["select"]},
	] {
		_judged(_database, {"sql": "select"}, statements) == _all
	}
}

test_what_is_no_text_is_no_statement if {
	_judged(_database, {"sql": 7}, {"/sql": ["select"]}) == _all
}

_shell := {
	"effects": ["read", "write", "delete"],
	"arguments": {"/run": {}},
	"effects_by": {"argument": "/run", "kind": "command", "values": {"ls": ["read"], "git": ["write"]}},
}

test_a_plain_command_is_judged_by_its_first_word if {
	every command in ["ls", "ls -l", "ls  -l /work/a.txt", "ls 'a b'", `ls "a b"`, "ls --sort=size x:y @z", "ls a'b c'd"] {
		_judged(_shell, {"run": command}, {}) == {"read"}
	}
}

test_another_command_has_other_effects if {
	_judged(_shell, {"run": "git status"}, {}) == {"write"}
}

test_any_other_command_may_be_all_that_the_tool_does if {
	every command in [
		"", " ls", "rm -r x", "ls;rm x", "ls; rm x", "ls && rm x", "ls | sh", "ls > x", "ls < x", "ls `rm x`",
		"ls $(rm x)", "ls ${x}", "ls\nrm x", "ls\n", "ls\r\nrm x", "ls\trm", "ls &", "ls 'a", "ls 'a;b'", "ls \\;",
		"LS", "./ls", "/tmp/ls", "x=1 ls", "ls *", "ls ~", "ls {a,b}", "ls #x", "ls !x", "ls %x%", "ls \u00a0x",
		"ls\u2028rm", `ls "$x"`, "'ls'", "ls\u0000x", "l's'", "ls^x", "ls (x)", "ls [x]", "ls ?",
	] {
		_judged(_shell, {"run": command}, {}) == _all
	}
	every value in [null, 7, true, [], {}, ["ls"]] {
		_judged(_shell, {"run": value}, {}) == _all
	}
}
