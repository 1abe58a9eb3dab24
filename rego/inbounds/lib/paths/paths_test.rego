package inbounds.lib.paths_test

import data.inbounds.lib.paths

test_a_canonical_path_has_one_form if {
	every path in ["/", ".", "/a", "a", "/a/b", "a/b.txt", "/a/.b", "/a/...", "/a b/c", "é"] {
		paths.canonical(path)
	}

	every path in [
		"",
		"//",
		"/a/",
		"a/",
		"//a",
		"/a//b",
		"./a",
		"a/.",
		"/a/./b",
		"..",
		"/..",
		"../a",
		"/a/../b",
		"a\\b",
		"\\",
		"/./",
	] {
		not paths.canonical(path)
	}

	every value in [null, true, 0, [], ["/"], {}, {"x": "/"}] {
		not paths.canonical(value)
	}
}

test_below_is_the_folder_and_what_lies_in_it if {
	every example in [["/work", "/work"], ["/work/a", "/work"], ["/work/a", "/work/"], ["/a", "/"], ["docs/a", "docs"]] {
		paths.below(example[0], example[1])
	}

	every example in [["/workshop", "/work"], ["/wor", "/work"], ["work/a", "/work"], ["a", "/"], ["/a/work", "/work"]] {
		not paths.below(example[0], example[1])
	}
}

test_what_climbs_is_not_steady if {
	not paths.steady("a/.. /b")

	every text in ["", "42", "/a/b", "a..b", "...", "/a/..b/c", "/a/..~/c", "https://host.example/a"] {
		paths.steady(text)
	}

	every text in ["..", "/..", "../a", "a/../b", "a\\..\\b", "..\\", "/a/.."] {
		not paths.steady(text)
	}

	every value in [null, true, 0, [], {}] {
		not paths.steady(value)
	}
}

test_a_text_that_names_a_place_behind_a_separator_is_not_single if {
	every text in [
		"", "/work/a", "/work/a b/c", "/work/a (copy)/b", "a, b", "a | b", "https://acme.example/a?b=/c",
		"C:/work/a", `C:\work`, "/work/a b:c", "/work/a;b", "/work/a ..b/c", "/work/it's/a", "file:///work/a",
	] {
		paths.single(text)
	}

	every text in [
		"/work/a /etc/passwd", "/work/a,/etc", "/work/a;/etc", "/work/a:/etc", "/work/a|/etc", "/work/a&/etc",
		"/work/a</etc", "/work/a>/etc", "/work/a  /etc", "/work/a '/etc'", `/work/a "/etc"`, "/work/a ~/.ssh",
		"/work/a $HOME", "/work/a ../b", "/work/a ..", `/work/a C:\Windows`, "/work/a c:/x", "file:/work/a /etc",
		"https://acme.example/a file:///etc/passwd", "/work/a\n/etc", "/work/a\t/etc", "/WORK/A /ETC", "a `/etc`",
	] {
		not paths.single(text)
	}

	every value in [null, true, 0, [], {}, "%", "ä /a"] {
		not paths.single(value)
	}
}

test_whether_a_text_is_single_is_told_by_its_skeleton if {
	paths.single("ä /a") with input as {"action": {"properties": {"skeletons": {"ä /a": "a"}}}}
	not paths.single("ä /a") with input as {"action": {"properties": {"skeletons": {"ä /a": "a /a"}}}}
}

test_what_may_lead_elsewhere_is_not_steady if {
	every text in [
		"/a/GIT~1", "GIT~1/x", "/a/longna~12.txt", "/a/PROGRA~1.", "a:b~1",
		"/a/.git::$INDEX_ALLOCATION", "/a/b:x:$DATA", "/a:$I30",
		"/a/.. .", "/a/. ./b", "/a/ ../b", "HEAD:../x", "a\\.. \\b",
		"/a/.s*h/x", "/a/.*", "C:.?*",
	] {
		not paths.steady(text)
	}
	every text in [
		"/a/file.txt~", "/a/longname~1", "/a/x~", "/a/~1", "~/a", "/a/b~1234567", "/a/x~1.json",
		"price:5$", "/a/b$", "C:/a", "/a/*.txt", "/a/**", "/a/b.*", "/a/. /b", "a. .b",
	] {
		paths.steady(text)
	}
}

