package inbounds.lib.approvals_test

import data.inbounds.lib.approvals
import data.inbounds.lib.fixtures_test as fixtures

_reason := "flow.untrusted_argument"

_jti(name) := fixtures.putting("/approval/claims/jti", name)

# A mail to an address that the session found nowhere, with an approval of it.
_sent := fixtures.joined([
	fixtures.calls["mail.send"],
	fixtures.putting("/question/action/properties/arguments/to", ["bob@acme.example"]),
	fixtures.putting("/question/action/properties/parsed", {"/to/0": {
		"kind": "email",
		"local": "bob",
		"domain": "acme.example",
	}}),
	fixtures.putting("/question/context/session/trust", "untrusted"),
	fixtures.putting("/question/context/credentials/approvals", [""]),
])

_standing := fixtures.joined([
	_sent,
	fixtures.putting("/approval/claims/digest", ""),
	fixtures.putting("/approval/claims/recipient", "bob@acme.example"),
])

_plan := fixtures.joined([
	_sent,
	fixtures.putting("/approval/claims/digest", ""),
	fixtures.putting("/approval/claims/tool", ""),
	fixtures.putting("/approval/claims/codes", ["intent.delegated_instruction", _reason]),
	fixtures.putting("/question/action/properties/origins", {"/to/0": {"source": "tool", "grade": "quoted_text"}}),
])

_own := fixtures.joined([
	fixtures.putting("/approval/claims/sub", "alice@acme.example"),
	fixtures.putting("/approval/claims/iss", "alice@acme.example"),
	fixtures.putting("/deployment/approvers/dora/subject", "alice@acme.example"),
	fixtures.putting("/deployment/subjects/alice@acme.example/may_approve", true),
])

_four_eyes := fixtures.putting("/deployment/settings/four_eyes", ["export"])

# A transfer: a tool with a recipient, an amount and a reference to an account.
_paid(amount) := fixtures.joined([
	_standing,
	fixtures.putting("/deployment/tools/mail.send/arguments/~1amount", {"type": "number", "role": "amount"}),
	fixtures.putting("/question/action/properties/arguments/amount", amount),
	fixtures.putting("/approval/claims/cap", 100),
])

_outcome(patches) := fixtures.answer(patches).context.outcome

_allowed(patches) if _outcome(patches) == "allow"

_asks(patches) if {
	answer := fixtures.answer(patches)
	answer.context.outcome == "ask"
	_reason in {reason.code | some reason in answer.context.reasons}
	answer.context.session.approvals == object.get(fixtures.question(patches), ["context", "session", "approvals"], {})
}

test_an_approval_speaks_for_the_reason_it_names if {
	_allowed(_sent)
	_asks(array.concat(_sent, fixtures.putting("/approval/claims/codes", ["irreversible.bulk"])))
	_allowed(array.concat(_sent, fixtures.putting("/approval/claims/codes", ["irreversible.bulk", _reason])))
}

test_a_use_is_remembered_until_the_approval_ends if {
	answer := fixtures.answer(_sent)

	answer.context.session.approvals == {"approval-1": {"until": 1800000600, "times": 1}}
	answer.context.approvals == [{"id": "approval-1", "subject": "dora@acme.example", "self": false}]
	fixtures.answer(array.concat(_sent, _own)).context.approvals == [{
		"id": "approval-1",
		"subject": "alice@acme.example",
		"self": true,
	}]
}

test_uses_add_up if {
	used := fixtures.joined([
		_sent,
		fixtures.putting("/approval/claims/times", 3),
		fixtures.putting("/question/context/session/approvals", {
			"approval-1": {"until": 1800000900, "times": 2},
			"approval-2": {"until": 1800000001, "times": 5},
			"approval-3": {"until": 1800000000, "times": 5},
		}),
	])

	fixtures.answer(used).context.session.approvals == {
		"approval-1": {"until": 1800000900, "times": 3},
		"approval-2": {"until": 1800000001, "times": 5},
	}
}

