package inbounds.lib.destinations_test

import data.inbounds.lib.destinations

_scene := {
	"input": {"action": {"name": "t", "properties": {"arguments": {}, "parsed": {}}}},
	"authority": {"destinations": ["colleagues", "bank", "nowhere"]},
	"deployment": {
		"tools": {"t": {"arguments": {}, "destinations": ["bank"]}},
		"destinations": {
			"colleagues": {"domains": ["acme.example"], "hosts": ["wiki.acme.example"]},
			"bank": {"addresses": ["DE89370400440532013000", "+442079460018", "room 7"]},
			"press": {"domains": ["press.example"]},
		},
	},
}

# The scene with one argument, known to the registry as `spec`.
_with(spec, value, parsed) := json.patch(_scene, [
	{"op": "add", "path": "/deployment/tools/t/arguments", "value": {"/a": spec}},
	{"op": "add", "path": "/input/action/properties/arguments", "value": {"a": value}},
	{"op": "add", "path": "/input/action/properties/parsed", "value": {"/a": parsed}},
])

_outward(spec, value) := pointers if {
	scene := _with(spec, value, {})
	pointers := destinations.outward with input as scene.input
		with data.deployment as scene.deployment
}

_allowed(spec, value, parsed) if {
	scene := _with(spec, value, parsed)
	destinations.allowed("/a") with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.task.authority as scene.authority
}

test_recipients_and_what_names_a_place_lead_outward if {
	every spec in [
		{"role": "recipient"},
		{"role": "recipient", "kind": "text"},
		{"kind": "url"},
		{"kind": "url", "role": "query"},
		{"kind": "host", "role": "content"},
		{"kind": "email"},
		{"kind": "email", "role": "none"},
		{"kind": "phone", "role": "target"},
		{"kind": "iban", "role": "amount"},
	] {
		_outward(spec, "x") == {"/a"}
	}
}

test_everything_else_stays if {
	every spec in [
		{},
		{"kind": "text", "role": "content"},
		{"kind": "path", "role": "target"},
		{"kind": "id"},
		{"kind": "email", "role": "query"},
		{"kind": "iban", "role": "content"},
	] {
		_outward(spec, "x") == set()
	}
}

test_a_value_that_names_another_host_leads_outward if {
	_outward({"kind": "path", "role": "target"}, "evil.example:x") == {"/a"}
	_outward({"role": "target"}, "evil.example:x") == set()

	every value in ["https://evil.example/", `\\evil.example\x`, "//evil.example/x", "smb://evil.example/x", "x@evil:y"] {
		every spec in [
			{},
			{"kind": "none", "role": "target"},
			{"kind": "text"},
			{"kind": "text", "role": "code"},
			{"kind": "path"},
			{"kind": "path", "role": "content"},
		] {
			_outward(spec, value) == {"/a"}
		}

		every spec in [{"role": "content"}, {"kind": "text", "role": "query"}, {"kind": "id", "role": "target"}] {
			_outward(spec, value) == set()
		}
	}
}

test_a_null_leads_nowhere if {
	_outward({"role": "recipient"}, null) == set()
	_outward({"kind": "url"}, null) == set()

	every value in ["", 0, false] {
		_outward({"role": "recipient"}, value) == {"/a"}
	}
}

test_what_the_registry_states_and_the_task_permits if {
	destinations.stated == {"bank"} with input as _scene.input
		with data.deployment as _scene.deployment
	destinations.permitted == {"colleagues", "bank"} with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as _scene.authority
}

test_nothing_is_permitted_without_a_task if {
	destinations.permitted == set() with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {}

	every named in [[], null, "bank", [null, 7], {"bank": {}}] {
		destinations.permitted == set() with data.deployment as _scene.deployment
			with data.inbounds.lib.task.authority as {"destinations": named}
	}
}

test_allowed_by_domain_by_host_and_by_address if {
	every example in [
		{"value": "bob@acme.example", "parsed": {"kind": "email", "local": "bob", "domain": "acme.example"}},
		{"value": "wiki.acme.example", "parsed": {"kind": "host", "host": "wiki.acme.example"}},
		{
			"value": "https://wiki.acme.example/x",
			"parsed": {"kind": "url", "scheme": "https", "host": "wiki.acme.example"},
		},
		{"value": "DE89370400440532013000", "parsed": {"kind": "iban"}},
		{"value": "+442079460018", "parsed": {}},
		{"value": "room 7", "parsed": null},
	] {
		_allowed({"role": "recipient"}, example.value, example.parsed)
	}
}

