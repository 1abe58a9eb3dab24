package inbounds.lib.narrowing_test

import data.inbounds.lib.bounds
import data.inbounds.lib.narrowing

_had := {
	"recipient": {"values": ["DE89370400440532013000"], "domains": ["acme.example"], "origins": ["quoted"]},
	"amount": {"values": [7], "up_to": 100},
}

_stated(bound) := object.union({"values": [], "domains": [], "origins": [], "up_to": 0}, bound)

test_what_only_one_bounds_is_bounded_as_it_says if {
	narrowing.narrowest({}, {}) == {}
	narrowing.narrowest(_had, {}) == _had
	narrowing.narrowest({}, _had) == _had
	narrowing.narrowest(_had, {"target": {"values": ["7"]}}) == object.union(_had, {"target": {"values": ["7"]}})
}

test_what_both_bound_is_what_both_let_through if {
	every example in [
		{
			"role": "recipient",
			"asked": {"values": ["DE89370400440532013000", "DE00"]},
			"left": {"values": ["DE89370400440532013000"]},
		},
		{
			"role": "recipient",
			"asked": {"values": ["bob@acme.example", "eve@evil.example"]},
			"left": {"values": ["bob@acme.example"]},
		},
		{"role": "recipient", "asked": {"domains": ["acme.example", "evil.example"]}, "left": {"domains": ["acme.example"]}},
		{"role": "recipient", "asked": {"origins": ["prompt", "quoted"]}, "left": {"origins": ["quoted"]}},
		{"role": "amount", "asked": {"values": [7, 99, 101, -1, "7"]}, "left": {"values": [7, 99]}},
		{"role": "amount", "asked": {"up_to": 50}, "left": {"up_to": 50}},
		{"role": "amount", "asked": {"up_to": 500}, "left": {"up_to": 100}},
		{"role": "recipient", "asked": {"up_to": 50}, "left": {}},
		{"role": "recipient", "asked": {}, "left": {}},
	] {
		narrowing.narrowest(_had, {example.role: example.asked})[example.role] == _stated(example.left)
	}
}

test_a_value_that_is_no_address_of_a_domain_does_not_pass_for_one if {
	every value in [
		"bob@evil.example", "acme.example", "@acme.example", "a@b@acme.example", "bob@mail.acme.example",
		"bob@ACME.example", "", 7, 1.5, true,
	] {
		narrowing.narrowest(_had, {"recipient": {"values": [value]}}).recipient == _stated({})
	}
}

test_a_whole_value_passes_where_the_user_s_words_do if {
	every example in [
		{"asked": {"values": ["eve@evil.example", 7]}, "left": {"values": ["eve@evil.example", 7]}},
		# Nothing but a whole value.
		{"asked": {"domains": ["evil.example"], "up_to": 9}, "left": {}},
		{"asked": {"origins": ["prompt", "none"]}, "left": {"origins": ["prompt"]}},
	] {
		narrowed := narrowing.narrowest({"recipient": {"origins": ["prompt"]}}, {"recipient": example.asked})
		narrowed == {"recipient": _stated(example.left)}
	}
}

test_nothing_is_left_without_bounds_of_both if {
	every none in [null, [], "recipient", 7, true, {"recipient": null}, {"recipient": []}, {"recipient": "x"}] {
		not narrowing.narrowest(none, {})
		not narrowing.narrowest({}, none)
		not narrowing.narrowest(none, _had)
		not narrowing.narrowest(_had, none)
	}
}

test_a_member_of_another_type_bounds_nothing if {
	every bound in [
		{"values": "x"}, {"values": {}}, {"domains": "acme.example"}, {"domains": null},
		{"origins": "prompt"}, {"origins": {"x": "prompt"}}, {"up_to": "x"}, {"up_to": null}, {"surprise": []},
	] {
		not narrowing.narrowest({"amount": bound}, {})
		not narrowing.narrowest({"amount": bound}, _had)
		not narrowing.narrowest(_had, {"amount": bound})
	}
}

test_windows_that_cannot_be_read_leave_none if {
	hour := {"start": 100, "end": 200}
	narrowing.windows([hour], [hour]) == [hour]

	every windows in [
		null, "x", 7, {}, {"a": hour}, {hour}, [7], [{"start": 1}], [{"end": 1}],
		[{"start": "1", "end": 200}], [{"start": 1, "end": null}], [hour, {}],
	] {
		every other in [[], [hour]] {
			not narrowing.windows(windows, other)
			not narrowing.windows(other, windows)
		}
	}
}

test_says_for_which_roles_more_was_asked_than_is_left if {
	every example in [
		{"asked": {}, "cut": set()},
		{"asked": _had, "cut": set()},
		{"asked": {"recipient": {}}, "cut": set()},
		{"asked": {"target": {"values": ["7"]}}, "cut": set()},
		{"asked": {"recipient": {"values": ["bob@acme.example"]}, "amount": {"up_to": 100}}, "cut": set()},
		{"asked": {"recipient": {"values": ["bob@acme.example", "eve@evil.example"]}}, "cut": {"recipient"}},
		{"asked": {"recipient": {"domains": ["evil.example"]}}, "cut": {"recipient"}},
		{"asked": {"recipient": {"origins": ["prompt"]}}, "cut": {"recipient"}},
		{"asked": {"amount": {"up_to": 101}, "recipient": {"up_to": 1}}, "cut": {"amount", "recipient"}},
		{"asked": {"amount": {"values": [101]}, "target": {"values": ["7"]}}, "cut": {"amount"}},
	] {
		narrowing.cut(_had, example.asked) == example.cut
	}
}

