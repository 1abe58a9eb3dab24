package inbounds.rules.secret.not_for_agents_test

import data.inbounds.lib.fixtures_test as fixtures

_id := "/question/resource/id"

_path := "/question/action/properties/arguments/path"

_of(effects, place) := fixtures.joined([
	fixtures.calls["file.write"],
	fixtures.putting(_id, place),
	fixtures.putting("/deployment/tools/file.write/effects", effects),
])

test_ruled_out_for_ordinary_places if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("secret", "not_for_agents", patches)
	}

	every place in [
		"/work/.env.example",
		"/work/.env.local.sample",
		"/work/environment",
		"/work/id_rsa.pub",
		"/work/keys.txt",
		"/work/aws/credentials",
		"/work/config.json",
		"/work/secret.txt",
		"/work/secrets.txt",
	] {
		fixtures.ruled_out("secret", "not_for_agents", _of(["read"], place))
	}
}

test_names_the_resource_that_is_a_secret_whatever_the_effect if {
	every effects in [["read"], ["write"], ["delete"], ["export", "read"], []] {
		every place in [
			"/work/.env",
			"/work/.env.production",
			"/work/.env.production.local",
			"/home/alice/.ssh/id_ed25519",
			"/home/alice/.ssh/known_hosts",
			"~/.aws/credentials",
			"/home/alice/.netrc",
			"/home/alice/.kube/config",
			"/home/alice/.docker/config.json",
			"/home/alice/.npmrc",
			"/home/alice/Library/Keychains/login.keychain-db",
			"/etc/ssl/private/server.key",
			"server.pem",
			"HEAD:.env",
			"/work/secrets/a",
			"/work/secrets",
		] {
			patches := _of(effects, place)
			fixtures.stands("secret", "not_for_agents", patches)
			fixtures.details("secret", "not_for_agents", patches) == {{"resource": "file"}}
		}
	}
}

test_no_spelling_hides_a_secret if {
	every place in [
		"/work/.ENV",
		"/work//.env",
		"/work/./.env",
		"/work/.env.",
		"/work/.env ",
		"/work/.env::$DATA",
		"C:\\work\\.env",
		"/home/alice/.SSH/ID_RSA",
		"/work/Server.PEM",
		"/Work/Secrets/a",
		"/work//secrets/a",
		"/work/./secrets/a",
		"\\work\\secrets\\a",
		"/work/a/../secrets/a",
		"/work/a/..",
	] {
		fixtures.stands("secret", "not_for_agents", _of(["read"], place))
		fixtures.stands("secret", "not_for_agents", fixtures.joined([
			fixtures.calls["file.write"],
			fixtures.putting(_path, place),
		]))
	}
}

# What is not plain ASCII is told by its skeleton alone.
_spelled(place, skeletons) := fixtures.joined([
	fixtures.putting("/question/action/properties/skeletons", skeletons),
	_of(["read"], place),
])

test_what_is_not_plain_ascii_is_known_by_its_skeleton if {
	fixtures.ruled_out("secret", "not_for_agents", _spelled("/work/ä", {"/work/ä": "/work/ä"}))
	fixtures.ruled_out("secret", "not_for_agents", _spelled("/work/100%", {"/work/100%": "/work/100%"}))

	# Plain ASCII is read by the policy itself, whatever is said of it.
	fixtures.stands("secret", "not_for_agents", _spelled("/work/.ssh/x", {"/work/.ssh/x": "/work/a"}))

	every place in ["/work/%2essh/x", "/work/.ßh/x", "/work/ä", "/work/100%", "/work/a\u0000"] {
		fixtures.stands("secret", "not_for_agents", _of(["read"], place))
		fixtures.stands("secret", "not_for_agents", _spelled(place, {"/work/a": "/work/a"}))

		every form in ["/work/.ssh/x", "/work/.SSH", "/work/%2fa", "/work/%u002fa", "/work/a\u0000b", null, 7, [], {}] {
			fixtures.stands("secret", "not_for_agents", _spelled(place, {place: form}))
		}
	}

	every said in [null, true, 7, "x", [], ["/work/ä"]] {
		fixtures.stands("secret", "not_for_agents", _spelled("/work/ä", said))
	}
}

test_a_folder_around_a_secret_is_read_with_it if {
	fixtures.stands("secret", "not_for_agents", _of(["read"], "/work"))
	fixtures.ruled_out("secret", "not_for_agents", fixtures.joined([
		fixtures.putting("/deployment/tools/file.write/recursive", false),
		_of(["read"], "/work"),
	]))
}

