package inbounds.lib.spending_test

import data.inbounds.lib.spending

_none := {"calls": 0, "writes": 0, "exports": 0, "rows": 0, "bytes": 0, "money": {}}

_scene := {
	"input": {
		"action": {"name": "t", "properties": {"arguments": {}, "size": 2}},
		"context": {"session": {"tasks": {"task-1": {
			"calls": 5, "writes": 2, "exports": 3, "rows": 20, "bytes": 70,
			"money": {"EUR": 100, "GBP": 7},
			"deadline": 1800003600,
		}}}},
	},
	"tools": {"t": {"effects": ["read"], "arguments": {
		"/amount": {"type": "number", "role": "amount"},
		"/fees/*": {"type": "number", "role": "amount"},
		"/number": {"type": "number", "role": "target"},
	}}},
}

_taken(patches) := taken if {
	scene := json.patch(_scene, patches)
	taken := spending.taken with input as scene.input
		with data.deployment.tools as scene.tools
}

_before(patches) := taken if {
	scene := json.patch(_scene, patches)
	taken := spending.before["task-1"] with input as scene.input
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {}}]
}

_after(patches) := taken if {
	scene := json.patch(_scene, patches)
	taken := spending.after["task-1"] with input as scene.input
		with data.deployment.tools as scene.tools
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {}}]
}

_putting(path, value) := {"op": "add", "path": path, "value": value}

_effects(effects) := _putting("/tools/t/effects", effects)

_paying(arguments, currency, decimals) := [
	_effects(["spend"]),
	_putting("/tools/t/currency", currency),
	_putting("/tools/t/decimals", decimals),
	_putting("/input/action/properties/arguments", arguments),
]

test_a_call_takes_what_its_effects_say if {
	_taken([]) == object.union(_none, {"calls": 1, "rows": 1})
	_taken([_effects(["write", "delete"])]).writes == 1
	_taken([_effects(["export"])]) == object.union(_none, {"calls": 1, "exports": 1, "bytes": 2})
	_taken([_effects(["delegate"])]) == object.union(_none, {"calls": 1})
	_taken([_effects([])]) == object.union(_none, {"calls": 1})

	every effect in ["write", "delete", "execute", "spend", "administer"] {
		_taken([_effects([effect])]) == object.union(_none, {"calls": 1, "writes": 1})
		several := {"calls": 1, "writes": 1, "exports": 1, "rows": 1, "bytes": 2, "money": {}}
		_taken([_effects(["read", effect, "export"])]) == several
	}
}

test_what_names_somewhere_takes_an_export_whatever_its_effects if {
	named := [
		_putting("/tools/t/arguments/~1url", {"kind": "url"}),
		_putting("/input/action/properties/arguments", {"url": "https://acme.example/"}),
	]

	every effect in ["read", "write", "spend", "delegate", "export"] {
		taken := _taken(array.concat(named, [_effects([effect])]))
		taken.exports == 1
		taken.bytes == 2
	}
}

test_a_read_takes_as_many_rows_as_come_back_at_most if {
	_taken([_putting("/tools/t/returns", {"label": "public"})]).rows == 1
	_taken([_putting("/tools/t/returns", {"rows": 0})]).rows == 1

	every rows in [null, true, "50", [50], {}] {
		not _taken([_putting("/tools/t/returns", {"rows": rows})])
	}

	every rows in [1, 50] {
		_taken([_putting("/tools/t/returns", {"rows": rows})]).rows == rows
		_taken([_putting("/tools/t/returns", {"rows": rows}), _effects(["write"])]).rows == 0
	}
}

test_what_sends_takes_as_many_bytes_as_its_arguments_have if {
	not _taken([_effects(["export"]), {"op": "remove", "path": "/input/action/properties/size"}])

	every size in [0, 1, 65536] {
		_taken([_effects(["export"]), _putting("/input/action/properties/size", size)]).bytes == size
		_taken([_effects(["read", "write"]), _putting("/input/action/properties/size", size)]).bytes == 0
	}

	every size in [null, true, "40", [40], {}] {
		not _taken([_effects(["export"]), _putting("/input/action/properties/size", size)])
	}
}

test_money_is_taken_in_minor_units if {
	every example in [
		{"amount": 12, "decimals": 0, "taken": 12},
		{"amount": 12.34, "decimals": 1, "taken": 124},
		{"amount": 12.34, "decimals": 2, "taken": 1234},
		{"amount": 12.345, "decimals": 3, "taken": 12345},
		{"amount": 12.3456, "decimals": 4, "taken": 123456},
		{"amount": 0.07, "decimals": 2, "taken": 7},
		{"amount": 1.1, "decimals": 2, "taken": 110},
		{"amount": 0, "decimals": 2, "taken": 0},
	] {
		_taken(_paying({"amount": example.amount}, "EUR", example.decimals)).money == {"EUR": example.taken}
	}
}

test_a_part_of_a_minor_unit_counts_as_a_whole_one if {
	every example in [
		{"amount": 1.4, "taken": 2},
		{"amount": 1.6, "taken": 2},
		{"amount": 0.4, "taken": 1},
		{"amount": 0.6, "taken": 1},
		{"amount": 0.00001, "taken": 1},
		{"amount": -0.00001, "taken": 1},
		{"amount": -1.6, "taken": 2},
		{"amount": -1.4, "taken": 2},
		{"amount": 1.000001, "taken": 2},
		{"amount": 1.0000001, "taken": 1},
		{"amount": 0.9999999, "taken": 1},
	] {
		_taken(_paying({"amount": example.amount}, "JPY", 0)).money == {"JPY": example.taken}
	}
}