test_what_looks_for_names_that_are_hidden_or_apart_is_not_steady if {
	every text in [
		"/a/.[e]nv", "/a/.{env}", "/a/.e]", "/a/{b,c}", "/a/{{b}c,d}", "/a/{1..3}", "/a/@(.env)", "/a/!(b)", "/a/+(b)",
		"/a/?(b)", "/a/*(b)", "/a/(b|c)", "/a/[b", "/a/[b/c]", "/a/[]", "/a/[!]", "/a/id_[[:alpha:]]", "/a/[b:c]",
		"/a/[^]/b", "[b", "a[b", "/[b:c]", "/a//[b:c]", "file:///[b:c]",
	] {
		not paths.steady(text)
	}
	every text in [
		"/app/[slug]/page.tsx", "/app/[...slug].tsx", "/app/[[...slug]]/x", "/a/[]b]", "/a/[!]b]", "/a/{b}/c",
		"/a/{{b.c}}/d", "/a/b, c", "/a/b (1).pdf", "/a/b)|c", "/a/b]",
		"http://[::1]/", "https://[2001:db8::1]:80/a",
	] {
		paths.steady(text)
	}
}

test_what_a_process_has_open_is_not_steady if {
	every text in [
		"/proc/self/root/etc", "/proc/1/cwd", "proc/x/fd/3", "/proc/self/exe", "/proc/self/fdinfo/1", "/proc/1/mem",
		"/proc/self/map_files/x", "/proc/self/task/1/root", "/proc/2/environ", "/PROC/self/root", "//proc//self/./root",
		"file:///proc/self/root", "c:/proc/self/root", "/proc/*/x", "/proc/s?lf/x", "/proc/[1]",
		"/dev/fd", "/dev/fd/3", "/dev/f*", "/dev/[f]d/3", "dev/?d", "/.vol/1/2", "x/.vol",
	] {
		not paths.steady(text)
	}
	every text in [
		"/proc", "/proc/cpuinfo", "/proc/self/status", "/proc/self/rooted", "/aproc/self/root", "/proc/root",
		"/proc/self/task/root",
		"/dev/null", "/dev/fdx", "/src/dev/f*", "/dev/x/f*", "/.volx", "/proc.d/self/root",
	] {
		paths.steady(text)
	}
}

test_a_pattern_without_end_is_not_steady if {
	long := concat("", ["a" | some _ in numbers.range(1, 4095)])
	paths.steady(concat("", [long, "*"]))
	not paths.steady(concat("", [long, "a*"]))
	paths.steady(concat("", [long, "aaa"]))
}

test_a_pattern_holds_a_sign_of_one if {
	every text in ["*", "a?", "[", "]", "{", "}"] {
		paths.is_pattern(text)
	}
	every text in ["", "a", "/a.b", "(a)", "a!", "a+", null, 0, []] {
		not paths.is_pattern(text)
	}
}

_listed := {
	".env": 1, ".env.*": 1, "*.pem": 1, "id_rsa": 1, ".ssh": 1, "etc/shadow": 1, ".config/gh": 1,
	"a+b(c)$": 1, "library/launch/agents": 1,
}

_matches := {
	"/a/id_r?a": {"id_rsa"},
	"/a/id_[rs]sa": {"id_rsa"},
	"/a/[]i]d_rsa": {"id_rsa"},
	"/a/id_[=r=]sa": {"id_rsa"},
	"/a/*_rsa": {"id_rsa"},
	"/a/ID_*": {"id_rsa", "*.pem"},
	"/a/?ssh": {".ssh"},
	"/a/*sh/x": {".ssh"},
	"/etc/*": {"etc/shadow"},
	"/etc/sh?dow": {"etc/shadow"},
	"/?tc/shadow": {"etc/shadow"},
	"/*/shadow": {"etc/shadow"},
	"/etc/*/shadow": {"etc/shadow"},
	"/library/*/agents": {"library/launch/agents"},
	"/a/*/gh": {".config/gh"},
	"/a/?config/**/gh": {".config/gh"},
	"/library/**/launch/agents": {"library/launch/agents"},
	"/a/b.p?m": {"*.pem"},
	"/a/*.pem": {"*.pem"},
	"/a/b.*": {"*.pem"},
	"/a/*m": {"*.pem"},
	"/a/x?pem": {"*.pem"},
	"/a/????": {"*.pem", ".env", ".ssh"},
	"/a/*env.local": {".env.*"},
	"/a/?env.l*": {".env.*", "*.pem"},
	"c:/a/id_r?a": {"id_rsa"},
	"/a/a+b(c?$": {"a+b(c)$"},
	"/a/[x]env.b": {".env.*"},
}

