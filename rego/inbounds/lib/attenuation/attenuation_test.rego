package inbounds.lib.attenuation_test

import data.inbounds.lib.attenuation

_order := ["public", "internal", "secret"]

# What is held, with something on each axis.
_held := {
	"type": "inbounds_task",
	"intent": "work",
	"effects": ["read", "export"],
	"tools": {
		"mail.send": {"arguments": {
			"/to/*": {"one_of": ["bob@acme.example", "eve@acme.example"], "max_length": 40},
			"/path": {"path_prefixes": ["/work/"], "pattern": "[a-z/]+"},
			"/url": {"hosts": ["acme.example", "wiki.acme.example"]},
			"/n": {"minimum": 1, "maximum": 9},
		}},
		"mail.read": {"arguments": {}},
	},
	"resources": [{"type": "mail", "prefixes": ["a/", "b/"]}, {"type": "file", "effects": ["read"]}],
	"destinations": ["colleagues", "bank"],
	"label": "internal",
	"bounds": {
		"recipient": {
			"values": ["bob@acme.example"],
			"domains": ["acme.example"],
			"origins": ["prompt"],
			"up_to": 0,
		},
		"amount": {"up_to": 100},
	},
	"windows": [{"start": 100, "end": 200}, {"start": 300, "end": 400}],
	"delegated": [{"type": "file"}],
	"budgets": {"calls": 10, "money.EUR": 500},
	"environment": "production",
	"deadline": 1000,
}

_within(axis, value) if {
	attenuation.within(axis, json.patch(_held, [_putting(axis, value)]), _held) with data.deployment.labels.order as _order
}

_putting(axis, value) := {"op": "replace", "path": concat("/", ["", axis]), "value": value}

test_what_is_held_lies_within_itself_on_every_axis if {
	attenuation.whole(_held)
	object.keys(_held) == attenuation.axes

	every axis in attenuation.axes {
		_within(axis, _held[axis])
	}
}

test_nothing_lies_within_on_an_axis_that_is_none if {
	not _within("label", "no such label")
	not attenuation.within("more", object.union(_held, {"more": 1}), object.union(_held, {"more": 1}))
}

test_what_leaves_an_axis_out_or_says_more_is_not_whole if {
	not attenuation.whole(object.union(_held, {"more": 1}))
	not attenuation.whole([])

	every axis in attenuation.axes {
		not attenuation.whole(object.remove(_held, [axis]))
	}
}

test_nothing_that_is_missing_or_of_another_type_lies_within if {
	every axis in attenuation.axes {
		child := object.remove(_held, [axis])
		not attenuation.within(axis, child, _held) with data.deployment.labels.order as _order

		every value in [null, true, -1, "\u0000", [[]], {"": {}}] {
			not _within(axis, value)
		}
	}
}

test_nothing_lies_within_what_is_missing_or_of_another_type if {
	every axis in attenuation.axes - {"bounds", "windows", "delegated"} {
		parent := object.remove(_held, [axis])
		not attenuation.within(axis, _held, parent) with data.deployment.labels.order as _order
	}

	every axis in attenuation.axes {
		every value in [null, true, "\u0000", [[]], {"": {}}] {
			parent := json.patch(_held, [_putting(axis, value)])
			not attenuation.within(axis, _held, parent) with data.deployment.labels.order as _order
		}
	}
}

# Emptiness is nothing only in the type that an axis has: what is empty otherwise was not said.
test_what_is_empty_in_another_type_lies_within_nothing_and_holds_nothing if {
	every axis, empty in {
		"effects": [], "destinations": [], "resources": [], "windows": [],
		"tools": {}, "budgets": {}, "bounds": {},
	} {
		every other in [value | some value in [[], {}, "", 0, false]; type_name(value) != type_name(empty)] {
			not attenuation.within(axis, {axis: other}, {axis: empty})
			not attenuation.within(axis, {axis: empty}, {axis: other})
			not attenuation.within(axis, {axis: other}, {axis: other})
			not attenuation.within(axis, {axis: other}, {})
		}
	}

	every axis in ["type", "intent", "environment", "delegated"] {
		every same in [7, null, true, {}, {"x": 1}] {
			not attenuation.within(axis, {axis: same}, {axis: same})
		}
	}
}

