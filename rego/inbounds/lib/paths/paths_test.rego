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
	paths.names("a\\b. ") == {"a", "b", "a/b"}
	paths.names("") == set()
	paths.names("/./") == set()
}

test_a_template_is_not_named_for_what_it_shows_the_form_of if {
	every ending in ["dist", "example", "sample", "template"] {
		name := concat(".", ["", "env", ending])
		paths.names(name) == {name, concat(".", ["*", ending])}
	}
}
