package inbounds.rules.supply.server_not_listed_test

import data.inbounds.lib.fixtures_test as fixtures

_at := "/question/resource/properties/server"

_known(places) := [{"op": "add", "path": "/deployment/servers/mail", "value": {"at": places}}]

_runs(place) := [{"op": "add", "path": _at, "value": place}]

test_ruled_out_where_no_server_is_concerned if {
	every patches in [
		[],
		_runs(""),
		[{"op": "remove", "path": "/deployment/servers"}],
		[{"op": "replace", "path": "/deployment/servers", "value": {}}],
	] {
		fixtures.ruled_out("supply", "server_not_listed", patches)
		fixtures.details("supply", "server_not_listed", patches) == set()
	}
}

test_ruled_out_where_the_server_runs_where_it_may if {
	every place in ["https://mail.example/mcp", "npx mail"] {
		patches := array.concat(_known(["https://mail.example/mcp", "npx mail"]), _runs(place))
		fixtures.ruled_out("supply", "server_not_listed", patches)
		fixtures.details("supply", "server_not_listed", patches) == set()
	}
}

test_stands_for_a_server_that_nobody_listed if {
	every patches in [
		_runs("https://mail.example/mcp"),
		array.concat([{"op": "remove", "path": "/deployment/servers"}], _runs("https://mail.example/mcp")),
	] {
		fixtures.stands("supply", "server_not_listed", patches)
		fixtures.details("supply", "server_not_listed", patches) == {{
			"server": "mail",
			"lacks": "an entry",
			"place": "/resource/properties/server",
		}}
	}
}

test_stands_where_it_runs_elsewhere if {
	every place in [
		"https://mail.example/mcp/",
		"https://mail.example",
		"npx mail ",
		"npx -y mail",
		"HTTPS://mail.example/mcp",
	] {
		patches := array.concat(_known(["https://mail.example/mcp", "npx mail"]), _runs(place))
		fixtures.stands("supply", "server_not_listed", patches)
		fixtures.details("supply", "server_not_listed", patches) == {{
			"server": "mail",
			"runs_at": place,
			"place": "/resource/properties/server",
		}}
	}
}

test_stands_where_nobody_says_where_a_listed_server_runs if {
	fixtures.stands("supply", "server_not_listed", _known([""]))
	fixtures.stands("supply", "server_not_listed", array.concat(_known([""]), _runs("")))
	every patches in [[], _runs("")] {
		fixtures.stands("supply", "server_not_listed", array.concat(_known(["npx mail"]), patches))
		fixtures.details("supply", "server_not_listed", array.concat(_known(["npx mail"]), patches)) == {{
			"server": "mail",
			"lacks": "where it runs",
		}}
	}
}

test_stands_for_an_entry_of_another_form if {
	every entry in [{}, null, false, [], "npx mail", {"at": "npx mail"}, {"at": null}] {
		known := [{"op": "add", "path": "/deployment/servers/mail", "value": entry}]
		fixtures.stands("supply", "server_not_listed", array.concat(known, _runs("npx mail")))
		fixtures.stands("supply", "server_not_listed", known)
	}
}

test_stands_for_words_of_another_form if {
	fixtures.stands("supply", "server_not_listed", [{"op": "remove", "path": "/question/resource"}])
	fixtures.stands("supply", "server_not_listed", [{"op": "replace", "path": "/question/action/name", "value": 4}])
	fixtures.stands("supply", "server_not_listed", [{"op": "remove", "path": "/question/action/name"}])
	every word in [null, 4, ["npx mail"], {"npx mail": true}, true] {
		fixtures.stands("supply", "server_not_listed", _runs(word))
		fixtures.stands("supply", "server_not_listed", array.concat(_known(["npx mail"]), _runs(word)))
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("supply", "server_not_listed", anything)
	}
}