test_a_wildcard_may_stand_for_what_is_listed if {
	every text, found in _matches {
		paths.matching(text, _listed) == found
	}
	every text in [
		"/a/id_rsa", "/a/*", "/a/**/b", "/*/*", "/a/*/b.py", "/a/*.py", "/a/*.ts", "/a/?.em", "/a/em*x",
		"/a/[slug]/b", "/a/x*y",
		"/a/[[...slug]]", "/a/{b}", "/a/axb(c?$", "/a/a+bxc)?", "/a/?m", "/a/*/b/shadow", "/a/b]",
		"/library/*/x/agents", "/a/shadow?",
	] {
		paths.matching(text, _listed) == set()
	}
	every value in [null, true, 0, [], {}, "é*"] {
		not paths.matching(value, _listed)
	}
}

test_what_seeks_has_a_wildcard_in_a_name_of_two_letters if {
	every text in ["/a/id_r?a", ".s?h", "a/[s]sh", "*ab", "a*b", "x/.en*"] {
		paths.seeks(text)
	}
	every text in ["", "/ab/*", "s/.*//", "[a-z]*", "2*x", "/ab/cd", "?a", ".*", "**"] {
		not paths.seeks(text)
	}
}

test_a_path_in_code_may_reach_what_lies_where_only_a_shell_knows if {
	paths.may_reach("~/hr", "/hr/")
	not paths.may_reach("~/x", "/hr/")
	paths.may_reach("é", "/work/hr/")

	every text in [
		"/work/hr/x", "/work/hr", "~/hr/x", "~alice/hr", "$home/hr/x",
		"$HOME/work/hr/x", "../hr/x", "/work/a/../hr/x", `..\hr\x`, "../../work/hr", "/a/../b/../hr",
	] {
		paths.may_reach(text, "/work/hr/")
	}
	every text in [
		"/work", "/work/", "/work/hrx", "/work/h?x/a", "/*", "~", "~/", "$HOME", "..", "../", "~/work", "~/a/hr",
		"$1/hr", "a$b/hr",
		"../a/hr", "hr/x", "a/hr", "~/hrx", "/work/x/*",
	] {
		not paths.may_reach(text, "/work/hr/")
	}
	every value in [null, true, 0, [], {}] {
		not paths.may_reach("/work/hr", value)
		not paths.may_reach(value, "/work/hr/")
	}
}

_stands_for(expressions, lines) if not paths.none_stands_for(expressions, lines)

test_the_first_segments_may_stand_for_a_prefix if {
	paths.lines_of_prefixes({"/Work/hr/", `\a\.\bc`}) == "\na/bc\nwork/hr\n"
	paths.lines_of_prefixes(set()) == "\n\n"

	every text in ["/work/h?/x", "/work/*/x", "/work/*", "/w*/[h]r/x", "W?RK/hr", "*/*", `\work\h?`, "/?/*", "a/b*"] {
		_stands_for(paths.windows_at_start(text, {"/Work/hr/", "/a/bc/", "/x/y"}), "\nwork/hr\na/bc\nx/y\n")
	}
	every text in [
		"/work/h?x/a", "/*", "/work/x/*", "/work/hr", "/w*", "a/work/h?", "/work/hr/*", "", "*", "/wor/k*", "/work/h]r",
		"/work", "~/h?",
	] {
		paths.none_stands_for(paths.windows_at_start(text, {"/work/hr/"}), "\nwork/hr\n")
		not paths.may_reach(text, "/work/hrs/")
	}
}

test_later_segments_in_which_letters_stand_may_stand_for_a_prefix if {
	every text in ["r/work/h?/x", "-f/w*k/hr", "x:/w?rk/hr", "a/b/w*/[h]r", "/a/work/*", "a/w*/h*"] {
		_stands_for(paths.windows_within(text, {"/work/hr/", "/x/"}), "\nwork/hr\nx\n")
	}
	every text in ["/work/h?", "work/*", "a/*/*", "a/w*/*", "src/w*", "a/work/hr", "a/w?k/hr", "a/b/work*", "?", ""] {
		paths.none_stands_for(paths.windows_within(text, {"/work/hr/", "/x/"}), "\nwork/hr\nx\n")
	}
}

test_a_prefix_within_a_word_is_held if {
	paths.holds("a/work/hr/x", "work/hr/")
	paths.holds("/work/hr-1", "/work/hr")
	not paths.holds("/work", "/")

	every text in [
		"/work/hr", "r/work/hr/x", "-xf/Work/hr/a", "+/work/hr", "x@/work//hr/", "/proc/1/root/work/./hr/a",
		`c:\work\hr`, "é",
	] {
		paths.holds(text, "/work/hr/")
	}
	every text in ["/work", "work/hr/x", "-xfwork/hr", "/work/hrx", "x:work/hr", "/awork/hr", ""] {
		not paths.holds(text, "/work/hr/")
	}
	every value in [null, true, 0, [], {}] {
		not paths.holds("/work/hr", value)
		not paths.holds(value, "/work/hr/")
	}
}