test_an_approval_that_was_not_needed_is_not_used_up if {
	answer := fixtures.answer(array.concat(_sent, fixtures.putting("/question/context/session/trust", "trusted")))

	answer.context.outcome == "allow"
	answer.context.session.approvals == {}
	not answer.context.approvals
}

test_of_several_the_first_is_used if {
	second := fixtures.token(json.patch(fixtures.scene.approval, [{"op": "replace", "path": "/claims/jti", "value": "b"}]))
	both := array.concat(_sent, fixtures.putting("/question/context/credentials/approvals", ["", second]))

	object.keys(fixtures.answer(both).context.session.approvals) == {"approval-1"}
}

_kept(number) := {format_int(each, 10): {"until": 1800000600, "times": 1} | some each in numbers.range(1, number)}

test_there_is_room_for_sixty_four if {
	path := "/question/context/session/approvals"

	_allowed(array.concat(_sent, fixtures.putting(path, _kept(63))))
	_asks(array.concat(_sent, fixtures.putting(path, _kept(64))))

	# One that has ended takes no room, and one that is used again takes no more.
	_allowed(fixtures.joined([_sent, fixtures.putting(path, object.union(
		_kept(63),
		{"over": {"until": 1800000000, "times": 1}},
	))]))
	again := fixtures.joined([_jti("64"), fixtures.putting("/approval/claims/times", 2)])
	_allowed(fixtures.joined([_sent, again, fixtures.putting(path, _kept(64))]))
}

test_a_standing_one_speaks_for_its_tool_and_recipient if {
	_allowed(_standing)
	_asks(array.concat(_standing, fixtures.putting("/approval/claims/tool", "mail.read")))
	_asks(array.concat(_standing, fixtures.putting("/approval/claims/environment", "development")))
	_asks(array.concat(_standing, fixtures.putting("/approval/claims/environment", "")))
	_allowed(array.concat(_standing, fixtures.putting("/approval/claims/label", "")))
	_asks(array.concat(_standing, fixtures.putting("/approval/claims/recipient", "carol@partner.example")))

	more := fixtures.joined([
		_standing,
		fixtures.putting("/question/action/properties/arguments/to", ["bob@acme.example", "carol@partner.example"]),
		fixtures.putting("/question/action/properties/parsed/~1to~11", {
			"kind": "email",
			"local": "carol",
			"domain": "partner.example",
		}),
	])
	_asks(more)
}

test_a_standing_one_ends_at_its_cap if {
	every amount in [0, 99.5, 100] {
		_allowed(_paid(amount))
	}

	every amount in [100.01, 101, -1] {
		_asks(_paid(amount))
	}
}

_with_fee(fee) := fixtures.joined([
	_paid(60),
	fixtures.putting("/deployment/tools/mail.send/arguments/~1fee", {"type": "number", "role": "amount"}),
	fixtures.putting("/question/action/properties/arguments/fee", fee),
])

test_a_standing_one_counts_all_amounts_together if {
	every fee in [0, 39.5, 40] {
		_allowed(_with_fee(fee))
	}

	every fee in [40.5, 60, -1] {
		_asks(_with_fee(fee))
	}
}

_amounts_within(effects, values) if {
	approvals._amounts_within(100) with input as {"action": {"name": "t", "properties": {"arguments": values}}}
		with data.deployment as {"tools": {"t": {
			"effects": effects,
			"arguments": {
				"/amount": {"type": "number", "role": "amount"},
				"/fee": {"type": "number", "role": "amount"},
			},
		}}}
}

test_a_payment_that_states_no_amount_has_no_standing_one if {
	_amounts_within(["spend"], {"amount": 100})
	_amounts_within(["export"], {})
	_amounts_within(["export"], {"amount": 100})
	not _amounts_within([], {})
	not _amounts_within(["export"], {"amount": 101})

	every values in [{}, {"amount": null}, {"amount": "7"}, {"amount": true}, {"amount": 101}, {"fee": -1}] {
		not _amounts_within(["spend"], values)
	}
}

