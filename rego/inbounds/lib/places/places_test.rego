package inbounds.lib.places_test

import data.inbounds.lib.places

_listed := {".netrc": 1}

_bounds := [{"type": "file", "prefixes": ["/etc/inbounds/"]}]

_clear(spec, value, listed, bounds) if {
	leaf := {"pattern": "/x", "value": value, "parsed": {}}
	places.leaf_clear(leaf, listed, bounds) with input as {"action": {
		"name": "t",
		"properties": {"arguments": {"x": value}},
	}}
		with data.deployment as {"tools": {"t": {"effects": ["read"], "arguments": {"/x": spec}}}}
}

_resource_clear(id, listed, bounds) if {
	places.resource_clear(listed, bounds) with input as {
		"action": {"name": "t"},
		"resource": {"type": "file", "id": id},
	}
		with data.deployment as {"tools": {"t": {"effects": ["read"]}}}
}

test_a_leaf_that_may_name_a_place_is_held_to_both_lists if {
	every spec in [
		{"kind": "path"},
		{"kind": "path", "role": "content"},
		{"kind": "none", "role": "target"},
		{"kind": "id", "role": "target"},
		{"kind": "text", "role": "target"},
		{"role": "target"},
	] {
		_clear(spec, "/work/a", _listed, _bounds)
		not _clear(spec, "/work/.netrc", _listed, _bounds)
		not _clear(spec, "/etc/inbounds/x", _listed, _bounds)
		not _clear(spec, "/work/../etc", _listed, _bounds)
	}
}

test_a_leaf_of_another_kind_names_no_place if {
	every spec in [{}, {"kind": "text"}, {"kind": "id", "role": "content"}, {"kind": "email", "role": "target"}] {
		_clear(spec, "/work/.netrc", _listed, _bounds)
		_clear(spec, "/etc/inbounds/x", _listed, _bounds)
	}
}

test_what_is_no_list_of_names_clears_nothing if {
	every listed in [null, true, 0, "x", [], ["x"], {}] {
		not _clear({"kind": "path"}, "/work/a", listed, _bounds)
		not _resource_clear("/work/a", listed, _bounds)
	}
}

test_what_is_no_list_of_bounds_clears_nothing if {
	every bounds in [null, true, 0, "x", {}, {"x": {"type": "file", "prefixes": ["/etc/"]}}] {
		not _clear({"kind": "path"}, "/work/a", _listed, bounds)
		not _resource_clear("/work/a", _listed, bounds)
	}
}

test_a_prefix_that_is_no_text_clears_nothing if {
	every prefix in [null, true, 0, [], {}] {
		bounds := [{"type": "file", "prefixes": [prefix]}]
		not _clear({"kind": "path"}, "/work/a", _listed, bounds)
		not _resource_clear("/work/a", _listed, bounds)
	}
}

test_a_prefix_without_a_separator_speaks_of_ids_alone if {
	bounds := [{"type": "file", "prefixes": ["work"]}]

	_clear({"kind": "path"}, "work/a", _listed, bounds)
	not _resource_clear("work/a", _listed, bounds)
}
