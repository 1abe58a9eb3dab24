package inbounds.rules.task.unverified_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_a_genuine_and_whole_token if {
	fixtures.ruled_out("task", "unverified", [])
}

test_ruled_out_with_what_a_task_may_have_besides if {
	fixtures.ruled_out("task", "unverified", _set("/task/claims/aud", "inbounds"))
	fixtures.ruled_out("task", "unverified", _set("/task/claims/nbf", 1799999990))
	fixtures.ruled_out("task", "unverified", _set("/task/claims/txn", "1"))
	fixtures.ruled_out("task", "unverified", _set("/task/claims/act/act", {"sub": "before"}))
}

test_stands_without_a_genuine_signature_and_says_nothing_of_the_claims if {
	patches := [
		{"op": "replace", "path": "/task/genuine", "value": false},
		{"op": "remove", "path": "/task/claims/sid"},
	]

	not fixtures.ruled_out("task", "unverified", patches)
	fixtures.details("task", "unverified", patches) == set()
}

test_names_the_claim_that_is_missing_or_of_another_type if {
	every claim in _claims {
		every patches in fixtures.damages(concat("", ["/task/claims", claim])) {
			not fixtures.ruled_out("task", "unverified", patches)
			{"claim": replace(claim, "/0", "/*")} in fixtures.details("task", "unverified", patches)
		}
	}
}

test_stands_for_an_audience_that_is_not_of_texts if {
	not fixtures.ruled_out("task", "unverified", [{"op": "remove", "path": "/task/claims/aud"}])

	every value in [null, 7, [7], ["inbounds", 7], {"0": "inbounds"}, [["inbounds"]]] {
		not fixtures.ruled_out("task", "unverified", _set("/task/claims/aud", value))
	}
}

test_stands_for_none_or_several_statements_of_authority if {
	entry := fixtures.scene.task.claims.authorization_details[0]

	every entries in [[], [entry, entry], [entry, {"type": "payment_initiation"}]] {
		patches := _set("/task/claims/authorization_details", entries)

		not fixtures.ruled_out("task", "unverified", patches)
		{"claim": "/authorization_details"} in fixtures.details("task", "unverified", patches)
	}
}

test_stands_for_what_nobody_knows_how_to_read if {
	every member, value in {
		"type": "payment_initiation",
		"scope": "all",
		"effects": ["read", "everything"],
		"tools/mail.read/anything": true,
		"tools/mail.read/arguments": {"/id": {"any_of": ["a"]}},
	} {
		path := concat("/", ["/task/claims/authorization_details/0", member])
		not fixtures.ruled_out("task", "unverified", _set(path, value))
	}
}

test_stands_for_a_key_that_gives_itself_away if {
	every member in {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		patches := _set(concat("/", ["/task/claims/cnf/jwk", member]), "AA")

		not fixtures.ruled_out("task", "unverified", patches)
		fixtures.details("task", "unverified", patches) == {{"claim": "/cnf/jwk"}}
	}
}

test_stands_for_a_chain_deeper_than_it_may_be if {
	patches := _set("/task/claims/del_depth", 3)

	not fixtures.ruled_out("task", "unverified", patches)
	fixtures.details("task", "unverified", patches) == {{"claim": "/del_depth"}}
	fixtures.ruled_out("task", "unverified", array.concat(patches, _set("/task/claims/del_max_depth", 3)))
}

test_stands_for_a_beginning_that_is_no_number if {
	every value in [null, true, "1799999990", [], {}] {
		patches := _set("/task/claims/nbf", value)

		not fixtures.ruled_out("task", "unverified", patches)
		fixtures.details("task", "unverified", patches) == {{"claim": "/nbf"}}
	}
}

test_bounds_are_taken_with_all_or_any_of_their_members if {
	fixtures.ruled_out("task", "unverified", _set("/task/claims/authorization_details/0/tools/mail.read", {}))
	fixtures.ruled_out("task", "unverified", _bounded({}))

	whole := {"one_of": ["42", 42, true], "minimum": -9007199254740992, "maximum": 9007199254740992}

	fixtures.ruled_out("task", "unverified", _bounded(whole))
}

test_stands_for_numbers_that_two_engines_may_read_otherwise if {
	every constraint in [
		{"one_of": [9007199254740993]}, {"one_of": ["a", -9007199254740993]},
		{"minimum": -9007199254740993}, {"maximum": 9007199254740993}, {"maximum": 1e300},
	] {
		patches := _bounded(constraint)

		not fixtures.ruled_out("task", "unverified", patches)
		fixtures.details("task", "unverified", patches) == {{"claim": "/authorization_details/*/tools"}}
	}
	every claim in {"exp", "iat", "authorization_details/0/deadline"} {
		not fixtures.ruled_out("task", "unverified", _set(concat("/", ["/task/claims", claim]), 9007199254740992))
		not fixtures.ruled_out("task", "unverified", _set(concat("/", ["/task/claims", claim]), 1800000000.5))
	}
}

_bounded(constraint) := _set(
	"/task/claims/authorization_details/0/tools/mail.read/arguments",
	{"/other": {}, "/id": constraint},
)

_claims := [
	"/iss", "/sub", "/act", "/act/sub", "/exp", "/iat", "/jti", "/task", "/sid", "/tenant",
	"/cnf", "/cnf/jwk", "/del_depth", "/del_max_depth", "/authorization_details",
	"/authorization_details/0/type", "/authorization_details/0/intent", "/authorization_details/0/effects",
	"/authorization_details/0/tools", "/authorization_details/0/resources",
	"/authorization_details/0/destinations", "/authorization_details/0/label",
	"/authorization_details/0/budgets", "/authorization_details/0/environment",
	"/authorization_details/0/deadline",
]

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("task", "unverified", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("task", "unverified", anything)
	}
}

_read := [
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
	"/task/claims",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
