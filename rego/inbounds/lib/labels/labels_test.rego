package inbounds.lib.labels_test

import data.inbounds.lib.labels

_deployment := {
	"labels": {
		"order": ["public", "internal", "secret"],
		"resources": {"file": {"label": "internal", "prefixes": {"/pub/": "public", "/hr/": "secret", "/odd/": "unknown"}}},
	},
	"tools": {"t": {"resource": "file", "returns": {"label": "internal"}}},
}

_resource(type, id, properties) := {
	"action": {"name": "t"},
	"resource": {"type": type, "id": id, "properties": properties},
}

test_a_rank_is_the_place_in_the_order if {
	labels.highest == 2 with data.deployment as _deployment

	every rank, label in _deployment.labels.order {
		labels.rank(label) == rank with data.deployment as _deployment
		labels.ceiling(label) == rank with data.deployment as _deployment
		labels.name(rank) == label with data.deployment as _deployment
	}
}

test_what_is_no_label_has_no_rank_and_the_highest_ceiling if {
	every label in ["", "Public", "unknown", 0, null, [], {}, true] {
		not labels.rank(label) with data.deployment as _deployment
		labels.ceiling(label) == 2 with data.deployment as _deployment
	}
}

# Counting what is not a list would fail instead of saying no.
test_an_order_of_another_type_has_no_highest if {
	every order in [null, true, 0, "public", {}] {
		not labels.highest with data.deployment as {"labels": {"order": order}}
	}
}

test_the_highest_of_all_that_is_said_of_a_resource if {
	every example in [
		{"rank": 1, "input": _resource("file", "/a", {})},
		{"rank": 1, "input": _resource("file", "/pub/a", {})},
		{"rank": 2, "input": _resource("file", "/hr/a", {})},
		{"rank": 2, "input": _resource("file", "/HR/a", {})},
		{"rank": 2, "input": _resource("file", "//hr//a", {})},
		{"rank": 2, "input": _resource("file", "/hr", {})},
		{"rank": 2, "input": _resource("file", "/odd/a", {})},
		{"rank": 2, "input": _resource("file", "/a/../hr/a", {})},
		{"rank": 2, "input": _resource("file", "/h%72/a", {})},
		{"rank": 2, "input": _resource("file", "/ä", {})},
		{"rank": 2, "input": _resource("file", "/HR~1/a", {})},
		{"rank": 2, "input": _resource("file", "/a /hr/b", {})},
		{"rank": 1, "input": _resource("file", "/a b/c", {})},
		{"rank": 2, "input": _resource("file", "file:///hr/a", {})},
		{"rank": 2, "input": _resource("file", "/", {})},
		{"rank": 2, "input": _resource("file", "/h*", {})},
		{"rank": 2, "input": _resource("file", 7, {})},
		{"rank": 2, "input": _resource("mail", "/a", {})},
		{"rank": 1, "input": _resource("file", "/a", {"label": ""})},
		{"rank": 1, "input": _resource("file", "/a", {"label": "public"})},
		{"rank": 2, "input": _resource("file", "/a", {"label": "secret"})},
		{"rank": 2, "input": _resource("file", "/a", {"label": "unknown"})},
		{"rank": 2, "input": _resource("file", "/a", {"label": null})},
		{"rank": 2, "input": _resource("file", "/hr/a", {"label": "public"})},
		{"rank": 1, "input": _resource("file", "/a", null)},
	] {
		labels.resource == example.rank with input as example.input
			with data.deployment as _deployment
	}
}

test_a_type_that_is_not_the_tool_s_has_the_highest if {
	other := json.patch(_deployment, [{"op": "replace", "path": "/tools/t/resource", "value": "mail"}])

	labels.resource == 2 with input as _resource("file", "/a", {})
		with data.deployment as other
}

test_what_nobody_labelled_has_the_highest if {
	every path in ["/labels/resources", "/labels/resources/file", "/labels/resources/file/label", "/tools/t/resource"] {
		deployment := json.patch(_deployment, [{"op": "remove", "path": path}])
		labels.resource == 2 with input as _resource("file", "/a", {})
			with data.deployment as deployment
	}
}

test_what_the_caller_says_counts_by_itself if {
	labels.asserted == 0 with input as _resource("file", "/a", {})
		with data.deployment as _deployment
	labels.asserted == 2 with input as _resource("file", "/a", {"label": "secret"})
		with data.deployment as _deployment
}

