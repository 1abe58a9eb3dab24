package inbounds.lib.peers_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.peers

_to_the_partner := [
	{"op": "replace", "path": "/deployment/tools/mail.read/resource", "value": "peer"},
	{"op": "replace", "path": "/question/resource/type", "value": "peer"},
	{"op": "replace", "path": "/question/resource/id", "value": "partner"},
]

_named(claims, host) if {
	stage := fixtures.staged(array.concat(_to_the_partner, [{"op": "replace", "path": "/card/claims", "value": claims}]))
	peers.at(host) with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

test_every_form_of_a_card_names_its_addresses if {
	every url in [
		"https://a.example", "https://a.example/", "https://a.example/a2a?x=1", "https://a.example:8443/a2a",
		"https://a.example:443", "HTTPS://A.example/a2a",
	] {
		_named({"url": url}, "a.example")
		_named({"supportedInterfaces": [{"url": "https://b.example"}, {"url": url}]}, "a.example")
		_named({"url": "https://b.example", "additionalInterfaces": [{"url": url}]}, "a.example")
	}
}

test_what_only_looks_like_its_address_is_none if {
	every url in [
		"http://a.example", "https://a.example.evil.example/", "https://a.example@evil.example/",
		"https://a.example:pass@evil.example/", "https://evil.example/https://a.example/", "a.example",
		"https:///a.example", "https://a.example\\.evil.example", "https://a.example:/", "https://xa.example", "", null, 1,
		["https://a.example"], {"url": "https://a.example"},
	] {
		not _named({"url": url}, "a.example")
		not _named({"supportedInterfaces": [{"url": url}]}, "a.example")
	}
	every claims in [
		{}, {"supportedInterfaces": {"0": {"url": "https://a.example"}}}, {"supportedInterfaces": "https://a.example"},
		{"supportedInterfaces": ["https://a.example"]}, {"provider": {"url": "https://a.example"}},
		{"documentationUrl": "https://a.example"},
	] {
		not _named(claims, "a.example")
	}
}

test_no_host_is_no_address if {
	every host in ["", "a", "example", ".example", null, 0, ["a.example"]] {
		not _named({"url": "https://a.example/"}, host)
	}
}

test_what_speaks_to_peers_is_what_the_registry_says if {
	stage := fixtures.staged(_to_the_partner)

	peers.speaks_to_peers("mail.read") with data.deployment as stage.deployment
	every name in ["mail.send", "forgotten", "", null, 0, ["mail.read"]] {
		not peers.speaks_to_peers(name) with data.deployment as stage.deployment
	}
}