test_none_stands_for_what_is_not_compared if {
	paths.none_stands_for(set(), "\na\n")

	paths.none_stands_for({"b", "a."}, "\na\nab.c\n")
	every expression in ["a", "[^/\n]b"] {
		_stands_for({"x", expression}, "\na\nab\n")
	}
	every value in [null, true, 0, [], {}] {
		not paths.none_stands_for({"a"}, value)
	}
}

_lines := paths.lines_of_names(_in_code)

_in_code := {
	".env": 1, ".env.*": 1, "*.pem": 1, "*.key": 1,
	"id_rsa": 1, ".ssh": 1, ".config/gh": 1, "secrets.json": 1, "ab+(c": 1,
}

test_names_beginnings_and_endings_are_lines_apart if {
	_lines == "\n.config/gh\n.env\n.ssh\n/.env\n//key\n//pem\nab+(c\nid_rsa\nsecrets.json\n"
	paths.lines_of_names({}) == "\n\n"
}

test_a_wildcard_in_code_looks_for_a_name_by_its_letters if {
	every text in [
		"id_rs?", "id_*", "*rsa", "*d_r*", "[i]d_rsa", "x/id_r?a", "a:id_r?a", "a@id_r?a", ".e*", ".[e]nv", ".???",
		".s?h/x",
		"x/.e?v", ".e*.local", ".config/g*", "?config/gh", ".config/*h", "s*ts.json", "secrets.js*", "ab+?c", "*env.b",
		".e?v.x", "x/.conf*/gh/y",
	] {
		_stands_for(paths.sought(text), _lines) == text != "ab+(c?"
	}
	every text in [
		"*.te?t", ".*.te?t", ".env.example/tes?",
		"", "id_rsa", "*", ".*", "**", "*.json", "**/*.json", ".*.json", "i*a", "i?_?x", "2*x", "a?b", "????",
		".??", ".[a-z]*",
		".??*", ".config/*", "*/gh", "**/gh", ".*/gh", "id_rsa?", "x.e?v", "s/.*//", "*.py", "src/*", "*config/gx",
		".e", "a.*", "ab+(c?",
	] {
		paths.none_stands_for(paths.sought(text), _lines)
	}
}

test_an_ending_with_a_wildcard_is_sought if {
	every text in ["*.pe?", "a.p?m", "x/a.k*", "a.b.[k]ey", "*.???", "*.*m", "a.pem*", "c:a.k?y", "x@a.k?y/b"] {
		_stands_for(paths.sought_endings(text), _lines)
	}
	every text in ["*pem", "*.*", "*.?", "a.*", "a.pem", "*.py?", "a?.b", "pe?", "*.pe?x", "", "a.??", "*.ts*", "a*b.c"] {
		paths.none_stands_for(paths.sought_endings(text), _lines)
	}
}

test_what_follows_a_wildcard_may_be_the_end_of_an_ending if {
	every text in ["*pem", "*em", "a*ey", "x?pem", "x/*key", "*key/x", "[a]pem"] {
		_stands_for(paths.sought_tails(text), _lines)
	}
	every text in ["*m", "*", "pem", "*.m", "*pemx", "*xpem", "*pe", "pem*", "", "*pem.x"] {
		paths.none_stands_for(paths.sought_tails(text), _lines)
	}
}

test_wildcards_of_paths_are_compared_wherever_they_stand if {
	every text in ["a/id_r?a", "a/?ssh", "?config/**/gh", "*/id_rsa?/*rsa", "c:/id_*"] {
		_stands_for(paths.matched(text), _lines)
	}
	every text in ["a/id_rsa", "*", "a/*.py", "**", "", "*/*"] {
		paths.none_stands_for(paths.matched(text), _lines)
	}
}

test_options_of_one_letter_stand_before_a_name if {
	listed := {"id_rsa": 1, "netrc": 1, ".env": 1}
	paths.ended("-xfid_rsa", listed) == {"id_rsa"}
	paths.ended("-sssssssssssssssssssssssT.env/x", listed) == {".env"}
	paths.ended("+xnetrc:3", listed) == {"netrc"}

	every text in ["-id_rsa", "-xfid_rsa2", "-o/id_rsa", "", "-", "-xid_rs"] {
		paths.ended(text, listed) == set()
	}
}

