package inbounds.issuer_test

import data.inbounds.issuer
import data.inbounds.lib.fixtures_test as fixtures

_user := {
	"genuine": true,
	"header": {"alg": "ES256", "kid": "user-1", "typ": "JWT"},
	"claims": {
		"iss": "https://login.acme.example",
		"sub": "alice@acme.example",
		"aud": ["inbounds"],
		"iat": 1799999990,
		"exp": 1800000200,
	},
}

_users := fixtures.putting("/deployment/issuers/users", {
	"issuer": "https://login.acme.example",
	"kind": "production",
	"vouches_for": ["subject"],
	"tenants": ["acme"],
	"environments": ["production"],
	"effects": [],
	"algorithms": ["ES256"],
	"keys": {"user-1": {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"}},
	"max_seconds": 3600,
})

_workload := "spiffe://acme.example/agent/assistant"

# The user's token is patched at /user, the rest of the scene where it is.
_asked(patches) := {"question": question, "stage": stage} if {
	stage := fixtures.staged(array.concat(_users, [patch | some patch in patches; not _apart(patch.path)]))
	user := json.patch({"user": _user}, [patch | some patch in patches; startswith(patch.path, "/user")]).user
	question := json.patch(
		{
			"question": 1,
			"context": {
				"agent": stage.question.context.agent,
				"credentials": stage.question.context.credentials,
			},
			"subject_token": fixtures.token(user),
			"held": fixtures.scene.task.claims.authorization_details[0],
		},
		[patch | some patch in patches; _asked_with(patch.path)],
	)
}

_apart(path) if startswith(path, "/user")

_apart(path) if _asked_with(path)

_asked_with(path) if startswith(path, "/subject_token")

_asked_with(path) if startswith(path, "/held")

_begun(patches) := answer if {
	asked := _asked(patches)
	answer := issuer.begun with input as asked.question
		with data.deployment as asked.stage.deployment
		with data.live as asked.stage.live
		with data.inbounds.lib.clock.now as asked.stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_renewed(patches) := answer if {
	asked := _asked(patches)
	answer := issuer.renewed with input as asked.question
		with data.deployment as asked.stage.deployment
		with data.live as asked.stage.live
		with data.inbounds.lib.clock.now as asked.stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_signed_in(patches) := answer if {
	asked := _asked(patches)
	answer := issuer.signed_in with input as json.patch(asked.question, [{
		"op": "replace",
		"path": "/context/credentials/task",
		"value": "",
	}])
		with data.deployment as asked.stage.deployment
		with data.live as asked.stage.live
		with data.inbounds.lib.clock.now as asked.stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_codes({"issued": false, "cut": [], "reasons": reasons}) := [reason.code | some reason in reasons]

_issued := {"issued": true, "cut": [], "reasons": []}

_claimed(claim, value) := fixtures.putting(concat("/", ["/user/claims", claim]), value)

_of_users(member, value) := fixtures.putting(concat("/", ["/deployment/issuers/users", member]), value)

test_a_task_is_begun_by_an_agent_and_a_user_that_are_shown if {
	_begun([]) == _issued
	_begun(_claimed("aud", "inbounds")) == _issued
	_begun([{"op": "remove", "path": "/user/header/typ"}]) == _issued

	every typ in ["JWT", "at+jwt"] {
		_begun(fixtures.putting("/user/header/typ", typ)) == _issued
	}
}

test_nobody_s_task_is_begun_without_his_token if {
	_codes(_begun(fixtures.putting("/subject_token", ""))) == ["issuance.subject_unshown"]
	_codes(_begun([{"op": "remove", "path": "/subject_token"}])) == ["issuance.subject_unshown"]
}

# Without a task, all is told of the user's token that depends on none.
test_whether_a_user_is_signed_in_depends_on_no_task if {
	_signed_in([]) == _issued
	_signed_in(_claimed("sub", "dora@acme.example")) == _issued
	_signed_in(_of_users("vouches_for", [])) == _issued
	_codes(_begun(_of_users("vouches_for", []))) == ["issuance.subject_not_for_this"]

	every code, patch in {
		"issuance.subject_unshown": fixtures.putting("/subject_token", ""),
		"issuance.subject_unverified": fixtures.putting("/user/genuine", false),
		"issuance.subject_issuer": _claimed("iss", "https://evil.example"),
		"issuance.subject_audience": _claimed("aud", ["crm"]),
		"issuance.subject_expired": _claimed("exp", 1700000000),
		"issuance.subject_lifetime": _of_users("max_seconds", 200),
		"issuance.subject_delegated": _claimed("act", {"sub": "x"}),
		"issuance.subject_other_use": _claimed("cnf", {"jkt": "x"}),
		"issuance.subject_revoked": [{"op": "remove", "path": "/user/claims/iat"}],
	} {
		code in _codes(_signed_in(patch))
	}

	every anything in fixtures.junk {
		answer := issuer.signed_in with input as anything
		answer.issued == false
	}
}

test_a_token_that_nobody_signed_shows_no_user if {
	every junk in [null, true, 0, [], {}, "x", "a.b.c"] {
		_codes(_begun(fixtures.putting("/subject_token", junk))) == ["issuance.subject_unverified"]
	}

	every patch in [
		fixtures.putting("/user/genuine", false),
		fixtures.putting("/user/header/kid", "user-2"),
		fixtures.putting("/user/header/alg", "EdDSA"),
		fixtures.putting("/user/header/typ", "task+jwt"),
		fixtures.putting("/user/header/typ", "approval+jwt"),
		_of_users("algorithms", []),
	] {
		_codes(_begun(patch)) == ["issuance.subject_unverified"]
	}
}

test_each_fault_of_the_user_s_token_has_its_code if {
	every code, examples in {
		"issuance.subject_issuer": [
			_claimed("iss", "https://evil.example"),
			_claimed("iss", 1),
			[{"op": "remove", "path": "/user/claims/iss"}],
		],
		"issuance.subject_audience": [
			_claimed("aud", ["crm"]),
			_claimed("aud", ["inbounds", "crm"]),
			_claimed("aud", []),
			_claimed("aud", null),
			[{"op": "remove", "path": "/user/claims/aud"}],
		],
		"issuance.subject_lifetime": [
			_claimed("exp", 1800003591),
			_of_users("max_seconds", 200),
			_of_users("max_seconds", null),
		],
		"issuance.subject_not_for_this": [
			_of_users("vouches_for", ["identity", "task"]),
			_of_users("vouches_for", []),
			_of_users("tenants", ["umbrella"]),
			_of_users("environments", ["development"]),
			_of_users("kind", "development"),
			_of_users("kind", null),
		],
		"issuance.subject_other": [
			_claimed("sub", "dora@acme.example"),
			_claimed("sub", 7),
			[{"op": "remove", "path": "/user/claims/sub"}],
			_of_users("users", {"claim": "email"}),
			_of_users("users", {"claim": "name"}),
		],
		"issuance.subject_delegated": [
			_claimed("act", {"sub": _workload}),
			_claimed("act", null),
			_claimed("may_act", {"sub": "spiffe://acme.example/agent/researcher"}),
			_claimed("may_act", {}),
			_claimed("may_act", null),
		],
		"issuance.subject_other_use": [
			_claimed("cnf", {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
			_claimed("cnf", null),
			_claimed("events", {"http://schemas.openid.net/event/backchannel-logout": {}}),
			_claimed("events", {}),
		],
	} {
		every patches in examples {
			_codes(_begun(patches)) == [code]
		}
	}
}

test_a_user_s_token_that_is_over_shows_nobody if {
	every patches in [
		array.concat(_claimed("exp", 1800000000), _claimed("iat", 1799999000)),
		_claimed("nbf", 1800000031),
		_claimed("nbf", "0"),
	] {
		_codes(_begun(patches)) == ["issuance.subject_expired"]
	}

	every claim, others in {"exp": set(), "iat": {"issuance.subject_revoked"}} {
		{"issuance.subject_expired", "issuance.subject_lifetime"} | others == {code |
			some code in _codes(_begun([{"op": "remove", "path": concat("/", ["/user/claims", claim])}]))
		}
	}
}

test_a_user_s_token_that_was_revoked_shows_nobody if {
	_begun(_claimed("jti", "user-token-1")) == _issued
	every list in ["/live/now/revoked", "/live/baseline/revoked"] {
		# Issued at 1799999990; the clock of whoever issued it may be half a minute ahead.
		every at in [1799999960, 1799999990, 1800000000, null, "0"] {
			_codes(_begun(fixtures.putting(concat("/", [list, "issuer:users"]), at))) == ["issuance.subject_revoked"]
		}
		_begun(fixtures.putting(concat("/", [list, "issuer:users"]), 1799999959)) == _issued
		_begun(fixtures.putting(concat("/", [list, "issuer:other"]), 1800000000)) == _issued

		revoked := array.concat(_claimed("jti", "user-token-1"), fixtures.putting(concat("/", [list, "user-token-1"]), 1))
		_codes(_begun(revoked)) == ["issuance.subject_revoked"]
	}
	every jti in [null, 1, ["user-token-1"]] {
		_codes(_begun(_claimed("jti", jti))) == ["issuance.subject_revoked"]
	}
}

test_an_address_counts_where_it_is_verified if {
	by_address := fixtures.joined([
		_of_users("users", {"claim": "email"}),
		_claimed("sub", "opaque-7"),
		_claimed("email", "alice@acme.example"),
	])
	verified := array.concat(by_address, _claimed("email_verified", true))
	_begun(verified) == _issued
	_codes(_begun(by_address)) == ["issuance.subject_other"]
	_codes(_begun(array.concat(verified, _claimed("email", 7)))) == ["issuance.subject_other"]

	every value in [false, null, "true", 1] {
		_codes(_begun(array.concat(by_address, _claimed("email_verified", value)))) == ["issuance.subject_other"]
	}
}

test_a_user_is_of_the_domains_that_its_issuer_may_name if {
	every domains in [[], ["acme.example"], ["other.example", "acme.example"]] {
		_begun(_of_users("users", {"domains": domains})) == _issued
	}
	every domains in [["other.example"], ["example"], [""], null, "acme.example", {"acme.example": true}] {
		_codes(_begun(_of_users("users", {"domains": domains}))) == ["issuance.subject_other"]
	}
}

test_an_audience_of_the_issuer_s_own_counts_where_it_is_named if {
	named := _of_users("users", {"audiences": ["crm"]})
	_begun(array.concat(_claimed("aud", ["crm"]), named)) == _issued
	_codes(_begun(array.concat(_claimed("aud", ["crm", "inbounds"]), named))) == ["issuance.subject_audience"]
}

test_who_may_act_is_this_agent if {
	_begun(_claimed("may_act", {"sub": _workload})) == _issued
}

test_a_workload_acts_on_its_own_authority if {
	entry := "/deployment/subjects/spiffe:~1~1acme.example~1agent~1assistant"
	of_its_own := fixtures.joined([
		fixtures.putting(entry, {"type": "workload", "tenants": ["acme"]}),
		fixtures.putting("/task/claims/sub", _workload),
	])
	alone := array.concat(of_its_own, fixtures.putting("/subject_token", ""))
	_begun(alone) == _issued
	_codes(_begun(of_its_own)) == ["issuance.subject_other"]
	for_alice := fixtures.putting("/task/claims/sub", "alice@acme.example")
	_codes(_begun(array.concat(alone, for_alice))) == ["issuance.subject_unshown"]

	every patches in [
		fixtures.putting(concat("/", [entry, "type"]), "user"),
		[{"op": "remove", "path": concat("/", [entry, "type"])}],
		[{"op": "remove", "path": entry}],
	] {
		count(_codes(_begun(array.concat(alone, patches)))) > 0
	}
}

test_a_task_is_renewed_without_the_user if {
	_renewed([]) == _issued
	_renewed(fixtures.putting("/subject_token", "")) == _issued
}

test_no_more_is_handed_out_than_is_held if {
	authority := "/task/claims/authorization_details/0"
	_codes(_renewed(fixtures.putting(concat("/", [authority, "beyond"]), 1))) == ["task.unverified"]
	_renewed(fixtures.putting(concat("/", [authority, "effects"]), ["read"])) == _issued

	every patches in [
		fixtures.putting("/held/effects", ["read"]),
		fixtures.putting("/held/tools", {"mail.read": {"arguments": {}}}),
		fixtures.putting("/held/destinations", []),
		fixtures.putting("/held/label", "internal"),
		fixtures.putting("/held/deadline", 1800003599),
		fixtures.putting("/held/budgets", {"calls": 1}),
		fixtures.putting("/held/intent", "other"),
		fixtures.putting("/held/resources", []),
		fixtures.putting("/held/bounds", {"recipient": {"values": ["x"]}}),
		fixtures.putting("/held/windows", [{"start": 0, "end": 1}]),
		fixtures.putting("/held/environment", "development"),
		[{"op": "remove", "path": "/held"}],
		fixtures.putting("/held", null),
		fixtures.putting("/held", {}),
	] {
		_codes(_renewed(patches)) == ["issuance.beyond"]
	}
}

test_what_an_action_would_be_refused_for_no_task_is_begun_or_renewed_with if {
	agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant"
	other := "spiffe://acme.example/agent/researcher"

	every code, patches in {
		"identity.unverified": fixtures.putting("/identity/genuine", false),
		"identity.expired": fixtures.putting("/identity/claims/exp", 1800000000),
		"identity.untrusted_issuer": fixtures.putting("/identity/claims/iss", "https://evil.example"),
		"identity.wrong_audience": fixtures.putting("/identity/claims/aud", ["crm"]),
		"identity.lifetime_too_long": fixtures.putting("/identity/claims/iat", 1799990000),
		"identity.not_the_agent_asserted": fixtures.putting("/question/context/agent", other),
		"identity.agent_retired": fixtures.putting(concat("/", [agent, "state"]), "retired"),
		"identity.owner_missing": fixtures.putting(concat("/", [agent, "owner"]), ""),
		"task.unverified": fixtures.putting("/task/genuine", false),
		"task.ended": fixtures.putting("/live/now/ended/task-1", 1),
		"task.revocation_feed_stale": fixtures.putting("/head/claims/as_of", 0),
		"task.not_this_agent": fixtures.putting("/task/claims/act/sub", other),
		"emergency.kill_switch": fixtures.putting("/live/now/switches/fleet", 1),
	} {
		code in _codes(_begun(patches))
		code in _codes(_renewed(patches))
	}
}

test_an_identity_counts_as_far_as_its_issuer_may_vouch if {
	every patches in [
		fixtures.putting("/deployment/issuers/identity/vouches_for", ["task"]),
		fixtures.putting("/deployment/issuers/identity/tenants", ["umbrella"]),
		fixtures.putting("/deployment/issuers/identity/environments", ["development"]),
		fixtures.putting("/deployment/issuers/identity/kind", "development"),
		fixtures.putting("/deployment/issuers/identity/trust_domain", "other.example"),
	] {
		_codes(_begun(patches)) == ["identity.issuer_not_for_this"]
		_codes(_renewed(patches)) == ["identity.issuer_not_for_this"]
	}
}

test_nothing_is_issued_for_what_is_no_question if {
	stage := fixtures.staged([])

	every junk in fixtures.junk {
		begun := issuer.begun with input as junk
			with data.deployment as stage.deployment
			with data.live as stage.live
			with data.inbounds.lib.clock.now as stage.now
			with data.inbounds.lib.jwt.authentic as fixtures.authentic
		begun.issued == false
		renewed := issuer.renewed with input as junk
			with data.deployment as stage.deployment
			with data.live as stage.live
			with data.inbounds.lib.clock.now as stage.now
			with data.inbounds.lib.jwt.authentic as fixtures.authentic
		renewed.issued == false
	}
}

test_what_only_follows_is_left_out if {
	both := array.concat(fixtures.putting("/identity/genuine", false), fixtures.putting("/subject_token", ""))
	not "issuance.subject_unshown" in _codes(_begun(both))
	"identity.unverified" in _codes(_begun(both))
}

test_every_reason_has_its_words if {
	every patches in [
		fixtures.putting("/subject_token", ""),
		fixtures.putting("/user/genuine", false),
		fixtures.putting("/identity/genuine", false),
		fixtures.putting("/held", {}),
	] {
		every answer in [_begun(patches), _renewed(patches)] {
			every reason in answer.reasons {
				count(reason.message) > 10
				count(reason.remedy) > 10
				reason.severity in {"low", "medium", "high", "critical"}
			}
		}
	}
}

_hands(patches) := found if {
	asked := _asked(patches)
	found := issuer.hops with input as asked.question
		with data.deployment as asked.stage.deployment
		with data.live as asked.stage.live
		with data.inbounds.lib.clock.now as 1900000000
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

test_whose_hops_a_task_is_in_is_told_by_name_and_key if {
	mine := fixtures.scene.task.claims.cnf.jwk
	tasks := fixtures.scene.task.claims.iss
	_hands([]) == [{"name": "task-1", "jwk": mine, "issuer": tasks}]
	_hands(fixtures.delegated(2)) == [
		{"name": "task-1", "jwk": mine, "issuer": tasks},
		{"name": "task-1/delegation-1", "jwk": fixtures.scene.hops[0].claims.cnf.jwk, "issuer": tasks},
		{
			"name": "task-1/delegation-1/delegation-2",
			"jwk": fixtures.scene.hops[1].claims.cnf.jwk,
			"issuer": tasks,
		},
	]
}

test_no_hops_are_told_by_who_signs_no_tasks if {
	every patches in [
		fixtures.putting("/deployment/issuers/tasks/vouches_for", ["identity", "subject"]),
		fixtures.putting("/deployment/issuers/tasks/vouches_for", []),
		fixtures.putting("/deployment/issuers/tasks/vouches_for", null),
		fixtures.putting("/task/claims/iss", "https://identity.acme.example"),
		fixtures.putting("/task/claims/iss", null),
		fixtures.putting("/task/header/kid", "identity-1"),
	] {
		_hands(patches) == []
	}
}

test_no_hops_are_told_where_a_signature_does_not_hold if {
	nameless := fixtures.putting("/hops/0/claims/delegation", 7)
	count(_hands(array.concat(fixtures.delegated(1), nameless))) == 1

	every patches in [
		fixtures.putting("/task/genuine", false),
		array.concat(fixtures.delegated(1), fixtures.putting("/hops/0/genuine", false)),
		array.concat(fixtures.delegated(2), fixtures.putting("/hops/1/genuine", false)),
		fixtures.putting("/question/context/credentials/chain", null),
		fixtures.putting("/question/context/credentials/chain", ["x"]),
	] {
		_hands(patches) == []
	}
}

_shown(patches) := answer if {
	asked := _asked(patches)
	answer := issuer.shown with input as asked.question
		with data.deployment as asked.stage.deployment
		with data.live as asked.stage.live
		with data.inbounds.lib.clock.now as asked.stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

test_an_agent_of_the_deployment_is_shown_by_its_token_alone if {
	_shown([]) == _issued

	every path in ["/subject_token", "/held"] {
		_shown([{"op": "remove", "path": path}]) == _issued
	}
	every patches in [
		fixtures.putting("/task/genuine", false),
		fixtures.putting("/question/context/credentials/task", ""),
		fixtures.putting("/live/now/switches/fleet", 1),
	] {
		_shown(patches) == _issued
	}
}

test_a_stranger_is_told_what_is_wrong_with_his_token_alone if {
	other := "spiffe://acme.example/agent/stranger"

	every code, examples in {
		"identity.unverified": [
			fixtures.putting("/identity/genuine", false),
			fixtures.putting("/identity/header/kid", "none"),
			fixtures.putting("/identity/claims/sub", "alice@acme.example"),
			fixtures.putting("/question/context/credentials/identity", "x"),
			fixtures.putting("/question/context/credentials", null),
		],
		"identity.untrusted_issuer": [fixtures.putting("/identity/claims/iss", "https://evil.example")],
		"identity.wrong_audience": [
			fixtures.putting("/identity/claims/aud", ["crm"]),
			[{"op": "remove", "path": "/identity/claims/aud"}],
		],
		"identity.expired": [fixtures.putting("/identity/claims/exp", 1800000000)],
		"identity.lifetime_too_long": [fixtures.putting("/identity/claims/iat", 1799990000)],
		"identity.not_the_agent_asserted": [
			fixtures.putting("/question/context/agent", "spiffe://acme.example/agent/researcher"),
			fixtures.putting("/question/context/agent", null),
		],
		"identity.agent_unregistered": [array.concat(
			fixtures.putting("/identity/claims/sub", other),
			fixtures.putting("/question/context/agent", other),
		)],
	} {
		every patches in examples {
			_codes(_shown(patches)) == [code]
		}
	}

	every junk in fixtures.junk {
		answer := issuer.shown with input as junk
			with data.deployment as fixtures.scene.deployment
		answer.issued == false
	}
}
