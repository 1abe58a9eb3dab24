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

test_a_token_of_a_named_subject_need_not_say_its_type if {
	_verified(array.concat(_client, [{"op": "remove", "path": "/identity/header/typ"}]))
	_verified(array.concat(_client, [{"op": "replace", "path": "/identity/header/typ", "value": "at+jwt"}]))
	_verified(_client)

	every typ in {"task+jwt", "approval+jwt", "live-head+jwt", "id+jwt", "jwt", "JOSE"} {
		not _verified(array.concat(_client, [{"op": "replace", "path": "/identity/header/typ", "value": typ}]))
	}
}

test_without_named_subjects_it_has_to_say_so if {
	not _verified([{"op": "remove", "path": "/identity/header/typ"}])

	every nobody in [{}, [], "", null, true, ["client-7"]] {
		every head in [
			{"op": "remove", "path": "/identity/header/typ"},
			{"op": "replace", "path": "/identity/header/typ", "value": "at+jwt"},
		] {
			not _verified(array.flatten([_client, {"op": "replace", "path": _subjects, "value": nobody}, head]))
		}
	}
}

test_the_agent_is_the_workload_of_the_trust_domain if {
	_agent([]) == "spiffe://acme.example/agent/assistant"

	every value in ["", null, 7, [], {}] {
		not _agent([{"op": "replace", "path": "/deployment/issuers/identity/trust_domain", "value": value}])
	}

	every patches in [
		[{"op": "remove", "path": "/deployment/issuers/identity/trust_domain"}],
		[{"op": "replace", "path": "/identity/genuine", "value": false}],
	] {
		not _agent(patches)
	}
}

test_the_agent_is_whom_the_deployment_names if {
	_agent(_client) == "spiffe://acme.example/agent/assistant"
	_agent(array.concat(_client, _without_domain)) == "spiffe://acme.example/agent/assistant"
}

test_a_subject_that_is_not_named_is_nobody if {
	every subject in ["client-8", "Client-7", "client-7 ", "", 0, 7, null, true, ["client-7"], {}] {
		not _agent(array.concat(_client, [{"op": "replace", "path": "/identity/claims/sub", "value": subject}]))
	}

	every patch in [
		{"op": "remove", "path": "/identity/claims/sub"},
		{"op": "remove", "path": _subjects},
		{"op": "replace", "path": "/identity/genuine", "value": false},
	] {
		not _agent(array.concat(_client, [patch]))
	}

	every nobody in [
		[], ["client-7"], "client-7", null, {"client-7": ""}, {"client-7": 7}, {"client-7": ["a"]},
		{"client-7": "assistant"}, {"client-7": "client-7"},
	] {
		not _agent(array.concat(_client, [{"op": "replace", "path": _subjects, "value": nobody}]))
	}
}

test_a_subject_is_no_place_in_a_list if {
	every subjects in [["spiffe://acme.example/agent/assistant"], {"0": "spiffe://acme.example/agent/assistant"}] {
		not _agent(array.concat(_client, [
			{"op": "replace", "path": "/identity/claims/sub", "value": 0},
			{"op": "replace", "path": _subjects, "value": subjects},
		]))
	}
}

# Else whoever may name clients of a provider could make one workload another.
test_a_workload_is_nobody_else if {
	patches := [{
		"op": "add",
		"path": _subjects,
		"value": {"spiffe://acme.example/agent/assistant": "spiffe://acme.example/agent/other"},
	}]

	_agent(patches) == "spiffe://acme.example/agent/assistant"
	not _agent(array.concat(patches, _without_domain))
}

_subjects := "/deployment/issuers/identity/subjects"

_client := [
	{"op": "replace", "path": "/identity/claims/sub", "value": "client-7"},
	{"op": "add", "path": _subjects, "value": {"client-7": "spiffe://acme.example/agent/assistant"}},
]

_without_domain := [{"op": "remove", "path": "/deployment/issuers/identity/trust_domain"}]

_agent(patches) := agent if {
	stage := fixtures.staged(patches)
	agent := identity.agent with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
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
