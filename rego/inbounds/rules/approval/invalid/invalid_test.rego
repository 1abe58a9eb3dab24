package inbounds.rules.approval.invalid_test

import data.inbounds.lib.fixtures_test as fixtures

_carried := fixtures.joined([
	fixtures.calls["mail.send"],
	fixtures.putting("/question/action/properties/arguments/to", ["bob@acme.example"]),
	fixtures.putting("/question/context/credentials/approvals", [""]),
])

_claims := "/approval/claims"

_with(claim, value) := array.concat(_carried, fixtures.putting(concat("/", [_claims, claim]), value))

_names(patches, fault) if {
	fixtures.stands("approval", "invalid", patches)
	fixtures.details("approval", "invalid", patches) == {{"approval": 0, "fault": fault}}
}

test_ruled_out_without_one if {
	every _, patches in fixtures.calls {
		fixtures.ruled_out("approval", "invalid", patches)
	}
}

test_ruled_out_where_nothing_is_wrong_with_it if {
	fixtures.ruled_out("approval", "invalid", _carried)
	fixtures.details("approval", "invalid", _carried) == set()
}

test_names_what_is_wrong_with_it if {
	every fault, wrong in {
		"other_call": {"digest": "hmac-sha256:key-1:01"},
		"expired": {"exp": 1800000000},
		"too_long": {"exp": 1800003591},
		"wrong_audience": {"aud": ["elsewhere"]},
		"other_tenant": {"tenant": "globex"},
		"other_requester": {"requester": "eve@acme.example"},
		"other_task": {"task": "task-2"},
		"not_the_approver": {"iss": "alice@acme.example"},
		"issued_ahead": {"iat": 1800000006},
	} {
		every claim, value in wrong {
			_names(_with(claim, value), fault)
		}
	}
}

test_is_for_what_was_shown if {
	_names(_with("digest", "hmac-sha256:key-1:00"), "other_call")
	_names(_with("label", "internal"), "other_call")
	_names(_with("label", ""), "other_call")
	_names(_with("environment", "development"), "other_call")
	_names(_with("environment", ""), "other_call")

	every changed in [
		fixtures.putting("/question/action/properties/request_digest", "hmac-sha256:key-1:ab"),
		fixtures.putting("/question/action/properties/request_digest", ""),
		fixtures.putting("/question/resource/properties/environment", "development"),
		fixtures.putting("/question/resource/properties/label", "internal"),
		fixtures.putting("/deployment/labels/resources/mailbox/label", "internal"),
		fixtures.putting("/deployment/labels/resources/mailbox/prefixes", {"ali": "secret"}),
	] {
		_names(array.concat(_carried, changed), "other_call")
	}
}

test_is_for_one_tool if {
	_names(_with("tool", "mail.read"), "other_call")
}

test_begins_in_the_future_of_nobody if {
	every start in [1800000006, "soon", null] {
		_names(_with("nbf", start), "issued_ahead")
	}
}

test_holds_up_to_each_boundary if {
	longest := concat("", ["x" | some _ in numbers.range(1, 256)])
	fixtures.ruled_out("approval", "invalid", _with("nonce", longest))
	fixtures.ruled_out("approval", "invalid", fixtures.joined([
		_with("digest", ""),
		fixtures.putting("/approval/claims/recipient", "bob@acme.example"),
		fixtures.putting("/approval/claims/cap", 9007199254740991),
	]))

	every wrong in [
		{"exp": 1800000001},
		{"exp": 1800003590},
		{"iat": 1800000005},
		{"nbf": 1800000005},
		{"times": 1000},
	] {
		every claim, value in wrong {
			fixtures.ruled_out("approval", "invalid", _with(claim, value))
		}
	}
}

test_an_approver_speaks_for_its_tenants_alone if {
	elsewhere := fixtures.putting("/deployment/approvers/dora/tenants", ["globex"])

	_names(array.concat(_carried, elsewhere), "other_tenant")

	# Of two of them, an approval is for the one that the task is of.
	both := fixtures.putting("/deployment/approvers/dora/tenants", ["globex", "acme"])
	fixtures.ruled_out("approval", "invalid", array.concat(_carried, both))
	_names(array.concat(_with("tenant", "globex"), both), "other_tenant")
	_names(
		array.concat(_carried, fixtures.putting("/deployment/approvers/dora/tenants", {"x": "acme"})),
		"other_tenant",
	)
}

