package inbounds.rules.identity.untrusted_issuer_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_each_names_who_signed_it if {
	fixtures.ruled_out("identity", "untrusted_issuer", [])
}

test_names_the_token_that_names_another if {
	every token in {"identity", "task"} {
		every issuer in [
			"", "https://evil.example", "https://identity.acme.example/", "https://tasks.acme.example/",
			"https://IDENTITY.acme.example", null, 7, ["https://identity.acme.example"],
		] {
			patches := _set(concat("/", ["", token, "claims/iss"]), issuer)

			not fixtures.ruled_out("identity", "untrusted_issuer", patches)
			fixtures.details("identity", "untrusted_issuer", patches) == {{"token": token}}
		}
	}
}

# Both are known to the deployment, and neither speaks for the other.
test_stands_for_a_token_in_the_name_of_another_issuer if {
	patches := _set("/task/claims/iss", "https://identity.acme.example")

	not fixtures.ruled_out("identity", "untrusted_issuer", patches)
	fixtures.details("identity", "untrusted_issuer", patches) == {{"token": "task"}}
}

test_stands_when_nobody_is_named_anywhere if {
	not fixtures.ruled_out("identity", "untrusted_issuer", [
		{"op": "remove", "path": "/identity/claims/iss"},
		{"op": "remove", "path": "/deployment/issuers/identity/issuer"},
	])
	not fixtures.ruled_out("identity", "untrusted_issuer", array.concat(
		_set("/identity/claims/iss", null),
		_set("/deployment/issuers/identity/issuer", null),
	))
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "untrusted_issuer", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "untrusted_issuer", anything)
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
	"/identity/claims/iss",
	"/task/claims/iss",
	"/deployment/issuers/identity/issuer",
	"/deployment/issuers/tasks/issuer",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
