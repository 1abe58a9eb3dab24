package inbounds.rules.control_plane.own_configuration_test

import data.inbounds.lib.fixtures_test as fixtures

_id := "/question/resource/id"

_path := "/question/action/properties/arguments/path"

# The same place as the resource, as the argument, and as both.
_writes(place) := [
	fixtures.joined([fixtures.calls["file.write"], fixtures.putting(_id, place)]),
	fixtures.joined([fixtures.calls["file.write"], fixtures.putting(_path, place)]),
	fixtures.joined([fixtures.calls["file.write"], fixtures.putting(_id, place), fixtures.putting(_path, place)]),
]

_deletes(place) := fixtures.joined([
	fixtures.calls["file.write"],
	fixtures.putting(_id, place),
	fixtures.putting("/deployment/tools/file.write/effects", ["delete"]),
])

test_ruled_out_for_ordinary_places if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("control_plane", "own_configuration", patches)
	}

	every place in [
		"/work/deployment/plan.md",
		"/work/tools.yaml",
		"/work/hooks/list.txt",
		"/work/.git/HEAD",
		"/work/my.claude.md.txt",
		"/work/policy.rego.txt",
		"/work/etc/inbounds",
		"/etc/inbound",
		"/etc/inbounds.txt",
		"/work/a..b/c",
	] {
		every patches in _writes(place) {
			fixtures.ruled_out("control_plane", "own_configuration", patches)
		}
	}
}

test_ruled_out_for_a_tool_that_only_reads if {
	every place in ["/work/CLAUDE.md", "/work/x.rego", "/etc/inbounds/tools.yaml", "/work/../etc"] {
		fixtures.ruled_out("control_plane", "own_configuration", fixtures.putting(_id, place))
	}
}

test_names_the_resource_of_the_control_plane if {
	every place in [
		"/work/app/.github/workflows/ci.yml",
		"/work/CLAUDE.md",
		"/work/AGENTS.md",
		"/work/.cursor/mcp.json",
		"/work/.vscode/settings.json",
		"/work/.git/hooks/pre-commit",
		"/work/.mcp.json",
		"/work/.inbounds/issuer/feed.pem",
		"/work/deployment/tools.yaml",
		"/work/site/rules/a/b/b.rego",
		"CLAUDE.md",
		"main:CLAUDE.md",
		"https://code.example/o/r/contents/.github/workflows/ci.yml",
		"/etc/inbounds/tools.yaml",
		"/etc/inbounds/",
		"/etc/inbounds",
	] {
		patches := fixtures.joined([fixtures.calls["file.write"], fixtures.putting(_id, place)])
		fixtures.stands("control_plane", "own_configuration", patches)
		fixtures.details("control_plane", "own_configuration", patches) == {{"resource": "file"}}
	}
}

test_names_the_argument_that_reaches_the_control_plane if {
	every place in ["/work/.cursor/rules/a", "/work/x.rego", "/etc/inbounds/tools.yaml"] {
		patches := fixtures.joined([fixtures.calls["file.write"], fixtures.putting(_path, place)])
		fixtures.stands("control_plane", "own_configuration", patches)
		fixtures.details("control_plane", "own_configuration", patches) == {{"argument": "/path"}}
	}
}

test_no_spelling_hides_the_control_plane if {
	every place in [
		"/work/Claude.MD",
		"/work/.GitHub/Workflows/ci.yml",
		"/work//.github//workflows//ci.yml",
		"/work/./.github/./workflows/ci.yml",
		"/work\\.github\\workflows\\ci.yml",
		"/work/.github./workflows /ci.yml",
		"/work/claude.md::$DATA",
		"/ETC/Inbounds/tools.yaml",
		"/etc//inbounds/tools.yaml",
		"\\etc\\inbounds\\tools.yaml",
		"/etc/./inbounds/tools.yaml",
		"/work/a/../../etc/a",
		"/work/..",
		"..",
		"..\\x",
		"/work/GIT~1/hooks/x",
		"/work/.git::$INDEX_ALLOCATION/hooks/x",
		"/etc/inbounds:stream",
		"C:/etc/inbounds/tools.yaml",
		"file:///etc/inbounds/tools.yaml",
		"\\\\host\\c$\\etc\\inbounds\\tools.yaml",
		"/work/.. ./etc",
	] {
		every patches in _writes(place) {
			fixtures.stands("control_plane", "own_configuration", patches)
		}
	}
}

