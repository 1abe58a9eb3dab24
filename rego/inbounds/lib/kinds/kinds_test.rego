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

_of_local(local) := {
	"value": sprintf("%s@acme.example", [local]),
	"pattern": "/to",
	"parsed": {"kind": "email", "local": local, "domain": "acme.example"},
}

_reads(local, argument) if {
	kinds.read_as(_of_local(local), "email") with input.action as {"name": "t", "properties": {"arguments": {"to": "x"}}}
		with data.deployment.tools as {"t": {"arguments": {"/to": argument}}}
}

_routed := [
	"other%evil.example",
	"evil.example!other",
	"@evil.example:other",
	"-oQ/tmp",
	"|cat",
	"/tmp/x",
	"`id`",
	`"other"`,
	"a,b",
	"a;b",
	"a b",
	"<a>",
	"a(b)",
	"a:b",
	`a\b`,
	"a\n",
	"a\r\nbcc",
	"\u0430",
	"a\u200b",
	".a",
	"a.",
	"a..b",
	"",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
]

test_a_local_part_is_of_a_small_alphabet if {
	every local in ["bob", "b", "a.b", "a+b", "_a", "+a", "a-", "A_9", "a.-b", _longest] {
		_reads(local, {"kind": "email"})
		_reads(local, {"kind": "email", "local_part": "plain"})
		_reads(local, {"kind": "email", "local_part": "atom"})
		kinds.read_as(object.remove(_of_local(local), ["pattern"]), "email")
	}

	every local in _routed {
		not _reads(local, {"kind": "email"})
		not _reads(local, {"kind": "email", "local_part": "atom"})
		not kinds.read_as(object.remove(_of_local(local), ["pattern"]), "email")
	}
}

_longest := "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

test_more_is_admitted_where_the_registry_says_so if {
	every local in ["o'brien", "bounce=x", "#a", "a&b", "~a", "a^b", "{a}", "a?b", "a*b", "$a"] {
		_reads(local, {"kind": "email", "local_part": "atom"})

		every argument in [
			{},
			{"kind": "email"},
			{"local_part": "plain"},
			{"local_part": "Atom"},
			{"local_part": true},
			{"local_part": null},
			{"local_part": ["atom"]},
		] {
			not _reads(local, argument)
		}
		not kinds.read_as(object.remove(_of_local(local), ["pattern"]), "email")
	}
}

_no_domains := [
	null,
	true,
	0,
	["a"],
	"",
	".",
	"a..b",
	"-a.example",
	"a-.example",
	"a.example.",
	"A.example",
	"a.example\n",
	"a_,b",
]

test_parts_of_another_type_read_as_nothing if {
	every part in [null, true, 0, ["a"], {"a": 1}] {
		every argument in [{}, {"local_part": "atom"}] {
			not _reads(part, argument)
		}
	}
	every domain in _no_domains {
		not kinds.read_as(
			{"value": sprintf("bob@%v", [domain]), "parsed": {"kind": "email", "local": "bob", "domain": domain}},
			"email",
		)
	}
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

test_a_text_that_names_another_host if {
	every text in [
		"https://a.example/x", "HTTPS://a.example", "http:a.example", "https:/a.example", "wss:a.example",
		"ftp://a.example", "smb://a.example/share", "s3://bucket/x", "git+ssh://a.example/x", "file://a.example/x",
		"file:////a.example/x", `file:\\a.example\x`, "//a.example/x", `\\a.example\x`, `\/a.example`, `/\a.example`,
		"bob@a.example:x", "bob@a:x", "x:y@a:z", "jar:https://a.example/!/x", "view-source:http://a.example",
		" https://a.example", "<https://a.example>", "\"//a.example/x\"", "\u200bhttps://a.example", "\u0000//a.example",
		"ht\ttps://a.example", "https:\n//a.example", "/\r/a.example", "x://",
	] {
		kinds.names_host(text)
		kinds.path_names_host(text)
	}
}

test_a_text_that_names_none if {
	every text in [
		"", "x", "/", "/work/x", "work/x", "./x", "../x", "C:/x", `C:\x`, "12:30", "a:b", "urn:uuid:1", "Re: lunch",
		"bob@a.example", "a.example", "file:///work/x", "FILE:///work/x", "x/y@z:1", "see https://a.example", "and/or",
	] {
		not kinds.names_host(text)
	}

	every value in [null, true, 7, [], {}, ["https://a.example"]] {
		not kinds.names_host(value)
		not kinds.path_names_host(value)
	}
}

test_a_path_with_a_host_before_a_colon_names_it if {
	every path in ["a.example:x", "a.example::x", "10.0.0.7:x", "[2001:db8::1]:x", "a.example:"] {
		kinds.path_names_host(path)
		not kinds.names_host(path)
	}

	every path in ["a.txt", "/work/a.txt:x", "nas:x", "work/a.b:c"] {
		not kinds.path_names_host(path)
	}
}

test_the_authority_of_a_url_of_any_scheme if {
	every text, authority in {
		"s3://bucket/x": "bucket",
		"s3://bucket": "bucket",
		"git+ssh://a.example:22/x": "a.example:22",
		"ftp://a.example?x": "a.example?x",
		"ftp://bob@a.example/x": "bob@a.example",
		`ftp://a.example\@b.example/x`: `a.example\@b.example`,
	} {
		kinds.authority(text) == authority
	}

	every text in [
		"a.example://b.example/", "S3://bucket/x", "s3:///x", "s3:/x", "//a.example/x", " s3://bucket/x", "bucket", "", null,
		7, ["s3://bucket"],
	] {
		not kinds.authority(text)
	}
}

test_a_scheme_that_needs_no_slashes if {
	every text in ["mailto:bob@a.example", "SIP:bob", " <ldap:a.example", "tel:+431", "mail\tto:x"] {
		kinds.has_scheme(text)
	}

	every text in ["urn:isbn:1", "user:123", "Note: mailto", "mailto: x", "mailto", "", null, 7, ["mailto:x"]] {
		not kinds.has_scheme(text)
	}
}

test_a_text_with_a_host_behind_something_else if {
	every form in [
		"x %s", "x;%s", "x, %s", "a|%s", "<x> (%s)", "x\n%s",
		"[%s]", `{"u":"%s"}`, "file:///x %s", "\u0060%s", "x\u007f%s", "x\u0085%s", "x\u00a0%s", "x\u3001%s", "x\uff0c%s",
		"x\u2028%s", "x\u30fb%s", "x\u300c%s\u300d", "é%s", "🔗%s",
	] {
		every host in [
			"https://a.example", "HTTPS:a.example", "//a.example/x", `\\a.example\x`, "s3://bucket/x", "bob@a.example:x",
			"mailto:bob@a.example", "git+ssh://a.example",
		] {
			kinds.names_host_within(replace(form, "%s", host))
		}
	}

	every value in [
		"https://a.example/x?y=1&u=https://b.example", "x", "a;b", "a, b: c", "and / or", "12:30; 13:00", "",
		null, true, 7, [], ["x https://a.example"],
	] {
		not kinds.names_host_within(value)
	}
}

test_a_text_of_two_urls_has_no_authority if {
	kinds.authority("s3://bucket/a;b,c?u=d") == "bucket"

	every text in [
		"s3://bucket/ https://a.example", "s3://bucket/;https://a.example", "s3://bucket/,//a.example",
		"s3://bucket/ a.example", "s3://bucket\thttps://a.example", "s3://bucket/|bob@a.example:x",
	] {
		not kinds.authority(text)
	}
}