# Text is above every number and null below, so that either would let everything through.
test_nothing_lies_within_what_has_a_member_of_another_type if {
	every other in [null, false, "x", [], {}] {
		not attenuation.within("budgets", {"budgets": {"calls": 0}}, {"budgets": {"calls": other}})
		not attenuation.within("budgets", {"budgets": {"calls": other}}, {"budgets": {}})
		not attenuation.within("deadline", {"deadline": 0}, {"deadline": other})
		not attenuation.member_within("values", ["x"], {"up_to": other})
		not _between(other, 200)
		not _between(100, other)

		every member in ["minimum", "maximum", "max_length"] {
			not attenuation.tool_within({"arguments": {"/n": {member: 5}}}, {"/n": {member: other}})
		}
	}

	every bound in ["recipient", [], null, {"values": "x"}, {"up_to": "x"}, {"more": []}] {
		not attenuation.within("bounds", {"bounds": {"recipient": {}}}, {"bounds": {"recipient": bound}})
	}

	every tool in [null, 7, "", []] {
		child := {"tools": {"mail.send": {"arguments": {}}}}
		not attenuation.within("tools", child, {"tools": {"mail.send": tool}})
	}
}

# Whether a window of these bounds lies within itself, within a whole day, or where none is set.
_between(start, end) if _window(start, end, [{"start": start, "end": end}])

_between(start, end) if _window(start, end, [{"start": 0, "end": 86400}])

_between(start, end) if _window(start, end, [])

_between(start, end) if _window(110, 120, [{"start": start, "end": end}])

_window(start, end, outer) if {
	attenuation.within("windows", {"windows": [{"start": start, "end": end}]}, {"windows": outer})
}

test_a_window_needs_both_its_ends if {
	_between(100, 200)

	every window in [{}, {"start": 1}, {"end": 2}, [], null, "x"] {
		not attenuation.within("windows", {"windows": [window]}, {"windows": []})
	}
}

test_a_window_may_lie_in_several_that_overlap_or_touch if {
	_window(100, 200, [{"start": 100, "end": 150}, {"start": 150, "end": 200}])
	_window(100, 200, [{"start": 140, "end": 250}, {"start": 90, "end": 150}])
	not _window(100, 200, [{"start": 100, "end": 149}, {"start": 150, "end": 200}])
	not _window(100, 100, [{"start": 100, "end": 100}])
}

# No built-in is given what it is not made for: it would fail instead of saying no.
test_what_no_text_can_begin_with_holds_nothing if {
	every junk in [null, 7, [], {}] {
		not attenuation.resource_within({"type": "file", "prefixes": [junk]}, [{"type": "file"}])
		not attenuation.resource_within({"type": "file", "prefixes": ["/a"]}, [{"type": "file", "prefixes": [junk]}])
		not attenuation.resource_within({"type": "file"}, [junk])
		not attenuation.resource_within(junk, [{"type": "file"}])
		attenuation.resource_within({"type": "file", "prefixes": ["/a"]}, [{"type": "file", "prefixes": [junk, "/"]}])
		not attenuation.tool_within(
			{"arguments": {"/p": {"path_prefixes": ["/a/"]}}},
			{"/p": {"path_prefixes": [junk]}},
		)
	}
}

test_a_hop_states_nothing_that_is_assumed_above if {
	assumed := {"type": "file", "prefixes": ["/a"], "assumed": true}
	attenuation.resource_within(assumed, [assumed])
	attenuation.resource_within(assumed, [{"type": "file"}])
	not attenuation.resource_within({"type": "file", "prefixes": ["/a"]}, [assumed])
	attenuation.resource_within({"type": "file", "prefixes": ["/a"]}, [assumed, {"type": "file"}])
}

