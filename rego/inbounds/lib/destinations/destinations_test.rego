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

_anywhere(value) if {
	scene := json.patch(_with({"role": "recipient"}, value, {}), [{
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
	destinations.hosts == {"wiki.acme.example"} with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as _scene.authority
	destinations.hosts == set() with data.deployment as _scene.deployment
		with data.inbounds.lib.task.authority as {"destinations": ["press", "bank"]}
}