test_an_approver_signs_for_nobody_else if {
	_names(
		array.concat(_carried, fixtures.putting("/deployment/approvers/dora/subject", "emil@acme.example")),
		"not_the_approver",
	)
}

test_an_approver_still_may if {
	_names(array.concat(_carried, fixtures.putting("/deployment/groups/approvers/may_approve", false)), "may_not_approve")
}

test_an_approval_that_was_withdrawn_is_none if {
	every feed in ["baseline", "now"] {
		revoked := fixtures.putting(concat("/", ["/live", feed, "revoked/approval-1"]), 1799999999)
		_names(array.concat(_carried, revoked), "revoked")
	}
}

test_is_used_as_often_as_it_says if {
	once := {"approval-1": {"until": 1800000600, "times": 1}}
	used := array.concat(_carried, fixtures.putting("/question/context/session/approvals", once))

	_names(used, "used_up")
	_names(array.concat(used, fixtures.putting("/approval/claims/times", 1)), "used_up")
	fixtures.ruled_out("approval", "invalid", array.concat(used, fixtures.putting("/approval/claims/times", 2)))
}

test_nobody_approves_for_himself_what_takes_four_eyes if {
	own := fixtures.joined([
		_with("sub", "alice@acme.example"),
		fixtures.putting("/approval/claims/iss", "alice@acme.example"),
		fixtures.putting("/deployment/approvers/dora/subject", "alice@acme.example"),
		fixtures.putting("/deployment/subjects/alice@acme.example/may_approve", true),
	])

	fixtures.ruled_out("approval", "invalid", own)
	spending := fixtures.putting("/deployment/settings/four_eyes", ["spend"])
	fixtures.ruled_out("approval", "invalid", array.concat(own, spending))

	# What a tool without effects does nobody knows.
	_names(array.concat(own, fixtures.putting("/deployment/tools/mail.send/effects", [])), "self_approved")

	every effects in [["export"], ["spend", "export"], "export", {"export": true}, null] {
		_names(array.concat(own, fixtures.putting("/deployment/settings/four_eyes", effects)), "self_approved")
	}
}

test_a_key_of_two_approvers_is_nobody_s if {
	shared := fixtures.putting("/deployment/approvers/emil", fixtures.scene.deployment.approvers.dora)

	_names(array.concat(_carried, shared), "unverified")
}

test_another_token_is_no_approval if {
	every wrong in [
		fixtures.putting("/approval/genuine", false),
		fixtures.putting("/approval/header/typ", "JWT"),
		fixtures.putting("/approval/header/typ", "task+jwt"),
		fixtures.putting("/approval/header/alg", "EdDSA"),
		fixtures.putting("/approval/header/alg", "none"),
		fixtures.putting("/approval/header/kid", "identity-1"),
		fixtures.putting("/approval/header/kid", "nobody-1"),
		fixtures.putting("/deployment/approvers/dora/algorithms", ["EdDSA"]),
		[{"op": "remove", "path": "/deployment/approvers/dora"}],
		[{"op": "remove", "path": "/deployment/approvers"}],
		fixtures.putting("/question/context/credentials/approvals", ["x"]),
		fixtures.putting("/question/context/credentials/approvals", ["a.b.c"]),
		fixtures.putting("/question/context/credentials/approvals", [null]),
	] {
		_names(array.concat(_carried, wrong), "unverified")
	}
}

test_every_claim_is_there_and_of_its_type if {
	texts := ["iss", "sub", "jti", "task", "tenant", "requester", "nonce"]
	every claim in texts {
		every value in ["", null, 7, true, ["x"], {"x": 1}] {
			_names(_with(claim, value), "malformed")
		}
		_names(_with(claim, concat("", [letter | some _ in numbers.range(0, 256); letter := "x"])), "malformed")
	}
	every claim in ["digest", "tool", "recipient", "label", "environment"] {
		every value in [null, 7, true, ["x"], {"x": 1}] {
			_names(_with(claim, value), "malformed")
		}
	}
	every claim in ["exp", "iat", "cap", "times"] {
		every value in ["1800000500", null, true, -1, 1.5, 9007199254740992, 1e300, [1], {"x": 1}] {
			_names(_with(claim, value), "malformed")
		}
	}
	every value in [0, 1001] {
		_names(_with("times", value), "malformed")
	}
	every value in [[], [7], [""], {"x": "inbounds"}, null, 7, ["inbounds", null]] {
		_names(_with("aud", value), "malformed")
		_names(_with("codes", value), "malformed")
	}
	others := ["digest", "tool", "recipient", "label", "environment", "exp", "iat", "cap", "times", "aud", "codes"]
	every claim in array.concat(texts, others) {
		_names(array.concat(_carried, [{"op": "remove", "path": concat("/", [_claims, claim])}]), "malformed")
	}
}