# What may be left out above bounds nothing there, and lists nothing.
test_what_is_left_out_above_is_empty if {
	parent := object.remove(_held, ["bounds", "windows", "delegated"])
	not attenuation.within("delegated", _held, parent)
	attenuation.within("delegated", object.union(_held, {"delegated": []}), parent)

	every axis in ["bounds", "windows"] {
		attenuation.within(axis, _held, parent)
	}
}

test_less_lies_within if {
	every axis, values in {
		"effects": [["read"], ["export", "read"], []],
		"destinations": [["bank"], []],
		"label": ["public"],
		"deadline": [999, 0],
		"windows": [[{"start": 100, "end": 150}], [{"start": 350, "end": 400}, {"start": 120, "end": 130}]],
		"budgets": [{"calls": 0, "money.EUR": 500}, {"calls": 10, "money.EUR": 1, "rows": 7}],
		"resources": [
			[],
			[{"type": "mail", "prefixes": ["a/x", "b/"]}],
			[{"type": "mail", "prefixes": ["a/"], "effects": ["read"]}],
			[{"type": "file", "effects": ["read"], "prefixes": ["/"]}],
		],
		"tools": [{}, {"mail.read": {"arguments": {"/id": {"one_of": ["7"]}}}}],
		"bounds": [
			{"recipient": {}, "amount": {}},
			{"recipient": {"values": ["eve@acme.example"]}, "amount": {"values": [0.5, 1, 7], "up_to": 99}},
			{"recipient": {}, "amount": {"values": [100], "up_to": 100}},
			{
				"recipient": {"values": ["bob@acme.example"], "domains": [], "origins": ["prompt"]},
				"amount": {},
				"code": {"values": ["x"]},
			},
		],
	} {
		every value in values {
			_within(axis, value)
		}
	}
}

test_more_does_not_lie_within if {
	every axis, values in {
		"type": ["other"],
		"intent": ["play"],
		"environment": ["development"],
		"effects": [["read", "delete"]],
		"destinations": [["press"]],
		"label": ["secret"],
		"deadline": [1001, 0.5, 9007199254740993],
		"windows": [[], [{"start": 99, "end": 200}], [{"start": 100, "end": 201}], [{"start": 150, "end": 350}], [{}]],
		"delegated": [[], [{"type": "mail"}]],
		"budgets": [
			{}, {"calls": 1}, {"calls": 10, "money.EUR": 500, "money.USD": 1},
			{"calls": 11, "money.EUR": 1}, {"calls": "1", "money.EUR": 1},
			{"calls": -1, "money.EUR": 1}, {"calls": 0.5, "money.EUR": 1},
		],
		"resources": [
			[{"type": "mail", "prefixes": [""]}], [{"type": "mail"}], [{"type": "other"}], [{"type": "file"}],
			[{"type": "file", "effects": ["read", "write"]}], [{"type": "mail", "prefixes": []}],
			[{"type": "mail", "prefixes": ["a/"], "effects": "read"}], [{"type": "mail", "prefixes": "a/"}], ["mail"],
		],
		"bounds": [
			{}, {"recipient": {}}, {"amount": {}},
			{"recipient": {"values": ["eve@evil.example"]}, "amount": {}},
			{"recipient": {"values": ["@acme.example"]}, "amount": {}},
			{"recipient": {"domains": ["evil.example"]}, "amount": {}},
			{"recipient": {"origins": ["listing"]}, "amount": {}},
			{"recipient": {"up_to": 1}, "amount": {}},
			{"recipient": {}, "amount": {"up_to": 101}},
			{"recipient": {}, "amount": {"values": [101]}},
			{"recipient": {}, "amount": {"values": [0]}},
			{"recipient": {}, "amount": {"up_to": 0.5}},
			{"recipient": {}, "amount": {}, "code": {"values": "x"}},
			{"recipient": {}, "amount": {}, "code": {"more": []}},
			{"recipient": [], "amount": {}},
		],
	} {
		every value in values {
			not _within(axis, value)
		}
	}
}

