package inbounds.rules.identity.issuer_not_for_this_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_when_both_issuers_may_say_it if {
	fixtures.ruled_out("identity", "issuer_not_for_this", [])
}

test_names_the_token_whose_issuer_may_not_say_it if {
	every token, issuer in {"identity": "identity", "task": "tasks"} {
		every field, value in {
			"vouches_for": [],
			"tenants": ["globex"],
			"environments": ["development"],
			"kind": "development",
		} {
			patches := _set(concat("/", ["/deployment/issuers", issuer, field]), value)

			not fixtures.ruled_out("identity", "issuer_not_for_this", patches)
			fixtures.details("identity", "issuer_not_for_this", patches) == {{"token": token}}
		}
	}
}

test_an_issuer_of_one_type_of_token_vouches_for_no_other if {
	not fixtures.ruled_out("identity", "issuer_not_for_this", _set("/deployment/issuers/identity/vouches_for", ["task"]))
	not fixtures.ruled_out("identity", "issuer_not_for_this", _set("/deployment/issuers/tasks/vouches_for", ["identity"]))

	both := _set("/deployment/issuers/tasks/vouches_for", ["identity", "task"])

	fixtures.ruled_out("identity", "issuer_not_for_this", both)
}

test_stands_for_an_agent_of_another_trust_domain if {
	every patches in [
		_set("/deployment/issuers/identity/trust_domain", "globex.example"),
		_set("/deployment/issuers/identity/trust_domain", "ACME.example"),
		_set("/deployment/issuers/identity/trust_domain", "acme.example.evil.example"),
		_set("/deployment/issuers/identity/trust_domain", ""),
		_set("/identity/claims/sub", "spiffe://globex.example/agent/assistant"),
		_set("/identity/claims/sub", "spiffe://ACME.example/agent/assistant"),
	] {
		not fixtures.ruled_out("identity", "issuer_not_for_this", patches)
		fixtures.details("identity", "issuer_not_for_this", patches) == {{"token": "identity"}}
	}
}

test_ruled_out_for_a_subject_that_is_named_one_by_one if {
	named := array.concat(
		_set("/identity/claims/sub", "client-7"),
		_set("/deployment/issuers/identity/subjects", {"client-7": "spiffe://acme.example/agent/assistant"}),
	)
	fixtures.ruled_out("identity", "issuer_not_for_this", named)
	fixtures.ruled_out(
		"identity", "issuer_not_for_this",
		array.concat(named, _set("/deployment/issuers/identity/trust_domain", "")),
	)

	other := array.concat(named, _set("/identity/claims/sub", "client-8"))
	not fixtures.ruled_out("identity", "issuer_not_for_this", other)
	fixtures.details("identity", "issuer_not_for_this", other) == {{"token": "identity"}}

	elsewhere := array.concat(named, _set("/deployment/issuers/identity/tenants", []))
	not fixtures.ruled_out("identity", "issuer_not_for_this", elsewhere)
}

test_a_development_issuer_counts_in_development_environments_alone if {
	development := [
		{"op": "replace", "path": "/deployment/issuers/identity/kind", "value": "development"},
		{"op": "replace", "path": "/deployment/issuers/tasks/kind", "value": "development"},
	]
	not fixtures.ruled_out("identity", "issuer_not_for_this", development)

	moved := array.concat(
		development,
		_set("/task/claims/authorization_details/0/environment", "development"),
	)

	fixtures.ruled_out("identity", "issuer_not_for_this", moved)

	every value in [false, null, "true", 1] {
		unmarked := _set("/deployment/environments/development/development", value)
		not fixtures.ruled_out("identity", "issuer_not_for_this", array.concat(moved, unmarked))
	}
}

test_stands_for_an_effect_beyond_the_highest_of_the_task_issuer if {
	patches := _set("/deployment/issuers/tasks/effects", ["write", "export"])

	not fixtures.ruled_out("identity", "issuer_not_for_this", patches)
	fixtures.details("identity", "issuer_not_for_this", patches) == {{"token": "task"}}
}

test_stands_for_a_tool_of_unknown_effect if {
	every tool in {"mail.unregistered", "mail.untagged"} {
		not fixtures.ruled_out("identity", "issuer_not_for_this", _set("/question/action/name", tool))
	}
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "issuer_not_for_this", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "issuer_not_for_this", anything)
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
	"/task/claims/tenant",
	"/task/claims/authorization_details",
	"/task/claims/authorization_details/0",
	"/task/claims/authorization_details/0/environment",
	"/identity/claims/sub",
	"/deployment/issuers/identity/vouches_for",
	"/deployment/issuers/identity/tenants",
	"/deployment/issuers/identity/environments",
	"/deployment/issuers/identity/kind",
	"/deployment/issuers/tasks/vouches_for",
	"/deployment/issuers/tasks/tenants",
	"/deployment/issuers/tasks/environments",
	"/deployment/issuers/tasks/kind",
	"/deployment/issuers/identity/trust_domain",
	"/deployment/issuers/tasks/effects",
	"/deployment/tools/mail.read/effects",
	"/deployment/tools/mail.read",
	"/deployment/tools",
	"/question/action/name",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
