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

_named_url(card_url, url) if {
	stage := fixtures.staged(array.concat(_to_the_partner, [{
		"op": "replace",
		"path": "/card/claims",
		"value": {"url": card_url},
	}]))
	peers.at_url(url, "a.example") with input as stage.question
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

test_a_url_is_named_by_scheme_port_and_path if {
	every pair in [
		["https://a.example", "https://a.example/"], ["https://a.example", "https://a.example/v1/message:send"],
		["https://a.example/", "https://a.example/.well-known/agent-card.json"],
		["https://a.example:443/a2a", "https://a.example/a2a"], ["https://A.example:8443", "https://a.example:8443/x"],
		["https://a.example/a2a", "https://a.example/a2a"], ["https://a.example/a2a", "https://a.example/a2a/"],
		["https://a.example/a2a", "https://a.example/a2a?page=2"], ["https://a.example/a2a", "https://a.example/a2a#top"],
		["https://a.example/a2a", "https://a.example/a2a/v1/tasks/7_x-y~z.1:cancel"],
		["https://a.example/a2a/", "https://a.example/a2a/v1"], ["https://a.example/a%20b", "https://a.example/a%20b"],
		["https://a.example/a%20b", "https://a.example/a%20b/v1"],
		["https://a.example/a2a?desk=1", "https://a.example/a2a?desk=1"],
	] {
		_named_url(pair[0], pair[1])
	}
}

test_another_door_of_its_host_is_not_named if {
	every pair in [
		["https://a.example/a2a", "http://a.example/a2a"], ["https://a.example/a2a", "wss://a.example/a2a"],
		["http://a.example/a2a", "http://a.example/a2a"], ["https://a.example/a2a", "https://a.example:8443/a2a"],
		["https://a.example:8443/a2a", "https://a.example/a2a"], ["https://a.example/a2a", "https://a.example/"],
		["https://a.example/a2a", "https://a.example"], ["https://a.example/a2a", "https://a.example/a2ab"],
		["https://a.example/a2a", "https://a.example/b/a2a"], ["https://a.example/a2a", "https://a.example/A2A"],
		["https://a.example/a2a/", "https://a.example/a2a"],
		["https://a.example/a2a?desk=1", "https://a.example/a2a"],
		["https://a.example/a2a?desk=1", "https://a.example/a2a?desk=2"],
		["https://a.example/a2a", "https://a.example.evil.example/a2a"],
		["https://a.example/a2a", "https://a.example@evil.example/a2a"],
		["https://a.example/a2a", "https://a.example:8443@evil.example/a2a"],
		["https://a.example/a2a", ["https://a.example/a2a"]], ["https://a.example/a2a", null],
	] {
		not _named_url(pair[0], pair[1])
	}
}

test_nothing_leads_out_of_an_address_again if {
	every below in [
		"/../b", "/..", "/..%2fb", "/%2e%2e/b", "/%252e%252e/b", "/..;/b", "/.;/b", "/..\\b", "/x/..;x/b", "//b", "/a/./b",
		"/ b", "/é", "/b\n",
	] {
		not _named_url("https://a.example/a2a", concat("", ["https://a.example/a2a", below]))
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