# Every bound that has one of each, and what may be tried against it.
_bounds := [bound |
	some values in [[], ["bob@acme.example", 50, 150], ["eve@evil.example"]]
	some domains in [[], ["acme.example"]]
	some origins in [[], ["prompt"], ["quoted"]]
	bound := {"values": values, "domains": domains, "origins": origins, "up_to": 60 * count(domains)}
]

_tried := [
	{"leaf": _address("bob", "acme.example"), "grade": "none"},
	{"leaf": _address("eve", "evil.example"), "grade": "none"},
	{"leaf": _address("eve", "evil.example"), "grade": "prompt"},
	{"leaf": {"value": 50, "parsed": {}}, "grade": "none"},
	{"leaf": {"value": 150, "parsed": {}}, "grade": "quoted"},
]

_address(local, domain) := {
	"value": concat("@", [local, domain]),
	"parsed": {"kind": "email", "local": local, "domain": domain},
}

test_no_narrower_lets_through_what_the_intent_does_not if {
	count(_bounds) == 18
	count(_widened) == 0
}

_widened contains {"had": had, "asked": asked, "found": found} if {
	some role in ["recipient", "amount"]
	some had in _bounds
	some asked in _bounds
	narrowest := narrowing.narrowest({role: had}, {role: asked})[role]
	some found in _tried
	bounds.lets_through(narrowest, role, found)
	not bounds.lets_through(had, role, found)
	not _stated_outright(had.origins, asked.values, found.leaf.value)
}

# A whole value that was asked for, where the user's own words pass.
_stated_outright(origins, values, value) if {
	"prompt" in origins
	value in values
}

test_no_narrower_lets_through_what_was_not_asked_for if {
	count(_unasked) == 0
}

_unasked contains {"had": had, "asked": asked, "found": found} if {
	some had in _bounds
	some asked in _bounds
	narrowest := narrowing.narrowest({"amount": had}, {"amount": asked}).amount
	some found in _tried
	bounds.lets_through(narrowest, "amount", found)
	not bounds.lets_through(asked, "amount", found)
}

test_what_is_asked_for_and_had_alike_is_left_whole if {
	every bound in _bounds {
		narrowing.narrowest({"amount": bound}, {"amount": bound}) == {"amount": bound}
		narrowing.cut({"amount": bound}, {"amount": bound}) == set()
	}
}

_windows := [[{"start": start, "end": start + lasts} | some start in starts] |
	some starts in [[], [0], [10, 0], [0, 5, 10, 20], [3, 3, 3], [30, 12, 21]]
	some lasts in [0, 1, 5, 9, 15]
]

_moments := numbers.range(0, 50)

_open(windows) := {moment |
	some moment in _moments
	some window in windows
	window.start <= moment
	moment < window.end
}

test_windows_are_made_disjoint_and_are_the_same_times if {
	narrowing.disjoint([]) == []
	narrowing.disjoint([{"start": 1, "end": 1}, {"start": 3, "end": 2}]) == []
	narrowing.disjoint([{"start": 5, "end": 9}, {"start": 1, "end": 5}]) == [{"start": 1, "end": 9}]
	narrowing.disjoint([{"start": 6, "end": 9}, {"start": 1, "end": 5}]) == [
		{"start": 1, "end": 5},
		{"start": 6, "end": 9},
	]
	narrowing.disjoint([{"start": 1, "end": 9}, {"start": 2, "end": 3}]) == [{"start": 1, "end": 9}]

	every windows in _windows {
		disjoint := narrowing.disjoint(windows)
		_open(disjoint) == _open(windows)
		count(disjoint) <= count(windows)
		narrowing.disjoint(disjoint) == disjoint
		disjoint == narrowing.disjoint(array.reverse(windows))
		narrowing.disjoint(array.concat(windows, windows)) == disjoint
	}
}

test_windows_narrowed_twice_are_those_narrowed_once if {
	every had in _windows {
		every asked in _windows {
			left := narrowing.windows(had, asked)
			_left_of(left, had, asked)
			narrowing.disjoint(left) == left
			count(left) <= max([count(had), count(asked), (count(had) + count(asked)) - 1])
			_again(left, had, asked)
		}
	}
}

_left_of(left, had, asked) if {
	count(had) > 0
	count(asked) > 0
	_open(left) == _open(had) & _open(asked)
}

_left_of(left, had, []) if _open(left) == _open(had)

_left_of(left, [], asked) if _open(left) == _open(asked)

# That none is left is refused, and never narrowed again.
_again([], _, _)

_again(left, had, asked) if {
	count(left) > 0
	narrowing.windows(had, left) == left
	narrowing.windows(left, left) == left
	narrowing.windows(left, asked) == left
	narrowing.windows(asked, left) == left
}

test_of_many_windows_the_first_are_left if {
	many := [{"start": 10 * number, "end": (10 * number) + 5} | some number in numbers.range(0, 256)]
	first := array.slice(many, 0, 256)
	narrowing.windows(many, []) == first
	narrowing.windows([], many) == first
	narrowing.windows(many, many) == first
	narrowing.windows(first, first) == first
}

test_bounds_narrowed_twice_are_those_narrowed_once if {
	every had in _bounds {
		every asked in _bounds {
			left := narrowing.narrowest({"amount": had}, {"amount": asked})
			narrowing.narrowest({"amount": had}, left) == left
			narrowing.narrowest(left, left) == left
			every member in ["values", "domains", "origins"] {
				count(left.amount[member]) <= count(asked[member])
			}
		}
	}
}
