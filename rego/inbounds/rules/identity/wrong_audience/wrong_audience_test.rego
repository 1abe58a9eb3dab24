package inbounds.rules.identity.wrong_audience_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_both_are_for_this_deployment if {
	fixtures.ruled_out("identity", "wrong_audience", [])
}

test_an_audience_that_stands_alone_is_the_same if {
	fixtures.ruled_out("identity", "wrong_audience", _set("/identity/claims/aud", "inbounds"))
	fixtures.ruled_out("identity", "wrong_audience", _set("/task/claims/aud", "inbounds"))
}

test_names_the_token_that_is_for_others if {
	every token in {"identity", "task"} {
		every audience in [
			[], [""], "", "other", ["other"], ["inbounds", "other"], ["other", "inbounds"],
			["inbounds", "inbounds"], ["Inbounds"], ["inbounds "], [["inbounds"]], null, 7, {"0": "inbounds"},
		] {
			patches := _set(concat("/", ["", token, "claims/aud"]), audience)

			not fixtures.ruled_out("identity", "wrong_audience", patches)
			fixtures.details("identity", "wrong_audience", patches) == {{"token": token}}
		}
	}
}

test_names_both_tokens if {
	patches := [{"op": "replace", "path": "/deployment/settings/audience", "value": "other"}]

	not fixtures.ruled_out("identity", "wrong_audience", patches)
	fixtures.details("identity", "wrong_audience", patches) == {{"token": "identity"}, {"token": "task"}}
}

# What is missing on both sides is not the same.
test_stands_without_an_audience_anywhere if {
	not fixtures.ruled_out("identity", "wrong_audience", [
		{"op": "remove", "path": "/deployment/settings/audience"},
		{"op": "remove", "path": "/identity/claims/aud"},
		{"op": "remove", "path": "/task/claims/aud"},
	])
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "wrong_audience", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "wrong_audience", anything)
	}
}

_read := [
	"/question/context/credentials/identity",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/identity/header/kid",
	"/identity/header/alg",
	"/identity/header/typ",
	"/identity/header",
	"/deployment/issuers/identity/keys",
	"/deployment/issuers/identity/algorithms",
	"/deployment/issuers/identity",
	"/deployment/issuers",
	"/question/context/credentials/task",
	"/question/context/credentials",
	"/question/context",
	"/question",
	"/task/header/kid",
	"/task/header/alg",
	"/task/header/typ",
	"/task/header",
	"/deployment/issuers/tasks/keys",
	"/deployment/issuers/tasks/algorithms",
	"/deployment/issuers/tasks",
	"/deployment/issuers",
	"/identity/claims/aud",
	"/task/claims/aud",
	"/deployment/settings/audience",
	"/deployment/settings",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