test_who_said_yes_to_a_recipient_has_not_seen_other_arguments if {
	coded := fixtures.joined([
		_standing,
		fixtures.putting("/deployment/tools/mail.send/arguments/~1script", {"role": "code"}),
		fixtures.putting("/question/action/properties/arguments/script", "x"),
	])

	_asks(coded)
	_allowed(array.concat(coded, fixtures.putting(
		"/question/action/properties/origins",
		{"/script": {"source": "prompt", "grade": "prompt"}},
	)))
}

# A mail that goes to everybody where no copy is addressed.
_copied(absent) := fixtures.putting(
	"/deployment/tools/mail.send/arguments/~1cc",
	{"role": "recipient", "absent": absent},
)

test_who_said_yes_to_a_recipient_or_a_plan_has_not_seen_what_the_tool_chooses if {
	every patches in [_standing, _plan] {
		_asks(array.concat(patches, _copied("any")))
		_allowed(array.concat(patches, _copied("none")))
	}
}

test_what_the_task_itself_says_needs_no_approval_beside_a_standing_one if {
	coded := fixtures.joined([
		_standing,
		fixtures.putting("/deployment/tools/mail.send/arguments/~1script", {"role": "code"}),
		fixtures.putting("/question/action/properties/arguments/script", "x"),
	])
	_asks(coded)

	declared := fixtures.putting(
		"/task/claims/authorization_details/0/tools/mail.send/arguments",
		{"/script": {"one_of": ["x"]}},
	)
	_allowed(array.concat(coded, declared))

	bounded := fixtures.putting("/task/claims/authorization_details/0/bounds", {"code": {"values": ["x"]}})
	_allowed(array.concat(coded, bounded))
}

test_a_plan_speaks_for_what_a_named_record_says if {
	_allowed(_plan)

	every grade in ["third_party_text", "third_party_meta", "listing", "none"] {
		_asks(array.concat(_plan, fixtures.putting("/question/action/properties/origins/~1to~10/grade", grade)))
	}
}

_bounded(role, grades) := fixtures.joined([
	fixtures.putting("/task/claims/authorization_details/0/bounds", {role: {"origins": grades}}),
	fixtures.putting("/deployment/intents/correspond/bounds", {role: {"origins": grades}}),
])

_coded_from(grade) := fixtures.joined([
	_standing,
	fixtures.putting("/deployment/tools/mail.send/arguments/~1script", {"role": "code"}),
	fixtures.putting("/question/action/properties/arguments/script", "x"),
	fixtures.putting("/question/action/properties/origins", {"/script": {"source": "tool", "grade": grade}}),
	_bounded("code", [grade]),
])

# A bound by origin keeps a call from being denied; a person who saw something else has not answered.
test_a_text_that_the_bounds_let_through_is_no_less_untraced if {
	_allowed(_coded_from("third_party_meta"))

	every grade in ["quoted_text", "third_party_text", "none"] {
		_asks(_coded_from(grade))
	}
}

test_a_plan_speaks_for_the_text_that_the_bounds_let_through_and_no_other if {
	_allowed(array.concat(_plan, _bounded("recipient", ["quoted_text"])))

	other := fixtures.joined([
		_plan,
		fixtures.putting("/deployment/tools/mail.send/arguments/~1script", {"role": "code"}),
		fixtures.putting("/question/action/properties/arguments/script", "x"),
		fixtures.putting("/question/action/properties/origins/~1script", {"source": "tool", "grade": "third_party_text"}),
	])
	_asks(other)
	_asks(array.concat(other, _bounded("code", ["third_party_text"])))
}

test_a_plan_speaks_for_two_reasons_alone if {
	stage := fixtures.staged(array.concat(_plan, fixtures.putting("/approval/claims/codes", [
		_reason,
		"intent.delegated_instruction",
		"irreversible.bulk",
		"irreversible.production",
		"flow.link_in_outgoing_content",
		"site.payroll.large",
	])))
	spoken := {code |
		some code in [
			_reason, "intent.delegated_instruction", "irreversible.bulk",
			"irreversible.production", "flow.link_in_outgoing_content", "site.payroll.large",
		]
		_silenced(stage, code)
	}

	spoken == {_reason, "intent.delegated_instruction"}
}