test_an_approval_is_of_one_kind if {
	_names(_with("recipient", "bob@acme.example"), "malformed")
	_names(_with("cap", 1), "malformed")
	_names(_with("tool", ""), "malformed")
	_names(_with("digest", ""), "malformed")
	plan := fixtures.joined([_with("digest", ""), fixtures.putting("/approval/claims/tool", "")])

	fixtures.ruled_out("approval", "invalid", plan)
	_names(array.concat(plan, fixtures.putting("/approval/claims/recipient", "bob@acme.example")), "malformed")
	_names(array.concat(plan, fixtures.putting("/approval/claims/cap", 1)), "malformed")
}

test_a_claim_that_nobody_knows_changes_nothing if {
	fixtures.ruled_out("approval", "invalid", _with("more", {"x": 1}))
}

test_given_twice_it_is_none if {
	twice := array.concat(_carried, fixtures.putting(
		"/question/context/credentials/approvals",
		["", fixtures.token(fixtures.scene.approval)],
	))

	fixtures.stands("approval", "invalid", twice)
	fixtures.details("approval", "invalid", twice) == {
		{"approval": 0, "fault": "given_twice"},
		{"approval": 1, "fault": "given_twice"},
	}
}

test_names_the_one_of_several_that_is_wrong if {
	two := array.concat(_carried, fixtures.putting("/question/context/credentials/approvals", ["", "x"]))

	fixtures.stands("approval", "invalid", two)
	fixtures.details("approval", "invalid", two) == {{"approval": 1, "fault": "unverified"}}
}

test_carries_no_more_than_eight if {
	good := [fixtures.token(json.patch(
		fixtures.scene.approval,
		[{"op": "replace", "path": "/claims/jti", "value": format_int(number, 10)}],
	)) |
		some number in numbers.range(1, 9)
	]
	given := "/question/context/credentials/approvals"

	fixtures.ruled_out("approval", "invalid", array.concat(_carried, fixtures.putting(given, array.slice(good, 0, 8))))
	fixtures.stands("approval", "invalid", array.concat(_carried, fixtures.putting(given, good)))
}

test_stands_when_anything_it_reads_is_missing if {
	fixtures.stands_without("approval", "invalid", _carried, [
		"/question/action/name",
		"/question/action/properties/request_digest",
		"/question/context/session/approvals",
		"/question/context/credentials",
		"/question/resource/properties/environment",
		"/deployment/labels/order",
		"/deployment/approvers/dora/subject",
		"/deployment/approvers/dora/tenants",
		"/deployment/approvers/dora/algorithms",
		"/deployment/approvers/dora/keys",
		"/deployment/approvers/dora/max_seconds",
		"/deployment/settings/audience",
		"/deployment/subjects/dora@acme.example",
		"/deployment/groups/approvers",
		"/deployment/groups/approvers/may_approve",
		"/live/now/head",
		"/live/now/revoked",
		"/live/baseline/revoked",
		"/task",
	])
}

test_stands_when_anything_it_reads_is_of_another_type if {
	fixtures.stands_retyped(
		"approval", "invalid", _carried, [
			"/question/action/name",
			"/question/action/properties/request_digest",
			"/deployment/approvers/dora/subject",
			"/deployment/settings/audience",
		],
		"string",
	)
	fixtures.stands_retyped(
		"approval", "invalid", _carried, [
			"/question/context/session/approvals",
			"/deployment/approvers/dora/keys",
			"/deployment/approvers/dora",
			"/deployment/approvers",
		],
		"object",
	)
	fixtures.stands_retyped("approval", "invalid", _carried, ["/deployment/approvers/dora/max_seconds"], "number")
	fixtures.stands_retyped("approval", "invalid", _carried, ["/deployment/groups/approvers/may_approve"], "boolean")
	fixtures.stands_retyped(
		"approval", "invalid", _carried, [
			"/question/context/credentials/approvals",
			"/deployment/approvers/dora/tenants",
		],
		"array",
	)
}

test_stands_for_what_is_no_question if {
	every anything in fixtures.junk {
		not fixtures.ruled_out_of("approval", "invalid", anything)
	}
}