test_deleting_a_folder_deletes_what_lies_in_it if {
	every place in ["/etc", "/etc/", "/", ".", "//etc"] {
		patches := _deletes(place)
		fixtures.stands("control_plane", "own_configuration", patches)
		fixtures.details("control_plane", "own_configuration", patches) == {{"resource": "file"}}
	}

	every place in ["/work", "/et", "/etc/inbound"] {
		fixtures.ruled_out("control_plane", "own_configuration", _deletes(place))
	}
}

test_a_call_covers_what_lies_below_unless_the_registry_says_that_it_does_not if {
	flat := fixtures.putting("/deployment/tools/file.write/recursive", false)

	# Whatever it says of itself, a deletion takes what is below, and a wildcard what it stands for.
	fixtures.stands("control_plane", "own_configuration", fixtures.joined([_deletes("/etc"), flat]))

	sweeping := fixtures.putting("/deployment/tools/file.write/recursive", true)
	every place in ["/etc", "/etc/", "/", "//etc", "/et%63"] {
		every patches in _writes(place) {
			fixtures.stands("control_plane", "own_configuration", patches)
			fixtures.stands("control_plane", "own_configuration", fixtures.joined([patches, sweeping]))
		}
	}

	every patches in _writes("/etc") {
		fixtures.ruled_out("control_plane", "own_configuration", fixtures.joined([patches, flat]))

		every said in [null, 0, "", "false", [], {}] {
			fixtures.stands("control_plane", "own_configuration", fixtures.joined([
				patches,
				fixtures.putting("/deployment/tools/file.write/recursive", said),
			]))
		}
	}

	every place in ["/etc/*", "/et*/tools.yaml", "/e?c/inbounds/x", "/*"] {
		every patches in _writes(place) {
			fixtures.stands("control_plane", "own_configuration", fixtures.joined([patches, flat]))
		}
	}
}

test_bounds_hold_for_their_own_type_of_resource if {
	elsewhere := fixtures.putting("/deployment/settings/control_plane", [{"type": "repository", "prefixes": [""]}])

	fixtures.ruled_out("control_plane", "own_configuration", fixtures.joined([fixtures.calls["file.write"], elsewhere]))
	fixtures.stands("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["file.write"], elsewhere,
		fixtures.putting("/question/resource/type", "repository"),
	]))
}

test_a_bound_without_prefixes_holds_for_all_of_its_type if {
	fixtures.stands("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["file.write"],
		fixtures.putting("/deployment/settings/control_plane", [{"type": "file"}]),
	]))
}

test_a_bound_of_ids_says_nothing_of_arguments if {
	ids := fixtures.putting("/deployment/settings/control_plane", [{"type": "mailbox", "prefixes": ["al"]}])

	fixtures.stands("control_plane", "own_configuration", fixtures.joined([fixtures.calls["mail.send"], ids]))
	fixtures.ruled_out("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["file.write"], ids,
		fixtures.putting(_path, "alice.txt"),
	]))
}

test_bounds_hold_without_an_argument_that_is_a_path if {
	ids := fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting("/deployment/settings/control_plane", [{"type": "mailbox", "prefixes": ["bob"]}]),
	])

	fixtures.ruled_out("control_plane", "own_configuration", ids)
	fixtures.stands_without("control_plane", "own_configuration", ids, ["/deployment/settings/control_plane/0/type"])
	lists := ["/deployment/settings/control_plane", "/deployment/settings/control_plane/0/prefixes"]
	fixtures.stands_retyped("control_plane", "own_configuration", ids, lists, "array")
	fixtures.stands_retyped("control_plane", "own_configuration", ids, [concat("/", [lists[1], "0"])], "string")
}