test_a_result_without_a_label_has_the_highest if {
	question := _resource("file", "/a", {})

	labels.returned == 1 with input as question
		with data.deployment as _deployment

	every path in ["/tools/t/returns", "/tools/t/returns/label"] {
		deployment := json.patch(_deployment, [{"op": "remove", "path": path}])
		labels.returned == 2 with input as question
			with data.deployment as deployment
	}

	every label in ["", "unknown", null] {
		deployment := json.patch(_deployment, [{"op": "replace", "path": "/tools/t/returns/label", "value": label}])
		labels.returned == 2 with input as question
			with data.deployment as deployment
	}
}

test_nothing_is_known_of_a_tool_that_is_not_registered if {
	not labels.returned with input as {"action": {"name": "other"}}
		with data.deployment as _deployment
}

test_there_is_no_label_without_an_order if {
	deployment := json.patch(_deployment, [{"op": "remove", "path": "/labels/order"}])

	not labels.resource with input as _resource("file", "/a", {})
		with data.deployment as deployment
	not labels.highest with data.deployment as deployment
}

_exposed(label, properties) := rank if {
	question := object.union(_resource("file", "/a", properties), {"context": {"session": {"label": label}}})
	rank := labels.exposed with input as question
		with data.deployment as _deployment
}

test_a_session_is_exposed_to_the_higher_of_its_own_label_and_the_resource_s if {
	_exposed("public", {}) == 1
	_exposed("secret", {}) == 2
	_exposed("internal", {}) == 1
	_exposed("public", {"label": "secret"}) == 2
}

test_a_session_of_no_known_label_is_exposed_to_the_highest if {
	every label in ["", "unknown", null, 7, {}] {
		_exposed(label, {}) == 2
	}
}

test_what_a_session_is_exposed_to_is_not_known_without_one if {
	not labels.exposed with input as _resource("file", "/a", {})
		with data.deployment as _deployment

	question := object.union(_resource("file", "/a", {}), {"context": {"session": {"label": "secret"}}})
	not labels.exposed with input as question
		with data.deployment as object.remove(_deployment, ["labels"])
}

_with_target(spec, value) := rank if {
	action := {"name": "t", "properties": {"arguments": {"to": value}}}
	question := object.union(_resource("file", "/pub/a", {}), {"action": action})
	rank := labels.resource with input as question
		with data.deployment as object.union(_deployment, {
			"labels": {"resources": {"board": {"label": "public", "prefixes": {"b": "internal"}}}},
			"tools": {"t": {"resource_argument": "none", "arguments": {"/to": spec}}},
		})
}

test_the_highest_of_all_that_the_targets_are if {
	_with_target({"role": "target"}, null) == 1
	_with_target({"role": "target"}, 7) == 1
	_with_target({"role": "target"}, 1.5) == 2
	_with_target({"role": "target"}, {}) == 2
	_with_target({"role": "target", "resource": "board"}, "/hr/b") == 1
	_with_target({"role": "target", "resource": "secrets"}, "x") == 2

	ranks := {
		"/pub/b": 1,
		"/hr/b": 2,
		"/HR/b": 2,
		"/": 2,
		"/odd/x": 2,
		"/pub/../b": 2,
		"é": 2,
		"/pub/[h]r": 1,
		"/[h]r/a": 2,
	}
	every value, rank in ranks {
		_with_target({"kind": "path", "role": "target"}, value) == rank
		_with_target({"kind": "path", "role": "content"}, value) == 1
	}
}

_beside_a_folder(spec, id, text) := rank if {
	action := {"name": "t", "properties": {"arguments": {"at": id, "x": text}}}
	question := object.union(_resource("file", id, {}), {"action": action})
	rank := labels.resource with input as question
		with data.deployment as object.union(_deployment, {
			"labels": {"resources": {"board": {"label": "public", "prefixes": {"/pub/board/": "secret", "b": "secret"}}}},
			"tools": {"t": {"recursive": false, "arguments": {
				"/at": object.union({"kind": "path", "role": "target"}, spec),
				"/x": {"role": "query"},
			}}},
		})
}

test_the_highest_of_all_that_a_text_may_lead_to if {
	_beside_a_folder({"resource": "board"}, "/pub", "board/x") == 2
	_beside_a_folder({"resource": "board"}, "/pub", "bored") == 1

	every text in ["a", "hr", "b", "*.md", "harbour tour", "/pub/b", 7, null] {
		_beside_a_folder({}, "/pub", text) == 1
	}
	every text in ["/hr/a", "../hr", "a, ../b"] {
		_beside_a_folder({}, "/pub", text) == 2
	}
	every text in ["hr/a", "h?/a", "x, hr"] {
		_beside_a_folder({}, "/", text) == 2
	}
}
