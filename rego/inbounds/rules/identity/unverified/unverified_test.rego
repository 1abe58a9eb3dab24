package inbounds.rules.identity.unverified_test

import data.inbounds.lib.fixtures_test as fixtures

test_ruled_out_for_a_genuine_and_whole_token if {
	fixtures.ruled_out("identity", "unverified", [])
}

test_ruled_out_with_what_an_identity_may_have_besides if {
	fixtures.ruled_out("identity", "unverified", _set("/identity/claims/jti", "token-7"))
	fixtures.ruled_out("identity", "unverified", _set("/identity/claims/nbf", 1799999990))
	fixtures.ruled_out("identity", "unverified", _set("/identity/claims/aud", "inbounds"))
	fixtures.ruled_out("identity", "unverified", _set("/identity/claims/groups", ["a"]))
}

test_stands_without_a_genuine_signature_and_says_nothing_of_the_claims if {
	patches := [
		{"op": "replace", "path": "/identity/genuine", "value": false},
		{"op": "remove", "path": "/identity/claims/sub"},
	]

	not fixtures.ruled_out("identity", "unverified", patches)
	fixtures.details("identity", "unverified", patches) == set()
}

test_names_the_claim_that_is_missing if {
	every claim in {"iss", "sub", "aud", "exp", "iat"} {
		path := concat("/", ["/identity/claims", claim])
		patches := [{"op": "remove", "path": path}]

		not fixtures.ruled_out("identity", "unverified", patches)
		fixtures.details("identity", "unverified", patches) == {{"claim": concat("/", ["", claim])}}
	}
}

test_names_the_claim_that_is_of_another_type if {
	every claim in {"iss", "sub", "aud", "exp", "iat", "jti", "nbf"} {
		every value in [null, true, {}] {
			patches := _set(concat("/", ["/identity/claims", claim]), value)

			not fixtures.ruled_out("identity", "unverified", patches)
			fixtures.details("identity", "unverified", patches) == {{"claim": concat("/", ["", claim])}}
		}
	}
}

test_stands_for_times_that_are_no_whole_numbers if {
	not fixtures.ruled_out("identity", "unverified", _end_as("1e400"))
	not fixtures.ruled_out("identity", "unverified", _end_as("9007199254740993"))

	every claim in {"exp", "iat"} {
		every value in ["1800000100", 1800000100.5, -1, 9007199254740993, [1800000100]] {
			not fixtures.ruled_out("identity", "unverified", _set(concat("/", ["/identity/claims", claim]), value))
		}
	}
}

test_stands_for_an_audience_that_is_not_of_texts if {
	every value in [7, [7], ["inbounds", 7], {"0": "inbounds"}, [["inbounds"]]] {
		not fixtures.ruled_out("identity", "unverified", _set("/identity/claims/aud", value))
	}
}

test_stands_for_a_subject_that_is_no_spiffe_id if {
	every subject in {
		"", "assistant", "https://acme.example/agent/assistant", "spiffe://ACME.example/agent/assistant",
		"spiffe://acme.example", "spiffe://acme.example/", "spiffe://acme.example/agent/assistant/",
		"spiffe://acme.example/agent/../assistant", "spiffe://acme.example//assistant",
		"spiffe://acme.example/agent%2Fassistant", "spiffe://acme.example:443/agent/assistant",
		"spiffe://acme.example/agent/assistant?x=1", "spiffe://acme.example/agent/assistant#x",
	} {
		patches := _set("/identity/claims/sub", subject)

		not fixtures.ruled_out("identity", "unverified", patches)
		fixtures.details("identity", "unverified", patches) == {{"claim": "/sub"}}
	}
}

test_ruled_out_for_a_subject_that_the_deployment_names if {
	every subject in {"client-7", "system:serviceaccount:agents:assistant"} {
		patches := _named(subject, {subject: "spiffe://acme.example/agent/assistant"})

		fixtures.ruled_out("identity", "unverified", patches)
		untyped := [{"op": "remove", "path": "/identity/header/typ"}]
		fixtures.ruled_out("identity", "unverified", array.concat(patches, untyped))
	}
}

test_stands_for_a_subject_that_the_deployment_does_not_name if {
	every subjects in [{}, {"client-8": "spiffe://acme.example/agent/assistant"}, {"client-7": 7}, null, ["client-7"]] {
		patches := _named("client-7", subjects)

		not fixtures.ruled_out("identity", "unverified", patches)
		fixtures.details("identity", "unverified", patches) == {{"claim": "/sub"}}
	}
}

_named(subject, subjects) := array.concat(
	_set("/identity/claims/sub", subject),
	_set("/deployment/issuers/identity/subjects", subjects),
)

# A number that the parser of a patch would round is written into the token as text.
_end_as(number) := [{"op": "replace", "path": "/question/context/credentials/identity", "value": token}] if {
	about := json.patch(fixtures.scene.identity, [{"op": "replace", "path": "/claims/exp", "value": "END"}])
	[header, payload, signature] := split(fixtures.token(about), ".")
	text := replace(base64url.decode(payload), `"END"`, number)
	token := concat(".", [header, base64url.encode_no_pad(text), signature])
}

test_stands_when_anything_it_reads_is_missing_or_of_another_type if {
	every path in _read {
		every patches in fixtures.damages(path) {
			not fixtures.ruled_out("identity", "unverified", patches)
		}
	}
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("identity", "unverified", anything)
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
	"/identity/claims",
	"/identity/claims/iss",
	"/identity/claims/sub",
	"/identity/claims/exp",
	"/identity/claims/iat",
	"/deployment/issuers/identity/trust_domain",
]

_set(path, value) := [{"op": "add", "path": path, "value": value}]
