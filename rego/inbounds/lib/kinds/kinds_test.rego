package inbounds.lib.kinds_test

import data.inbounds.lib.kinds

_address := {"value": "bob@acme.example", "parsed": {"kind": "email", "local": "bob", "domain": "acme.example"}}

_host := {"value": "acme.example", "parsed": {"kind": "host", "host": "acme.example"}}

_path := {"value": "/work/a", "parsed": {"kind": "path"}}

_url := {"value": "https://acme.example/x", "parsed": {"kind": "url", "scheme": "https", "host": "acme.example"}}

test_a_value_reads_as_its_own_kind_and_no_other if {
	leaves := {"email": _address, "host": _host, "path": _path, "url": _url}

	every kind, leaf in leaves {
		{other | some other, _ in leaves; kinds.read_as(leaf, other)} == {kind}
	}
}

test_other_kinds_are_not_taken_apart if {
	every kind in ["none", "iban", "id", "date", "money", "phone", "text"] {
		kinds.read_as({"value": 1, "parsed": {}}, kind)
	}
}

test_an_address_is_its_parts if {
	every parsed in [
		{"local": "bob", "domain": "evil.example"},
		{"local": "", "domain": "acme.example"},
		{"local": "bob", "domain": ""},
		{"local": "bob"},
		{"domain": "acme.example"},
		{"local": ["bob"], "domain": "acme.example"},
	] {
		not kinds.read_as({"value": "bob@acme.example", "parsed": object.union({"kind": "email"}, parsed)}, "email")
	}
}

test_an_address_has_one_at if {
	not kinds.read_as(
		{"value": "a@evil.example,b@acme.example", "parsed": {
			"kind": "email",
			"local": "a@evil.example,b",
			"domain": "acme.example",
		}},
		"email",
	)
	not kinds.read_as({"value": "@", "parsed": {"kind": "email", "local": "", "domain": ""}}, "email")
	not kinds.read_as({"value": "a@", "parsed": {"kind": "email", "local": "a", "domain": ""}}, "email")
	not kinds.read_as({"value": "@b", "parsed": {"kind": "email", "local": "", "domain": "b"}}, "email")
}

test_a_kind_is_the_one_the_value_was_read_as if {
	every kind in ["text", "none", "", null, ["email"]] {
		not kinds.read_as(object.union(_address, {"parsed": {"kind": kind}}), "email")
		not kinds.read_as(object.union(_host, {"parsed": {"kind": kind}}), "host")
		not kinds.read_as(object.union(_path, {"parsed": {"kind": kind}}), "path")
		not kinds.read_as(object.union(_url, {"parsed": {"kind": kind}}), "url")
	}
}

test_a_host_is_itself if {
	not kinds.read_as({"value": "", "parsed": {"kind": "host", "host": ""}}, "host")
	not kinds.read_as({"value": null, "parsed": {"kind": "host", "host": null}}, "path")

	every host in ["evil.example", "", "Acme.example", "acme.example."] {
		not kinds.read_as({"value": "acme.example", "parsed": {"kind": "host", "host": host}}, "host")
	}
}

test_a_path_is_canonical if {
	not kinds.read_as({"value": "/work/../a", "parsed": {"kind": "path"}}, "path")
	not kinds.read_as({"value": 7, "parsed": {"kind": "path"}}, "path")
}

test_a_url_leads_to_its_host if {
	every value in [
		"https://acme.example",
		"https://acme.example/",
		"https://acme.example:1/",
		"https://acme.example:65535",
		"https://acme.example?@evil.example",
		"https://acme.example#@evil.example",
	] {
		kinds.read_as({"value": value, "parsed": _url.parsed}, "url")
	}
}

test_a_url_leads_nowhere_else if {
	kinds.read_as({"value": "http://[::1]:8/", "parsed": {"kind": "url", "scheme": "http", "host": "[::1]"}}, "url")

	every value in [
		"https://evil.example/",
		"https://acme.example.evil.example/",
		"https://acme.example@evil.example/",
		"https://acme.example:80@evil.example/",
		"https://acme.example:@evil.example/",
		"https://acme.example:123456/",
		"https://acme.example:/",
		"https://user@acme.example/",
		"https://acme.example\\@evil.example/",
		"https://evil.example\\@acme.example/",
		"https://acme.exampl",
		"https:/acme.example/",
		"https:acme.example",
		"http://acme.example/",
		"HTTPS://acme.example/",
		"//acme.example/",
		"acme.example/",
		"https://:80/",
		"https://",
		"",
	] {
		not kinds.read_as({"value": value, "parsed": _url.parsed}, "url")
	}
}

test_a_url_has_a_scheme_that_all_read_alike if {
	every scheme in ["http", "https", "ws", "wss"] {
		kinds.read_as(_url_of(scheme), "url")
	}

	every scheme in [
		"evil.example",
		"evil.example:80",
		"evil",
		"http.evil.example",
		"HTTPS",
		"https:",
		"https ",
		"ftp",
		"file",
		"s3",
		"mailto",
		"javascript",
		"data",
		"",
	] {
		not kinds.read_as(_url_of(scheme), "url")
	}
}

_url_of(scheme) := {
	"value": concat("", [scheme, "://acme.example/x"]),
	"parsed": {"kind": "url", "scheme": scheme, "host": "acme.example"},
}

test_a_url_without_its_parts_is_none if {
	not kinds.read_as(
		{"value": "://acme.example/", "parsed": {"kind": "url", "scheme": "", "host": "acme.example"}},
		"url",
	)

	every parsed in [
		{},
		{"scheme": "https"},
		{"host": "acme.example"},
		{"scheme": "", "host": "acme.example"},
		{"scheme": "https", "host": ""},
		{"scheme": 1, "host": "acme.example"},
		{"scheme": "https", "host": 1},
		{"scheme": "https", "host": null},
	] {
		not kinds.read_as({"value": _url.value, "parsed": object.union({"kind": "url"}, parsed)}, "url")
		not kinds.read_as({"value": "https://", "parsed": object.union({"kind": "url"}, parsed)}, "url")
	}
}

test_what_is_no_text_reads_as_nothing if {
	every value in [null, true, 0, [], {}, ["bob@acme.example"]] {
		every parsed in [_address.parsed, _host.parsed, _path.parsed, _url.parsed, {}, null, "email"] {
			every kind in ["email", "host", "path", "url"] {
				not kinds.read_as({"value": value, "parsed": parsed}, kind)
			}
		}
	}
}