test_what_is_no_binary_fraction_counts_as_it_is_written if {
	every amount in [0.01, 0.07, 0.29, 0.57, 0.58, 1.1, 1.15, 2.01, 4.35, 8.7, 19.99, 1.005e4, 1234567.89] {
		_taken(_paying({"amount": amount}, "EUR", 2)).money == {"EUR": round(amount * 100)}
	}
}

test_a_tool_that_does_not_say_its_decimals_counts_whole_units if {
	_taken([
		_effects(["spend"]),
		_putting("/tools/t/currency", "JPY"),
		_putting("/input/action/properties/arguments", {"amount": 500}),
	]).money == {"JPY": 500}
}

test_an_amount_below_zero_gives_nothing_back if {
	_taken(_paying({"amount": -5}, "EUR", 2)).money == {"EUR": 500}
	_taken(_paying({"amount": 5, "fees": [-5]}, "EUR", 2)).money == {"EUR": 1000}
}

test_several_amounts_are_taken_together if {
	_taken(_paying({"amount": 1, "fees": [0.5, 0.25, 0.25]}, "EUR", 2)).money == {"EUR": 200}

	# Each is rounded up before, so that none is lost.
	_taken(_paying({"fees": [0.6, 0.6]}, "EUR", 0)).money == {"EUR": 2}
}

test_only_amounts_count if {
	_taken(_paying({"amount": 1, "number": 99, "unknown": 99}, "EUR", 0)).money == {"EUR": 1}

	every arguments in [{}, {"amount": null}, {"fees": []}, {"number": "x"}] {
		_taken(_paying(arguments, "EUR", 0)).money == {"EUR": 0}
	}
}

test_a_tool_without_currency_takes_no_money_that_is_known if {
	_taken(_paying({"amount": 5}, "", 2)).money == {}
	_taken([_effects(["spend"]), _putting("/input/action/properties/arguments", {"amount": 5})]).money == {}
}

test_a_tool_that_does_not_spend_takes_no_money if {
	_taken(array.concat(_paying({"amount": 5}, "EUR", 2), [_effects(["write"])])).money == {}
}

test_nothing_is_taken_of_what_cannot_be_counted if {
	not _taken([{"op": "remove", "path": "/input/action/properties/arguments"}])

	every amount in ["5", true, false] {
		not _taken(_paying({"amount": amount}, "EUR", 2))
		not _taken(_paying({"fees": [1, amount]}, "EUR", 2))

		# Nor by what does not spend: what the amount means is not known.
		not _taken([_putting("/input/action/properties/arguments", {"amount": amount})])
	}

	every decimals in [5, -1, 0.5, "2", null] {
		not _taken(_paying({"amount": 5}, "EUR", decimals))
	}

	every arguments in [null, [], "x", 0] {
		not _taken([_putting("/input/action/properties/arguments", arguments)])
	}
}

test_nothing_is_taken_by_a_tool_that_is_not_registered if {
	not _taken([_putting("/input/action/name", "u")])
	not _taken([{"op": "remove", "path": "/input/action/name"}])
}

test_what_the_task_had_taken_is_the_session_s_word if {
	_before([]) == _scene.input.context.session.tasks["task-1"]
	not _before([{"op": "remove", "path": "/input/context/session/tasks"}])

	_before([_putting("/input/context/session/tasks", {"task-2": {"calls": 1}})]) == _none
	_before([_putting("/input/context/session/tasks", {})]) == _none

	every tasks in [null, [], "x", 0, true] {
		not _before([_putting("/input/context/session/tasks", tasks)])
	}
}

test_with_this_call_all_of_it_is_together if {
	_after([]) == {"calls": 6, "writes": 2, "exports": 3, "rows": 21, "bytes": 70, "money": {"EUR": 100, "GBP": 7}}
	_after(_paying({"amount": 5}, "EUR", 0)) == {
		"calls": 6, "writes": 3, "exports": 3, "rows": 20, "bytes": 70,
		"money": {"EUR": 105, "GBP": 7},
	}
	_after(_paying({"amount": 5}, "JPY", 0)).money == {"EUR": 100, "GBP": 7, "JPY": 5}
	_after([_effects(["export"])]).exports == 4
	_after([_effects(["export"])]).bytes == 72
}

test_what_cannot_be_reckoned_with_is_not_put_together if {
	reckoned := {"calls": 1, "writes": 2, "exports": 3, "rows": 4, "bytes": 6, "money": {"EUR": 5}}
	spending.reckoned(reckoned)
	spending.together(reckoned, _none) == reckoned
	spending.together(_none, reckoned) == reckoned

	paths := ["/calls", "/writes", "/exports", "/rows", "/bytes", "/money", "/money/EUR"]
	patches := array.concat(
		[{"op": "replace", "path": path, "value": value} | some path in paths; some value in [null, true, "1", [1]]],
		[{"op": "remove", "path": path} | some path in array.slice(paths, 0, 6)],
	)

	every patch in patches {
		spoilt := json.patch(reckoned, [patch])
		not spending.reckoned(spoilt)
		not spending.together(reckoned, spoilt)
		not spending.together(spoilt, reckoned)
	}
}
