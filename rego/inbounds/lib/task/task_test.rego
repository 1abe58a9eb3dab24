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

_first := fixtures.scene.hops[0].claims

_second := fixtures.scene.hops[1].claims

test_what_may_be_done_is_what_the_last_hops_were_given if {
	_authority([]) == fixtures.scene.task.claims.authorization_details[0]
	_authority(fixtures.delegated(1)) == _first.authorization_details[0]
	_authority(fixtures.delegated(2)) == _second.authorization_details[0]
	_actor([]) == "spiffe://acme.example/agent/assistant"
	_actor(fixtures.delegated(1)) == _first.act.sub
	_actor(fixtures.delegated(2)) == _second.act.sub
	_depth([]) == 0
	_depth(fixtures.delegated(2)) == 2
	_depth(array.concat(fixtures.delegated(2), fixtures.putting("/task/claims/del_depth", 1))) == 3
}

test_nothing_may_be_done_by_hops_that_are_not_known if {
	every chain in [null, 0, true, "", "x", {}, {"0": ""}, [null], ["x"]] {
		patches := fixtures.putting("/question/context/credentials/chain", chain)
		not _authority(patches)
		not _actor(patches)
		not _accounts(patches)
	}

	forged := array.concat(fixtures.delegated(2), fixtures.putting("/hops/1/genuine", false))
	not _authority(forged)
	not _actor(forged)
	not _accounts(forged)
}

test_how_deep_a_task_is_needs_a_number_and_hops if {
	every value in [null, true, "0", [], {}] {
		not _depth(fixtures.putting("/task/claims/del_depth", value))
	}

	every chain in [null, 0, true, "x", {}] {
		not _depth(fixtures.putting("/question/context/credentials/chain", chain))
	}
}

test_each_hop_keeps_an_account_of_their_own if {
	root := {"id": "task-1", "authority": fixtures.scene.task.claims.authorization_details[0]}
	_accounts([]) == [root]

	first := {"id": "/delegation-1", "authority": _first.authorization_details[0]}
	_accounts(fixtures.delegated(1)) == [root, first]

	second := {"id": "/delegation-1/delegation-2", "authority": _second.authorization_details[0]}
	_accounts(fixtures.delegated(2)) == [root, first, second]
}

# Whoever delegates names the next hop, and reaches no account but those below his own.
test_hops_that_are_named_like_others_keep_an_account_of_their_own if {
	every patches in [
		fixtures.putting("/hops/1/claims/delegation", "delegation-1"),
		fixtures.putting("/hops/0/claims/delegation", "task-1"),
	] {
		accounts := _accounts(array.concat(fixtures.delegated(2), patches))
		count({account.id | some account in accounts}) == 3
	}
}

test_no_account_is_kept_where_one_is_missing if {
	every patches in [
		[{"op": "remove", "path": "/hops/0/claims/delegation"}],
		[{"op": "remove", "path": "/hops/1/claims/delegation"}],
	] {
		not _accounts(array.concat(fixtures.delegated(2), patches))
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

_actor(patches) := actor if {
	stage := fixtures.staged(patches)
	actor := task.actor with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_depth(patches) := depth if {
	stage := fixtures.staged(patches)
	depth := task.depth with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_accounts(patches) := accounts if {
	stage := fixtures.staged(patches)
	accounts := task.accounts with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}