test_names_the_argument_that_reaches_a_secret if {
	every place in ["/work/.env", "/work/secrets/a", "/etc/shadow"] {
		patches := fixtures.joined([fixtures.calls["file.write"], fixtures.putting(_path, place)])
		fixtures.stands("secret", "not_for_agents", patches)
		fixtures.details("secret", "not_for_agents", patches) == {{"argument": "/path"}}
	}
}

test_a_type_of_resource_can_be_secret_by_itself if {
	every type in ["secret", "Secret", "private_key"] {
		patches := fixtures.putting("/question/resource/type", type)
		fixtures.stands("secret", "not_for_agents", patches)
		fixtures.details("secret", "not_for_agents", patches) == {{"resource": type}}
	}
}

test_a_credential_is_never_passed if {
	credential := fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting("/deployment/tools/mail.send/arguments/~1password", {"role": "credential", "nullable": true}),
	])

	fixtures.ruled_out("secret", "not_for_agents", fixtures.joined([
		credential,
		fixtures.putting("/question/action/properties/arguments/password", null),
	]))

	every value in ["hunter2", "", 7, {}, []] {
		patches := fixtures.joined([credential, fixtures.putting("/question/action/properties/arguments/password", value)])
		fixtures.stands("secret", "not_for_agents", patches)
		fixtures.details("secret", "not_for_agents", patches) == {{"argument": "/password"}}
	}
}

test_an_unknown_argument_is_another_fault_unless_it_is_a_place if {
	fixtures.ruled_out("secret", "not_for_agents", fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting("/question/action/properties/arguments/more", "hunter2"),
	]))

	patches := fixtures.joined([
		fixtures.calls["mail.send"],
		fixtures.putting("/question/action/properties/arguments/more", "/home/alice/.ssh/id_rsa"),
	])
	fixtures.stands("secret", "not_for_agents", patches)
	fixtures.details("secret", "not_for_agents", patches) == {{"argument": "/more"}}
}

test_stands_for_a_tool_that_is_not_registered if {
	fixtures.stands("secret", "not_for_agents", fixtures.putting("/question/action/name", "mail.unregistered"))
}

test_stands_when_a_list_is_lost if {
	stage := fixtures.staged([])

	every list in [{}, [], null, [".env"], ".env"] {
		not data.inbounds.rules.secret.not_for_agents.ruled_out with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.places.secrets as list
		not data.inbounds.rules.secret.not_for_agents.ruled_out with input as stage.question
			with data.deployment as stage.deployment
			with data.inbounds.lib.places.secret_types as list
	}
}

test_a_list_of_one_is_a_list if {
	fixtures.ruled_out("secret", "not_for_agents", []) with data.inbounds.lib.places.secret_types as {"vault": 1}
}

test_every_name_of_the_list_is_a_secret if {
	count(data.inbounds.lib.places.secrets) > 80

	every name, _ in data.inbounds.lib.places.secrets {
		fixtures.stands("secret", "not_for_agents", _of(["read"], fixtures.place(name)))
	}

	every type, _ in data.inbounds.lib.places.secret_types {
		fixtures.stands("secret", "not_for_agents", fixtures.putting("/question/resource/type", type))
	}
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("secret", "not_for_agents", [], [
		"/question/action/name",
		"/question/action/properties/arguments",
		"/question/resource",
		"/question/resource/type",
		"/question/resource/id",
		"/deployment/settings",
		"/deployment/tools/mail.read",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"secret", "not_for_agents", fixtures.calls["file.write"], [
			"/question/action/properties",
			"/question/action/properties/arguments",
			"/question/resource",
			"/deployment/settings",
			"/deployment/settings/secrets/0",
		],
		"object",
	)
	fixtures.stands_retyped(
		"secret", "not_for_agents", fixtures.calls["file.write"], [
			"/question/action/name",
			"/question/resource/type",
			"/question/resource/id",
			"/deployment/settings/secrets/0/prefixes/0",
		],
		"string",
	)
	fixtures.stands_retyped(
		"secret", "not_for_agents", fixtures.calls["file.write"], [
			"/deployment/settings/secrets",
			"/deployment/settings/secrets/0/prefixes",
		],
		"array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("secret", "not_for_agents", anything)
	}
}
