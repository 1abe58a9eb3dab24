package inbounds.lib.addresses_test

import data.inbounds.lib.addresses

_named(spec, value) := named if {
	named := addresses.named with input as {"action": {"name": "t", "properties": {"arguments": {"a": value}}}}
		with data.deployment.tools as {"t": {"arguments": {"/a": spec}}}
}

test_by_role_by_kind_and_by_value if {
	every spec in [{"role": "recipient"}, {"kind": "url", "role": "query"}, {"kind": "host"}, {"kind": "email"}] {
		_named(spec, "x") == {"/a"}
		_named(spec, null) == set()
	}

	every spec in [{}, {"kind": "text", "role": "target"}, {"kind": "path"}] {
		_named(spec, "https://a.example/") == {"/a"}
		_named(spec, "x") == set()
		_named(spec, 7) == set()
	}

	every spec in [{"role": "content"}, {"kind": "text", "role": "query"}, {"kind": "id"}] {
		_named(spec, "https://a.example/") == set()
	}
}

test_a_path_may_name_a_host_where_another_text_does_not if {
	addresses.names_host("path", "a.example:x")

	every kind in ["none", "text", "id", "email"] {
		not addresses.names_host(kind, "a.example:x")
		addresses.names_host(kind, "smb://a.example/x")
	}
}

test_what_is_no_call_names_nobody if {
	addresses.named == set() with input as {}
	addresses.named == set() with input as {"action": {"name": "t", "properties": {"arguments": ["https://a.example/"]}}}
		with data.deployment.tools as {"t": {"arguments": {}}}
}

test_a_scheme_without_slashes_leads_outward if {
	every spec in [{}, {"kind": "text", "role": "target"}] {
		_named(spec, "mailto:bob@a.example") == {"/a"}
		_named(spec, "user:123") == set()
		_named(spec, null) == set()
	}

	every spec in [{"role": "content"}, {"kind": "text", "role": "query"}, {"kind": "id"}] {
		_named(spec, "mailto:bob@a.example") == set()
	}
}

test_a_target_is_one_value if {
	_named({"role": "target"}, "a;b") == set()

	every value in ["x https://a.example", "x;//a.example/y", "a, mailto:bob@a.example", "x (bob@a.example:y)"] {
		_named({"role": "target"}, value) == {"/a"}
		_named({"kind": "text", "role": "target"}, value) == {"/a"}
		_named({"kind": "text"}, value) == set()
		_named({"kind": "text", "role": "content"}, value) == set()
		_named({"kind": "id", "role": "target"}, value) == set()
	}
}