test_content_and_recipients_name_no_place if {
	every patches in [
		fixtures.joined([
			fixtures.calls["file.write"],
			fixtures.putting("/question/action/properties/arguments/text", "CLAUDE.md"),
		]),
		fixtures.joined([
			fixtures.calls["mail.send"],
			fixtures.putting("/question/action/properties/arguments/body", "/etc/inbounds/tools.yaml"),
		]),
	] {
		fixtures.ruled_out("control_plane", "own_configuration", patches)
	}
}

test_a_path_is_a_place_whatever_its_role if {
	fixtures.stands("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["file.write"],
		fixtures.putting("/deployment/tools/file.write/arguments/~1path/role", "content"),
		fixtures.putting(_path, "/work/CLAUDE.md"),
	]))
}

test_a_target_that_is_no_text_or_no_path_is_no_place if {
	fixtures.ruled_out("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting("/deployment/tools/mail.send/arguments/~1copies/role", "target"),
	]))
	fixtures.ruled_out("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["web.get"],
		fixtures.putting("/deployment/tools/web.get/effects", ["write"]),
		fixtures.putting("/question/action/properties/arguments/url", "https://wiki.acme.example/CLAUDE.md"),
	]))
}

test_a_target_of_no_kind_and_an_unknown_argument_may_be_places if {
	untyped := fixtures.joined([
		fixtures.calls["file.write"],
		[{"op": "remove", "path": "/deployment/tools/file.write/arguments/~1path/kind"}],
	])

	fixtures.stands("control_plane", "own_configuration", fixtures.joined([
		untyped,
		fixtures.putting(_path, "/work/CLAUDE.md"),
	]))
	fixtures.stands("control_plane", "own_configuration", fixtures.joined([
		fixtures.calls["file.write"],
		fixtures.putting("/question/action/properties/arguments/more", "/work/CLAUDE.md"),
	]))
}

test_stands_when_the_list_is_lost if {
	stage := fixtures.staged(fixtures.calls["file.write"])

	every list in [{}, [], null, ["claude.md"], "claude.md"] {
		not data.inbounds.rules.control_plane.own_configuration.ruled_out with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.places.control_plane as list
	}
}

test_every_name_of_the_list_is_of_the_control_plane if {
	count(data.inbounds.lib.places.control_plane) > 100

	every name, _ in data.inbounds.lib.places.control_plane {
		fixtures.stands("control_plane", "own_configuration", fixtures.joined([
			fixtures.calls["file.write"],
			fixtures.putting(_id, fixtures.place(name)),
		]))
	}
}

test_stands_for_a_tool_of_unknown_effect if {
	every name in ["mail.untagged", "mail.unregistered"] {
		fixtures.stands("control_plane", "own_configuration", fixtures.putting("/question/action/name", name))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("control_plane", "own_configuration", fixtures.calls["file.write"], [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/resource",
		"/question/resource/type",
		"/question/resource/id",
		"/deployment/settings",
		"/deployment/tools/file.write/effects",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"control_plane", "own_configuration", fixtures.calls["file.write"], [
			"/question/action/properties",
			"/question/action/properties/arguments",
			"/question/resource",
			"/deployment/settings",
			"/deployment/settings/control_plane/0",
		],
		"object",
	)
	fixtures.stands_retyped(
		"control_plane", "own_configuration", fixtures.calls["file.write"], [
			"/question/action/name",
			"/question/resource/type",
			"/question/resource/id",
			"/deployment/settings/control_plane/0/prefixes/0",
		],
		"string",
	)
	fixtures.stands_retyped(
		"control_plane", "own_configuration", fixtures.calls["file.write"], [
			"/deployment/settings/control_plane",
			"/deployment/settings/control_plane/0/prefixes",
		],
		"array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("control_plane", "own_configuration", anything)
	}
}