test_a_plan_does_not_speak_for_arguments_that_no_record_gave if {
	stage := fixtures.staged(array.concat(
		_plan,
		fixtures.putting("/question/action/properties/origins/~1to~10/grade", "prompt"),
	))

	_silenced(stage, "intent.delegated_instruction")
	not _silenced(stage, _reason)
}

test_a_standing_one_or_a_plan_needs_four_eyes_where_they_are_asked_for if {
	every patches in [_standing, _plan] {
		_allowed(array.concat(patches, _own))
		_allowed(array.concat(patches, _four_eyes))
		_asks(fixtures.joined([patches, _own, _four_eyes]))
	}
}

test_an_approval_is_never_a_grant if {
	every patches in [_sent, _standing, _plan] {
		every denied in [
			fixtures.putting("/question/action/properties/arguments/more", 1),
			fixtures.putting("/task/genuine", false),
			fixtures.putting("/task/claims/authorization_details/0/destinations", []),
			fixtures.putting("/task/claims/authorization_details/0/effects", ["read"]),
			fixtures.putting("/deployment/subjects/alice@acme.example/effects", []),
			fixtures.putting("/live/now/switches/fleet", 1799999999),
		] {
			_outcome(array.concat(patches, denied)) == "deny"
		}
	}
}

test_an_answer_that_asks_says_what_would_do if {
	unapproved := fixtures.putting("/question/context/credentials/approvals", [])
	asked := {
		"decision": "01890000-0000-7000-8000-000000000001",
		"nonce": "01890000-0000-7000-8000-000000000001",
		"codes": [_reason],
		"four_eyes": false,
		"plan": false,
		"label": "public",
		"environment": "production",
	}

	fixtures.answer(array.concat(_sent, unapproved)).context.access_request == asked
	fixtures.answer(array.concat(_plan, unapproved)).context.access_request == object.union(asked, {
		"codes": [_reason, "intent.delegated_instruction"],
		"plan": true,
	})
	eyes := fixtures.answer(fixtures.joined([_sent, unapproved, _four_eyes]))
	eyes.context.access_request == object.union(asked, {"four_eyes": true})
}

test_who_has_to_see_it_is_known_or_nobody_sees_it_alone if {
	every patches in [
		[{"op": "remove", "path": "/deployment/settings"}],
		fixtures.putting("/deployment/settings/four_eyes", "export"),
		fixtures.putting("/question/action/name", "mail.unregistered"),
	] {
		stage := fixtures.staged(patches)
		approvals.four_eyes == true with input as stage.question with data.deployment as stage.deployment
	}
}

_silenced(stage, code) if {
	approvals.silencing(code) with input as stage.question
		with data.deployment as stage.deployment
		with data.live as stage.live
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_faults(patches) := faults if {
	stage := fixtures.staged(patches)
	faults := approvals.faults with input as stage.question
		with data.deployment as stage.deployment
		with data.live as stage.live
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
		with data.inbounds.lib.clock.now as stage.now
}

test_what_is_no_list_of_approvals_holds_none if {
	_faults(_sent) == set()

	every given in [{"a": "x"}, {"": ""}, "x", 7, true, {}] {
		patches := array.concat(_sent, fixtures.putting("/question/context/credentials/approvals", given))
		_faults(patches) == set()
		_outcome(patches) == "deny"
	}
}

test_another_approver_beside_is_in_nobody_s_way if {
	another := fixtures.putting("/deployment/approvers/erin", {
		"subject": "erin@acme.example",
		"tenants": ["acme"],
		"algorithms": ["ES256"],
		"keys": {"approval-2": {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"}},
		"max_seconds": 3600,
	})

	_allowed(array.concat(_sent, another))
}

# A standing one that is for somebody else speaks for nothing, though a plan would.
test_only_a_plan_speaks_as_a_plan if {
	_allowed(_plan)
	_asks(fixtures.joined([
		_plan,
		fixtures.putting("/approval/claims/codes", [_reason]),
		fixtures.putting("/approval/claims/tool", "mail.send"),
		fixtures.putting("/approval/claims/recipient", "carol@partner.example"),
	]))
}
