package inbounds.lib.identity_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.identity

test_verified_by_the_one_issuer_that_has_the_key if {
	verified := _verified([])

	verified.name == "identity"
	verified.issuer.issuer == "https://identity.acme.example"
	verified.claims.sub == "spiffe://acme.example/agent/assistant"
}

test_not_verified_without_a_genuine_signature if {
	not _verified([{"op": "replace", "path": "/identity/genuine", "value": false}])
}

test_not_verified_as_another_type_of_token if {
	every typ in {"task+jwt", "live-head+jwt", "at+jwt", "jwt", "JOSE"} {
		not _verified([{"op": "replace", "path": "/identity/header/typ", "value": typ}])
	}
}

test_not_verified_by_a_key_nobody_has if {
	every kid in {"identity-2", "feed-1", "task-2", ".."} {
		not _verified([{"op": "replace", "path": "/identity/header/kid", "value": kid}])
	}
}

test_not_verified_by_a_key_that_two_issuers_have if {
	not _verified([{
		"op": "add",
		"path": "/deployment/issuers/tasks/keys/identity-1",
		"value": {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"},
	}])
}

test_not_verified_by_an_algorithm_that_the_issuer_lacks if {
	not _verified([{"op": "replace", "path": "/deployment/issuers/identity/algorithms", "value": ["RS256"]}])
	not _verified([{"op": "replace", "path": "/deployment/issuers/identity/algorithms", "value": []}])
	not _verified([{"op": "remove", "path": "/deployment/issuers/identity/algorithms"}])
}

test_eddsa_is_no_algorithm_of_an_identity if {
	key := {"kty": "OKP", "crv": "Ed25519", "x": "eA"}

	not _verified([
		{"op": "replace", "path": "/deployment/issuers/identity/algorithms", "value": ["ES256", "EdDSA"]},
		{"op": "replace", "path": "/deployment/issuers/identity/keys/identity-1", "value": key},
		{"op": "replace", "path": "/identity/header/alg", "value": "EdDSA"},
	])
}

test_not_verified_without_a_token_or_issuers if {
	every path in {"/question/context/credentials/identity", "/question/context", "/deployment/issuers"} {
		every patches in fixtures.damages(path) {
			not _verified(patches)
		}
	}
}

test_the_task_token_is_no_identity if {
	not _verified([{
		"op": "replace",
		"path": "/question/context/credentials/identity",
		"value": fixtures.token(fixtures.scene.task),
	}])
}

_verified(patches) := verified if {
	stage := fixtures.staged(patches)
	verified := identity.verified with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}