test_what_a_process_has_open_is_found_anywhere_in_a_word if {
	every text in [
		"/proc/1/environ", "-f/proc/1/environ", "x:/proc/self/fd/3", `r\proc\1\mem`, "/proc/1/task/2/root/x",
		"/proc/*/x",
		"/dev/fd/3", "/dev/f*", "/dev/?d", "/dev/*", "/dev/fd*", "/dev/[f]d",
	] {
		paths.of_process(text)
	}
	every text in ["/proc/cpuinfo", "/dev/null", "/dev/tty*", "/dev/fx*", "/dev/x?", "proc/1", "", "é"] {
		not paths.of_process(text)
	}
}

test_in_code_an_at_sign_sets_off_a_name if {
	paths.names_in_code("x@.env") == {"x", ".env", "x/.env", "*.env"}
	both := paths.names("a/b/c/d") | paths.names("a/d")
	paths.names_in_code("a:b@c/D") == both
	paths.names("x@.env") == {"x@.env", "*.env"}
}

_told(text, form) := {"action": {"properties": {"skeletons": {text: form}}}}

test_what_is_not_plain_ascii_has_the_skeleton_it_is_told if {
	paths.skeleton("/Work/a") == "/work/a"
	paths.skeleton("/Work/É") == "/work/é" with input as _told("/Work/É", "/work/É")
	paths.skeleton("50%") == "50%" with input as _told("50%", "50%")
	paths.skeleton("a") == "a" with input as _told("a", "b")

	every text in ["é", "%", "%41", "a\u0000", "a\u007f", "a\nb"] {
		not paths.skeleton(text)
		not paths.steady(text)
		not paths.names(text)
		paths.reaches(text, "/work/hr/")

		every form in ["%41", "%u0041", "a%2F", "a\u0000", "a\n", null, true, 0, [], {}] {
			not paths.skeleton(text) with input as _told(text, form)
		}
	}
	every said in [null, true, 0, "é", [], ["é"]] {
		not paths.skeleton("é") with input as {"action": {"properties": {"skeletons": said}}}
	}
	every value in [null, true, 0, [], {}] {
		not paths.skeleton(value)
	}
}

test_a_text_that_says_where_is_searched_for_the_path_within if {
	# An id has no root to be found below.
	not paths.reaches("urn:board:1", "board")
	every text in [
		"file:///work/hr/x", "file://localhost/work/hr", "FILE:/work/hr/x", "c:/work/hr/x", "C:\\work\\hr",
		"\\\\?\\C:\\work\\hr\\x", "//host/c$/work/hr/x", "file:///work/hr?x", "file:///work/hr#x", "/work/hr:x",
	] {
		paths.reaches(text, "/work/hr/")
	}
	every text in ["file:///work/hrx", "c:/work", "/a/work/hr", "//host/work/h/r"] {
		not paths.reaches(text, "/work/hr/")
	}
}

test_behind_a_stream_the_place_goes_on if {
	every text in [
		"/a/.git:x/hooks/y", ".git:x/hooks", `C:\a\.GIT:x\hooks`, "c:.git:x/hooks", "/a/.git:x:y/hooks", "/a/.git:1/hooks",
		"/a/.git:x y/hooks", "file:///.git:x/hooks", "x:y/.git:x/hooks", "/a/.git:/hooks",
	] {
		".git/hooks" in paths.names(text)
		".git/hooks" in paths.names_in_code(text)
	}
	every text in ["/a/.git:x", "/a/.git/x:y/hooks", "/a/x.git:y/hooks", "/a/.git:x/y/hooks"] {
		not ".git/hooks" in paths.names(text)
	}
	every text in ["/work:x/hr/y", "/work/hr:x/y", "/work:x/hr", `C:\work:x\hr\y`, "/work:x:y/hr:z", "c:work:x/hr"] {
		paths.reaches(text, "/work/hr/")
		paths.item_reaches("", text, "/work/hr/")
		paths.reaches(text, "work/hr/")
	}
	every text in ["/work:x/", "/work:x/.", "/:x/work/"] {
		paths.encloses(text, "/work/hr/")
	}
	every text in ["/work:hrx/a", "/work:x/hrx/y", "/logs/2026-05-04T12:30:00/hr", "origin/work:x/h/r"] {
		not paths.reaches(text, "/work/hr/")
		paths.steady(text)
	}
}

test_no_spelling_keeps_from_being_reached if {
	every text in [
		"/work/hr/x",
		"/work/hr/",
		"/work/hr",
		"/WORK/Hr/x",
		"//work//hr//x",
		"/work/./hr/x",
		"\\work\\hr\\x",
		"/work /hr./x",
	] {
		paths.reaches(text, "/work/hr/")
	}

	every text in ["/work/hrx", "/work/hr~", "/work", "work/hr/x", "/a/work/hr", ""] {
		not paths.reaches(text, "/work/hr/")
	}
}