test_nothing_else_is_allowed if {
	every example in [
		{"value": "bob@press.example", "parsed": {"kind": "email", "local": "bob", "domain": "press.example"}},
		{"value": "bob@press.example", "parsed": {"kind": "email", "local": "bob", "domain": "acme.example"}},
		{"value": "bob@wiki.acme.example", "parsed": {"kind": "email", "local": "bob", "domain": "wiki.acme.example"}},
		{"value": "acme.example", "parsed": {"kind": "host", "host": "acme.example"}},
		{"value": "evil.example", "parsed": {"kind": "host", "host": "wiki.acme.example"}},
		{
			"value": "https://evil.example/x",
			"parsed": {"kind": "url", "scheme": "https", "host": "wiki.acme.example"},
		},
		{"value": "DE89370400440532013001", "parsed": {"kind": "iban"}},
		{"value": "Room 7", "parsed": {}},
		{"value": "", "parsed": {}},
		{"value": 7, "parsed": {}},
		{"value": "bob@acme.example", "parsed": {}},
	] {
		not _allowed({"role": "recipient"}, example.value, example.parsed)
	}
}

_anywhere(value) if _anywhere_as({"role": "recipient"}, value, {})

_anywhere_as(spec, value, parsed) if {
	scene := json.patch(_with(spec, value, parsed), [{
		"op": "replace",
		"path": "/deployment/destinations/colleagues",
		"value": {"anywhere": true},
	}])
	destinations.allowed("/a") with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.task.authority as scene.authority
}

test_anywhere_is_every_text_and_nothing_else if {
	_anywhere("mallory@evil.example")
	_anywhere("room 8")

	every value in ["", 7, true, false, null, [], {}] {
		not _anywhere(value)
	}
}

test_anywhere_is_no_other_machine_than_the_public_ones if {
	_anywhere_as({"kind": "host"}, "a.example", {"kind": "host", "host": "a.example"})
	_anywhere_as(
		{"kind": "url", "role": "recipient"}, "https://a.example/x",
		{"kind": "url", "scheme": "https", "host": "a.example"},
	)
	_anywhere_as({"kind": "email"}, "bob@a.example", {"kind": "email", "local": "bob", "domain": "a.example"})

	every host in ["127.0.0.1", "169.254.169.254", "[::1]", "localhost", "printer", "a.internal", "0x7f.1", ""] {
		not _anywhere_as({"kind": "host"}, host, {"kind": "host", "host": host})
		not _anywhere_as({"kind": "host"}, host, {"kind": "host", "host": "a.example"})
		not _anywhere_as(
			{"kind": "url", "role": "recipient"}, concat("", ["https://", host, "/"]),
			{"kind": "url", "scheme": "https", "host": host},
		)
		not _anywhere_as(
			{"kind": "email"}, concat("", ["bob@", host]),
			{"kind": "email", "local": "bob", "domain": host},
		)
	}

	every value in [
		"https://a.example/", "//a.example/x", "smb://a.example/x", "x@a.example:y",
		"room 8 https://a.example", "bob;//a.example/x",
	] {
		not _anywhere(value)
		not _anywhere_as({"kind": "id", "role": "recipient"}, value, {"kind": "id"})
		not _anywhere_as({"kind": "path"}, value, {"kind": "path"})
	}
}

test_anywhere_is_no_path_that_names_a_host if {
	_anywhere_as({"kind": "path", "role": "recipient"}, "work/a.txt", {"kind": "path"})
	not _anywhere_as({"kind": "path", "role": "recipient"}, "a.example:x", {"kind": "path"})
}

test_what_has_not_been_read_as_its_kind_goes_nowhere if {
	every parsed in [{}, {"kind": "url"}, {"kind": "url", "scheme": "https", "host": "b.example"}, null] {
		not _anywhere_as({"kind": "url"}, "https://a.example/x", parsed)
	}

	every parsed in [{}, {"kind": "email", "local": "bob", "domain": "b.example"}, null] {
		not _anywhere_as({"kind": "email"}, "bob@a.example", parsed)
	}
}

test_a_url_without_a_kind_is_allowed_by_the_host_that_is_named if {
	not _allowed({"kind": "url"}, "https://wiki.acme.example/x", {})
	not _allowed({"kind": "host"}, "s3://wiki.acme.example/x", {})

	every value in ["s3://wiki.acme.example/x", "https://wiki.acme.example"] {
		_allowed({}, value, {})
		_allowed({"kind": "text", "role": "target"}, value, {"kind": "text"})
	}

	every value in [
		"s3://evil.example/x", "s3://wiki.acme.example@evil.example/x", "s3://wiki.acme.example:80/x",
		"s3://wiki.acme.example?x", "s3://x.wiki.acme.example/", "//wiki.acme.example/x",
	] {
		not _allowed({}, value, {})
	}
}

