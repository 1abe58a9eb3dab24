package inbounds.lib.constraints_test

import data.inbounds.lib.constraints

_url := {"kind": "url", "scheme": "https", "host": "acme.example"}

test_nothing_said_restricts_nothing if {
	every value in ["a", "", 7, 1.5, true, null, [], {}] {
		constraints.met({"value": value, "parsed": {}}, {})
		constraints.met({"value": value, "parsed": {}}, {
			"one_of": [],
			"minimum": -9007199254740992,
			"maximum": 9007199254740992,
			"pattern": "",
			"path_prefixes": [],
			"hosts": [],
			"max_length": 9007199254740991,
		})
	}
}

test_met_within_bounds if {
	every example in [
		{"value": "a", "constraint": {"type": "string"}},
		{"value": true, "constraint": {"type": "boolean"}},
		{"value": 1.5, "constraint": {"type": "number"}},
		{"value": 2, "constraint": {"type": "number"}},
		{"value": 2, "constraint": {"type": "integer"}},
		{"value": -2, "constraint": {"type": "integer"}},
		{"value": "a", "constraint": {"kind": "none", "role": "target", "required": true, "nullable": false}},
		{"value": "a", "constraint": {"local_part": "atom"}},
		{"value": "a", "constraint": {"resource": "board"}},
		{"value": "a", "constraint": {"one_of": ["a", 1]}},
		{"value": 1, "constraint": {"one_of": ["a", 1]}},
		{"value": 1, "constraint": {"minimum": 1, "maximum": 1}},
		{"value": "aa", "constraint": {"pattern": "a+"}},
		{"value": "b", "constraint": {"pattern": "a|b"}},
		{"value": "", "constraint": {"pattern": "a*"}},
		{"value": "/work/a", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/tmp", "/work"]}},
		{"value": "/work/a*", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "https://acme.example/", "parsed": _url, "constraint": {"hosts": ["x.example", "acme.example"]}},
		{
			"value": "acme.example",
			"parsed": {"kind": "host", "host": "acme.example"},
			"constraint": {"hosts": ["acme.example"]},
		},
		{"value": "äöü", "constraint": {"max_length": 3}},
		{"value": null, "constraint": {"type": "string", "nullable": true, "one_of": ["a"]}},
	] {
		constraints.met(object.union({"parsed": {}}, object.remove(example, ["constraint"])), example.constraint)
	}
}

test_not_met_out_of_bounds if {
	every example in [
		{"value": 1, "constraint": {"type": "string"}},
		{"value": 1, "constraint": {"type": "boolean"}},
		{"value": "true", "constraint": {"type": "boolean"}},
		{"value": "1", "constraint": {"type": "number"}},
		{"value": true, "constraint": {"type": "number"}},
		{"value": "1", "constraint": {"type": "integer"}},
		{"value": 1.5, "constraint": {"type": "integer"}},
		{"value": [], "constraint": {"type": "string"}},
		{"value": {}, "constraint": {"type": "integer"}},
		{"value": "a", "constraint": {"type": "text"}},
		{"value": null, "constraint": {"type": "null"}},
		{"value": "a", "constraint": {"kind": "email"}},
		{"value": "b", "constraint": {"one_of": ["a"]}},
		{"value": "1", "constraint": {"one_of": [1]}},
		{"value": true, "constraint": {"one_of": [1, "true"]}},
		{"value": 0, "constraint": {"minimum": 1}},
		{"value": "5", "constraint": {"minimum": 1}},
		{"value": 1, "constraint": {"minimum": "0"}},
		{"value": 1, "constraint": {"minimum": null}},
		{"value": 1, "constraint": {"minimum": false}},
		{"value": 2, "constraint": {"maximum": 1}},
		{"value": true, "constraint": {"maximum": 1}},
		{"value": 2, "constraint": {"maximum": "3"}},
		{"value": "ab", "constraint": {"pattern": "a"}},
		{"value": "ba", "constraint": {"pattern": "a"}},
		{"value": "ab", "constraint": {"pattern": "a|b"}},
		{"value": "a\n", "constraint": {"pattern": "a"}},
		{"value": "x\na", "constraint": {"pattern": "a"}},
		{"value": 1, "constraint": {"pattern": "1"}},
		{"value": "/workshop", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "/work/a", "parsed": {"kind": "text"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "/work/../a", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "/work/%2e%2e/a", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "/work/GIT~1", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "/work/a /etc/b", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work"]}},
		{"value": "/work/*/a", "parsed": {"kind": "path"}, "constraint": {"path_prefixes": ["/work/*"]}},
		{"value": "https://evil.example/", "parsed": _url, "constraint": {"hosts": ["acme.example"]}},
		{"value": "https://acme.example/", "parsed": {}, "constraint": {"hosts": ["acme.example"]}},
		{"value": "https://acme.example/", "parsed": _url, "constraint": {"hosts": ["x.example"]}},
		{"value": "aaaa", "constraint": {"max_length": 3}},
		{"value": 1, "constraint": {"max_length": 3}},
		{"value": ["a"], "constraint": {"max_length": 3}},
		{"value": "a", "constraint": {"max_length": "3"}},
		{"value": null, "constraint": {"type": "string", "nullable": false}},
		{"value": null, "constraint": {"one_of": ["a"]}},
		{"value": null, "constraint": {"nullable": "true"}},
		{"value": 7, "constraint": {"type": "string", "nullable": true}},
	] {
		not constraints.met(object.union({"parsed": {}}, object.remove(example, ["constraint"])), example.constraint)
	}
}

test_a_pattern_cannot_end_its_frame if {
	every pattern in ["a)|(.*", "a$)|(?:.*", `\Qa`, "(", "[", "a{2,1}", ")", 7, null, ["a"]] {
		not constraints.met({"value": "evil", "parsed": {}}, {"pattern": pattern})
	}
}

test_a_pattern_is_one_that_both_engines_read if {
	constraints.met({"value": "a", "parsed": {}}, {"pattern": _groups(99)})
	not constraints.met({"value": "a", "parsed": {}}, {"pattern": _groups(100)})
	not constraints.met({"value": `\C`, "parsed": {}}, {"pattern": `\\C`})
}

_groups(number) := concat("", array.flatten([
	["(" | some _ in numbers.range(1, number)],
	"a",
	[")" | some _ in numbers.range(1, number)],
]))

test_a_pattern_s_flags_stay_within_it if {
	not constraints.met({"value": "a\nevil", "parsed": {}}, {"pattern": "(?m)a"})
	constraints.met({"value": "A", "parsed": {}}, {"pattern": "(?i)a"})
}

test_what_is_not_known_is_never_met if {
	every constraint in [{"not_one_of": ["b"]}, {"contains": "a"}, {"": ""}, {"one_of": "a"}, {"hosts": "acme.example"}] {
		not constraints.met({"value": "a", "parsed": {}}, constraint)
	}
}

# No built-in is given what it is not made for: it would fail instead of saying no.
test_nothing_lies_below_what_is_no_path if {
	leaf := {"value": "/work/a", "parsed": {"kind": "path"}}

	every junk in [null, true, 7, [], ["/work"], {}] {
		not constraints.met(leaf, {"path_prefixes": [junk]})
		constraints.met(leaf, {"path_prefixes": [junk, "/work"]})
	}
}

test_what_is_no_constraint_is_never_met if {
	every nothing in [null, true, 1, "a"] {
		not constraints.met({"value": "a", "parsed": {}}, nothing)
	}
}

test_what_is_done_without_an_argument_restricts_no_value_and_is_one_of_three_words if {
	every absent in ["", "none", "any"] {
		constraints.met({"value": "a", "parsed": {}}, {"absent": absent})
	}

	every absent in ["Any", "all", null, true, 7, [], {}, ["any"]] {
		not constraints.met({"value": "a", "parsed": {}}, {"absent": absent})
	}
}
