package inbounds.lib.task_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.task

test_verified_by_the_one_issuer_that_has_the_key if {
	verified := _verified([])

	verified.name == "tasks"
	verified.issuer.issuer == "https://tasks.acme.example"
	verified.claims.task == "task-1"
}

test_eddsa_is_an_algorithm_of_a_task if {
	_verified([
		{"op": "replace", "path": "/deployment/issuers/tasks/algorithms", "value": ["EdDSA"]},
		{
			"op": "replace", "path": "/deployment/issuers/tasks/keys/task-1",
			"value": {"kty": "OKP", "crv": "Ed25519", "x": "eA"},
		},
		{"op": "replace", "path": "/task/header/alg", "value": "EdDSA"},
	]).name == "tasks"
}

test_not_verified_without_a_genuine_signature if {
	not _verified([{"op": "replace", "path": "/task/genuine", "value": false}])
}

test_not_verified_as_another_type_of_token if {
	every typ in {"JWT", "task-child+jwt", "task+JWT", "live-head+jwt", "at+jwt"} {
		not _verified([{"op": "replace", "path": "/task/header/typ", "value": typ}])
	}
}

test_not_verified_by_a_key_nobody_has if {
	every kid in {"task-2", "feed-1", ".."} {
		not _verified([{"op": "replace", "path": "/task/header/kid", "value": kid}])
	}
}

test_not_verified_by_a_key_that_two_issuers_have if {
	not _verified([{
		"op": "add",
		"path": "/deployment/issuers/identity/keys/task-1",
		"value": {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"},
	}])
}

test_not_verified_without_a_token_or_issuers if {
	every path in {"/question/context/credentials/task", "/question/context", "/deployment/issuers"} {
		every patches in fixtures.damages(path) {
			not _verified(patches)
		}
	}
}

test_the_identity_token_is_no_task if {
	not _verified([{
		"op": "replace",
		"path": "/question/context/credentials/task",
		"value": fixtures.token(fixtures.scene.identity),
	}])
}

test_authority_is_the_one_entry_there_is if {
	_authority([]).intent == "correspond"
}

test_no_authority_of_none_or_of_several if {
	entry := fixtures.scene.task.claims.authorization_details[0]
	other := {"type": "payment_initiation"}

	every entries in [[], [entry, entry], [entry, other], [other, entry]] {
		not _authority([{"op": "replace", "path": "/task/claims/authorization_details", "value": entries}])
	}
}

test_no_authority_of_another_type if {
	every type in ["payment_initiation", "", null, ["inbounds_task"]] {
		not _authority([{"op": "replace", "path": "/task/claims/authorization_details/0/type", "value": type}])
	}
	every path in {"/task/claims/authorization_details", "/task/claims/authorization_details/0"} {
		every patches in fixtures.damages(path) {
			not _authority(patches)
		}
	}
}

_verified(patches) := verified if {
	stage := fixtures.staged(patches)
	verified := task.verified with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_authority(patches) := authority if {
	stage := fixtures.staged(patches)
	authority := task.authority with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}