test_where_no_amount_is_let_through_none_is_delegated if {
	attenuation.member_within("up_to", 0, {"role": "amount", "bound": {}})
	not attenuation.member_within("up_to", 1, {"role": "amount", "bound": {}})
	not attenuation.member_within("up_to", -1, {"role": "amount", "bound": {"up_to": 1}})
}

test_a_member_that_bounds_nothing_lies_within_nothing if {
	every member in ["more", "value", ""] {
		not attenuation.member_within(member, ["x"], {"role": "target", "bound": {member: ["x"]}})
		not attenuation.member_within(member, [], {"role": "target", "bound": {member: []}})
	}
}

# Beyond 2^53 two engines may count to different numbers.
test_no_more_is_counted_than_both_engines_can if {
	_within("budgets", {"calls": 10, "money.EUR": 500, "rows": 9007199254740991})

	every most in [9007199254740992, 9007199254740993, 1e300] {
		not _within("budgets", {"calls": 10, "money.EUR": 500, "rows": most})
	}
}

_held_tool := _held.tools["mail.send"].arguments

_tool(pattern, constraint) if {
	_tool_within(object.union(object.remove(_held_tool, [pattern]), {pattern: constraint}))
}

_tool_within(arguments) if attenuation.tool_within({"arguments": arguments}, _held_tool)

test_a_constraint_that_is_as_tight_or_tighter_lies_within if {
	_tool_within(_held_tool)
	_tool_within(object.union(_held_tool, {"/more": {"one_of": ["x"]}}))
	_tool("/to/*", {"one_of": ["bob@acme.example"], "max_length": 40})
	_tool("/to/*", {"one_of": ["bob@acme.example"], "max_length": 7, "pattern": "b.*"})
	_tool("/path", {"path_prefixes": ["/work/notes/", "/work/a"], "pattern": "[a-z/]+"})
	_tool("/url", {"hosts": ["acme.example"]})
	_tool("/n", {"minimum": 2, "maximum": 8})
}

test_a_constraint_that_is_wider_or_another_does_not_lie_within if {
	not _tool_within({})
	not _tool_within(object.remove(_held_tool, ["/n"]))
	not _tool("/to/*", {})
	not _tool("/to/*", {"one_of": ["bob@acme.example"]})
	not _tool("/to/*", {"one_of": [], "max_length": 40})
	not _tool("/to/*", {"one_of": ["eve@evil.example"], "max_length": 40})
	not _tool("/to/*", {"one_of": ["bob@acme.example"], "max_length": 41})
	not _tool("/path", {"path_prefixes": ["/work/"], "pattern": ".*"})
	not _tool("/path", {"path_prefixes": ["/workshop/"], "pattern": "[a-z/]+"})
	not _tool("/path", {"path_prefixes": [], "pattern": "[a-z/]+"})
	not _tool("/path", {"path_prefixes": [7], "pattern": "[a-z/]+"})
	not _tool("/url", {"hosts": ["evil.example"]})
	not _tool("/n", {"minimum": 0, "maximum": 9})
	not _tool("/n", {"minimum": 1, "maximum": 10})
	not _tool("/n", {"minimum": 1})
	not _tool("/n", {"minimum": "1", "maximum": 9})
	not _tool("/n", {"minimum": 1, "maximum": 9, "more": 1})
	not _tool("/n", [])
}