test_a_call_sends_by_its_effects_or_by_what_it_names if {
	scene := _with({"kind": "url"}, "https://a.example/", {})
	destinations.sends with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.tools.effects as {"read", "export"}

	every effects in [{"read"}, {"write"}, {"export"}, set()] {
		destinations.sends with input as scene.input
			with data.deployment as scene.deployment
			with data.inbounds.lib.tools.effects as effects
	}

	every effects in [{"read"}, {"spend"}, set()] {
		not destinations.sends with input as _scene.input
			with data.deployment as _scene.deployment
			with data.inbounds.lib.tools.effects as effects
	}
}

test_only_true_is_anywhere if {
	every value in [false, "true", "", 1, null, [true], {"anywhere": true}] {
		scene := json.patch(_with({"role": "recipient"}, "mallory@evil.example", {}), [{
			"op": "replace",
			"path": "/deployment/destinations/colleagues",
			"value": {"anywhere": value},
		}])
		not destinations.allowed("/a") with input as scene.input
			with data.deployment as scene.deployment
			with data.inbounds.lib.task.authority as scene.authority
	}
}

test_every_destination_that_a_leaf_is_one_of_takes_it if {
	scene := json.patch(_with({"role": "recipient"}, "+442079460018", {}), [
		{"op": "add", "path": "/deployment/destinations/colleagues/anywhere", "value": true},
		{"op": "add", "path": "/deployment/destinations/press/anywhere", "value": true},
	])
	destinations.taking("/a") == {"colleagues", "bank"} with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.task.authority as scene.authority
	destinations.taking("/b") == set() with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.task.authority as scene.authority
}

_label(destination) := label if {
	label := destinations.label("d") with data.deployment.destinations as {"d": destination}
		with data.inbounds.lib.task.authority as {"label": "internal"}
}

test_a_destination_takes_what_it_states_or_all_the_task_may_see if {
	_label({"label": "public"}) == "public"
	_label({"label": ""}) == "internal"
	_label({"domains": ["acme.example"]}) == "internal"
	_label({"label": 7}) == 7

	every destination in [null, true, 7, "d", ["label"]] {
		not _label(destination)
	}
}

test_a_destination_that_states_no_label_has_none_without_a_task if {
	not destinations.label("d") with data.deployment.destinations as {"d": {}}
		with data.inbounds.lib.task.authority as {}
	not destinations.label("e") with data.deployment.destinations as {"d": {}}
		with data.inbounds.lib.task.authority as {"label": "internal"}
}

test_the_label_that_a_destination_states if {
	destinations.stated_label("d") == "public" with data.deployment.destinations as {"d": {"label": "public"}}
	destinations.stated_label("d") == "" with data.deployment.destinations as {"d": {}}
	not destinations.stated_label("e") with data.deployment.destinations as {"d": {}}
}

test_the_hosts_of_the_permitted_destinations_alone if {
	destinations.named_hosts == {"wiki.acme.example"} with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as _scene.authority
	destinations.named_hosts == set() with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {"destinations": ["press", "bank"]}
}

_code := {"role": "code"}

test_code_leads_to_each_host_that_it_names if {
	_outward({"role": "code", "kind": "id"}, "curl https://evil.example/x") == set()
	_outward({"role": "content"}, "curl https://evil.example/x") == set()
	_outward({"role": "target"}, "curl https://evil.example/x") == {"/a"}
	_outward({"role": "none"}, "curl https://evil.example/x") == set()

	every kind in ["none", "text"] {
		spec := {"role": "code", "kind": kind}
		_outward(spec, "curl https://evil.example/x") == {"/a"}
		_outward(spec, "//evil/x") == {"/a"}
		_outward(spec, "ls -la") == set()
	}
}

test_code_is_allowed_where_every_host_is if {
	every text in ["curl https://wiki.acme.example/x", "a; b https://WIKI.acme.example:8443"] {
		_allowed(_code, text, {})
	}
	every text in [
		"curl https://evil.example/x", "curl https://wiki.acme.example/ https://evil.example/", "ls", "",
		"https://wiki.acme.example/ && curl 10.0.0.1", "curl https://press.example/", "//wiki/x", 7, null,
	] {
		not _allowed(_code, text, {})
	}
}

test_code_goes_anywhere_but_to_what_is_not_public if {
	every text in ["curl https://a.example/x", "curl https://a.example https://b.example", "git clone git@a.example:x"] {
		_anywhere_as(_code, text, {})
	}
	every text in [
		"curl http://169.254.169.254/x", "curl https://a.example 127.0.0.1:80", "curl http://2852039166/",
		"curl http://localhost/",
		"curl http://$H/", "//fileserver/x", "ls", "",
	] {
		not _anywhere_as(_code, text, {})
	}
}