test_a_prefix_may_be_spelled_as_well if {
	paths.reaches("/work/hr/x", `\Work\hr\`)
	paths.reaches("/work/hr/x", "//work/./hr/")
	not paths.reaches("/work/hrx", `\Work\hr\`)
}

test_a_prefix_that_ends_in_no_separator_goes_on_in_a_name if {
	paths.reaches("alice", "al")
	paths.reaches("./Alice", "al")
	paths.reaches("anything", "")
	not paths.reaches("bob", "al")
}

test_only_texts_reach_texts if {
	every value in [null, true, 0, [], {}] {
		not paths.reaches(value, "")
		not paths.reaches("", value)
	}
}

test_a_folder_encloses_what_lies_in_it if {
	not paths.encloses("al", "alice")
	not paths.encloses("", "alice")

	every text in ["/", "/etc", "/etc/", "/ETC", "//etc", "/etc/inbounds", ".", ""] {
		paths.encloses(text, "/etc/inbounds/")
	}

	every text in ["/et", "/etc/inbounds/x", "/work", "etc"] {
		not paths.encloses(text, "/etc/inbounds/")
	}
}

test_a_text_that_says_where_encloses_as_its_path_does if {
	not paths.encloses("c:", "board/1")
	every text in ["c:", "C:/", "c:\\", "file:///", "file:///work", "file://host/work", "\\\\host\\work", "C:/Work/"] {
		paths.encloses(text, "/work/hr/")
	}
	every text in ["c:/wor", "file:///work/hrx", "urn:work:x", "wor:"] {
		not paths.encloses(text, "/work/hr/x/") with input as {}
	}
}

test_what_is_here_encloses_what_is_told_from_here if {
	paths.encloses(".", "work/hr/")
	not paths.encloses("/", "work/hr/")
	not paths.encloses(".", "work")
	every text in [".", "./", "", "/."] {
		paths.encloses(text, "/work/hr/")
	}
}

test_a_wildcard_sweeps_what_it_may_stand_for if {
	paths.sweeps("*", "work/hr/")
	paths.sweeps("work/*", "work/hr/")
	every text in ["/*", "/work/*", "/w*", "/work/h?/x", "/work/**/x", "\\work\\*", "/WORK/*", "file:///work/*", "*:/x"] {
		paths.sweeps(text, "/work/hr/")
	}
	every text in ["/work/[h]r/x", "/work/{hr}/x", "/work/h]*"] {
		paths.sweeps(text, "/work/hr/")
	}
	every text in ["/a/*", "/work/hrx/*", "/work", "work/*", "/work/x/h?", "/work/x/[h]r", "/work/h]r", "/work/h}r"] {
		not paths.sweeps(text, "/work/hr/")
	}
	every value in [null, true, 0, [], {}] {
		not paths.sweeps(value, "/work/hr/")
		not paths.sweeps("/*", value)
		not paths.encloses(value, "/work/hr/")
		not paths.encloses("/", value)
	}
}

test_names_are_runs_endings_and_what_is_hidden if {
	paths.names("/home/Alice/.SSH/id.pem") == {
		"home",
		"alice",
		".ssh",
		"id.pem",
		"home/alice",
		"alice/.ssh",
		".ssh/id.pem",
		"home/alice/.ssh",
		"alice/.ssh/id.pem",
		"*.ssh",
		"*.pem",
	}
	paths.names("42") == {"42"}
	paths.names("main:.env.local") == {"main", ".env.local", "main/.env.local", "*.local", ".env.*"}
	paths.names("a.env.b") == {"a.env.b", "*.b"}
	paths.names("file:///a/.netrc?x#y") == paths.names("file/a/.netrc/x/y")
	paths.names("/a/ .Ssh .") == {"a", ".ssh", "a/.ssh", "*.ssh"}
	paths.names("a\\b. ") == {"a", "b", "a/b"}
	paths.names("/a/{b}/{.netrc}") == paths.names("/a/b/.netrc")
	paths.names("") == set()
	paths.names("/./") == set()
}

test_a_template_is_not_named_for_what_it_shows_the_form_of if {
	every ending in ["dist", "example", "sample", "template"] {
		name := concat(".", ["", "env", ending])
		paths.names(name) == {name, concat(".", ["*", ending])}
	}
}

test_what_is_plain_is_neither_unsteady_nor_of_a_process if {
	signs := ["a", "/", ".", "..", "_", "7", "a.b", "-", "proc", "dev", "fd", ".vol", "root"]
	plain := {text |
		some first in signs
		some second in signs
		some third in ["", "/", ".", "fd", "/root"]
		text := concat("", [first, second, third])
		paths._is_plain(text)
	}
	count(plain) > 200

	every text in plain {
		not regex.match(paths._unsteady, text)
		not paths.of_process(text)
	}
}

test_what_climbs_or_is_of_a_process_is_not_plain if {
	every text in [
		"a/../b", "..", "proc/1/root", "a/proc/self/mem", "dev/fd", ".vol/1", "a~1", "a:b", "a*", "a b",
		"a@b", "a,b", "a=b",
	] {
		not paths._is_plain(text)
	}
}

test_a_text_is_known_by_what_stands_between_separators_in_it if {
	every text in ["a .env", "a,.env", "a=.env", `["a",".env"]`, "a&.env", "a、.env", "a (.env)", "a....env"] {
		".env" in paths.found(text).names with input as _told(text, text)
	}
	every text in ["a b/Login Data", "b/Login Data a", `"b/Login Data" a`, `b/Login\ Data a`] {
		"login data" in paths.found(text).names
	}
	every text in ["notes/report.md", "a", "", "/", "a.env"] {
		paths.found(text) == {"names": paths.names(text), "parts": set()}
	}
	every text in ["a ..", "a,../b", "a PROGRA~1", "a .*", "[a .env]", "[b/Login Data]", "é", null, 7] {
		not paths.found(text)
	}
}

# A word of its own and the pair that it begins are two parts, and the whole text is one.
test_no_text_of_more_parts_than_are_told_in_time_is_found if {
	words := [sprintf("%d", [number]) | some number in numbers.range(1001, 1129)]

	is_object(paths.found(concat(" ", array.slice(words, 0, 128))))
	not paths.found(concat(" ", words))
}

test_a_part_keeps_its_wildcard_its_letters_and_its_percent_sign if {
	"a/id_rs[ab]" in paths.found("x a/id_rs[ab]").parts
	"schlüssel" in paths.found("x Schlüssel").names with input as _told("x Schlüssel", "x schlüssel")
	"100%" in paths.found("100% x").parts with input as _told("100% x", "100% x")
}

test_only_a_part_of_a_skeleton_that_counts_is_its_own if {
	paths.skeleton("é") == "é" with input as _told("x É", "x é")

	every form in ["x é\n", "é %41", null, ["é"], 7] {
		not paths.skeleton("é") with input as _told("x É", form)
	}
}

test_the_items_of_a_text_are_what_it_may_be_as_a_path if {
	not paths.items("{a,b}{a,b}{a,b}{a,b}")
	not paths.items("50%")
	not paths.items("a.b\n50%")
	paths.items("50%") == {"50%"} with input as {"action": {"properties": {"skeletons": {"50%": "50%"}}}}
	count(paths.items(concat(",", [format_int(n, 10) | some n in numbers.range(1, 256)]))) == 256
	not paths.items(concat(",", [format_int(n, 10) | some n in numbers.range(1, 257)]))

	every example in [
		{"text": "Harbour tour", "items": {"harbour tour"}},
		{"text": "", "items": {""}},
		{"text": "a.b", "items": {"a.b"}},
		{"text": "a.md, B.md;c.md|d.md", "items": {"a.md", " b.md", "c.md", "d.md"}},
		{"text": "*.{md,t{x,s}t}", "items": {"*.md", "*.txt", "*.tst"}},
		{"text": ".@(e|f)nv", "items": {".env", ".fnv"}},
		{"text": "(a.b|c.d)", "items": {"a.b", "c.d"}},
		{"text": "x?(a|b).c", "items": {"xa.c", "xb.c", "x.c"}},
		{"text": ".+(e|n)v", "items": {".*v"}},
		{"text": "!(a.b)", "items": {"*"}},
		{"text": ".{a..z}nv", "items": {".*nv"}},
		{"text": "a[/]b.c", "items": {"a?b.c", "a/b.c"}},
		{"text": "f(x)", "items": {"f(x)"}},
		{"text": "a[0]", "items": {"a[0]"}},
		{"text": "a.b\nc.d\r\n\te", "items": {"a.b", "c.d", "e"}},
	] {
		paths.items(example.text) == example.items
	}
	every nothing in [null, true, 7, [], {}, ["a"]] {
		not paths.items(nothing)
	}
}

test_the_words_of_an_item_are_between_spaces if {
	paths.words_of_item("see .env / c: x ab") == {"see", ".env", "ab"}
}

test_an_item_climbs_or_leads_out if {
	every item in [
		"..", "../a", "a/..", "a/../b", `a\..\b`, ".. /a", " ../a",
		"a/. ./b", "x ../a", "--at=../a", "c:../a", "a/.. ",
	] {
		paths.climbs(item)
		paths.leads_out(item)
	}
	every item in [
		"/a", `\a`, "~", "~/a", "~bob/a", "~bob", "c:/a", `c:\a`, "c:a", "c:", "$home/a", "${home}/a", "file:///a", "'/a",
		"x ~/a",
	] {
		not paths.climbs(item)
		paths.leads_out(item)
	}
	every item in [
		"", "a", "a/b", "...", "a..b", "1..2", "wait .. a",
		"~50 a", "$a.b", "q: a", "a /b", "ab:c", "*", ".env", "a ~ b",
	] {
		not paths.climbs(item)
		not paths.leads_out(item)
	}
}

test_an_item_reaches_a_prefix_from_its_folder if {
	paths.item_encloses("/srv", "/srv/vault/")
	not paths.item_encloses("/work", "/srv/vault/")
	not paths.item_encloses("/srv", 7)

	every example in [
		{"base": "", "item": "keys/a", "prefix": "keys/"},
		{"base": "", "item": `keys\a`, "prefix": "keys/"},
		{"base": "docs", "item": "keys", "prefix": "docs/keys/"},
		{"base": "docs", "item": "k*", "prefix": "docs/keys/"},
		{"base": "docs", "item": "k[e]ys/a", "prefix": "docs/keys/"},
		{"base": "docs", "item": "**/a", "prefix": "docs/x/keys/"},
		{"base": "docs", "item": "k*", "prefix": "docs/ke"},
		{"base": "", "item": "d*/key", "prefix": "docs/ke"},
		{"base": "", "item": "c:/srv/a", "prefix": "/srv/"},
		{"base": "", "item": "k*s/a", "prefix": "keys/"},
	] {
		paths.item_reaches(example.base, example.item, example.prefix)
	}
	every example in [
		{"base": "", "item": "keys", "prefix": "keys/"},
		{"base": "", "item": "*.md", "prefix": "keys/"},
		{"base": "", "item": "**/a", "prefix": "keys/"},
		{"base": "", "item": "?", "prefix": "keys/"},
		{"base": "docs", "item": "*.md", "prefix": "docs/keys/"},
		{"base": "docs", "item": "what is this?", "prefix": "docs/keys/"},
		{"base": "docs", "item": "keys", "prefix": "keys/"},
		{"base": "docs", "item": "x*/**", "prefix": "docs/y/keys/"},
		{"base": "docs", "item": "m*", "prefix": "docs/ke"},
		{"base": "docs", "item": "keys", "prefix": 7},
		{"base": "docs", "item": "k*", "prefix": null},
		{"base": "docs", "item": "**", "prefix": []},
	] {
		not paths.item_reaches(example.base, example.item, example.prefix)
	}
}

test_an_item_is_listed_by_a_name_or_by_what_its_wildcard_looks_for if {
	listed := {".env": 1, "*.pem": 1, ".git/config": 1, "id_rsa": 1, ".aws.*": 1}

	every example in [
		["", ".env"], ["a", "b/.env"], [".git", "config"], ["a", ".e*"], ["a", "*.pem"], ["a", "*pem"], ["a", "x.p?m"],
		["a", "id_*"], ["a", "é/.env"], ["é", ".env"], ["a", "é/.e*"], ["a", "/proc/1/environ"], [".git", "conf*"],
	] {
		[base, item] := example
		paths.item_listed(base, item, listed)
	}
	every example in [
		["", "env"], ["a", "*"], ["a", "**/*.md"], ["a", "harb*"],
		["a", "éid_rsa"], ["a", "git/config"], ["a", "proc"],
	] {
		[base, item] := example
		not paths.item_listed(base, item, listed)
	}
}

test_a_path_from_a_root_or_a_home_may_lie_below_a_prefix_without_one if {
	paths.reaches("/srv/hr/2026/a", "hr/2026")
	paths.reaches("~/hr/2026-05/a", "hr/2026")

	every text in [
		"/srv/board/x", "~/board/x", "$HOME/board/x", "C:\\srv\\board\\x", "file:///srv/Board/x", "../board/x", "/srv/board",
		"//host/share/board/x",
	] {
		paths.reaches(text, "board/")
	}
}

# An absolute prefix is one place, and a word without a separator is an id.
test_a_path_lies_below_no_other_name_and_no_prefix_from_a_root if {
	not paths.reaches("/srv/board/x", "/board/")
	not paths.reaches("/srv/board/x", "board")
	not paths.reaches("/srv/board/x", 7)

	every text in ["/srv/boards/x", "/srv/aboard/x", "srv/board/x", "note about board/x", "/srv/x", "~", ""] {
		not paths.reaches(text, "board/")
	}
}