test_what_restricts_nothing_above_may_be_anything_below if {
	attenuation.tool_within({"arguments": {"/x": {"pattern": "a"}}}, {"/x": {"pattern": ""}})

	every member, limit in {"one_of": ["x"], "path_prefixes": ["/a"], "hosts": ["a"]} {
		attenuation.tool_within({"arguments": {"/x": {member: limit}}}, {"/x": {member: []}})
		attenuation.tool_within({"arguments": {"/x": {member: []}}}, {"/x": {member: []}})
	}
}

# Where nothing is constrained above, what is constrained below is still a constraint.
test_a_place_that_is_no_text_is_no_constraint if {
	every member in ["path_prefixes", "hosts"] {
		attenuation.tool_within({"arguments": {"/x": {member: ["/a", "b"]}}}, {})

		every junk in [null, true, 7, [], ["/a"], {}] {
			not attenuation.tool_within({"arguments": {"/x": {member: [junk]}}}, {})
			not attenuation.tool_within({"arguments": {"/x": {member: ["/a", junk]}}}, {"/x": {member: []}})
		}

		every junk in [null, true, 7, "/a", {}, {"0": "/a"}] {
			not attenuation.tool_within({"arguments": {"/x": {member: junk}}}, {})
		}
	}
}

# Beyond 2^53 two engines may round one number to different ones.
test_no_number_beyond_what_both_engines_hold if {
	attenuation.tool_within({"arguments": {"/x": {"minimum": -9007199254740992, "maximum": 9007199254740992}}}, {})

	every constraint in [{"minimum": -9007199254740993}, {"maximum": 9007199254740993}, {"one_of": [1e300]}] {
		not attenuation.tool_within({"arguments": {"/x": constraint}}, {})
	}
}

test_a_tool_that_says_more_than_its_arguments_does_not_lie_within if {
	not attenuation.tool_within({"arguments": {}}, [])
	not attenuation.tool_within({"arguments": {"/x": {}}}, {"/x": "y"})

	every bounds in [{}, [], null, {"arguments": {}, "more": 1}, {"arguments": []}, {"arguments": {"/x": []}}] {
		not attenuation.tool_within(bounds, {})
	}
}

# A budget of another currency lets that be spent, where the task has one of money.
test_no_currency_more_beside_one_that_is_held if {
	attenuation.currencies({"money.USD": 1, "calls": 2}, {"money.EUR": 1}) == {"money.USD"}
	attenuation.currencies({"money.USD": 1}, {"calls": 1}) == set()
	attenuation.currencies({"money.EUR": 1, "rows": 1}, {"money.EUR": 1}) == set()
}

# How much an argument is, is what an amount is bounded by, and nothing else.
test_an_amount_lets_no_target_through if {
	outer := {"values": [7], "up_to": 1000}
	attenuation.member_within("values", [500], {"role": "amount", "bound": outer})
	not attenuation.member_within("values", [500], {"role": "target", "bound": outer})
	attenuation.member_within("values", [7], {"role": "target", "bound": outer})
}

# What is compared with each of another list does not grow without end.
test_what_is_longer_than_anybody_needs_does_not_lie_within if {
	many := [{"type": "mail", "prefixes": ["a/"]} | some _ in numbers.range(1, 257)]
	not _within("resources", many)
	_within("resources", array.slice(many, 0, 256))

	every parent in [{}, {"windows": [{"start": 0, "end": 9}]}] {
		windows := [{"start": 1, "end": 2} | some _ in numbers.range(1, 257)]
		not attenuation.within("windows", {"windows": windows}, parent)
		attenuation.within("windows", {"windows": array.slice(windows, 0, 256)}, parent)
	}

	prefixes := ["a/" | some _ in numbers.range(1, 257)]
	not _within("resources", [{"type": "mail", "prefixes": prefixes}])
	folders := ["/work/" | some _ in numbers.range(1, 257)]
	not _tool("/path", {"path_prefixes": folders, "pattern": "[a-z/]+"})
	_tool("/path", {"path_prefixes": array.slice(folders, 0, 256), "pattern": "[a-z/]+"})
}
