package inbounds.delegation_test

import data.inbounds.delegation
import data.inbounds.lib.fixtures_test as fixtures

_researcher := "spiffe://acme.example/agent/researcher"

_agents := "/deployment/agents/spiffe:~1~1acme.example~1agent~1"

# What is asked: all of the scene's task, for the agent that its own may delegate to.
_asking(patches) := json.patch(
	{"question": 1, "context": _holding(patches), "asked": {
		"question": 1,
		"subject": "alice@acme.example",
		"agent": _researcher,
		"intent": "correspond",
		"tenant": "acme",
		"environment": "production",
		"scope": {},
		"seconds": 600,
	}},
	[patch | some patch in patches; startswith(patch.path, "/asked")],
)

_holding(patches) := {
	"agent": stage.question.context.agent,
	"credentials": stage.question.context.credentials,
} if {
	stage := _staged(patches)
}

_staged(patches) := fixtures.staged([patch | some patch in patches; not startswith(patch.path, "/asked")])

_child(patches) := answer if {
	stage := _staged(patches)
	answer := delegation.child with input as _asking(patches)
		with data.deployment as stage.deployment
		with data.live as stage.live
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_accepted(patches) := answer if {
	stage := _staged(patches)
	answer := delegation.accepted with input as {"question": 1, "context": _holding(patches)}
		with data.deployment as stage.deployment
		with data.live as stage.live
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

_codes({"reasons": reasons, "issued": false, "cut": []}) := [reason.code | some reason in reasons]

_narrowed(member, value) := fixtures.putting("/asked/scope", {member: value})

_granted(member, value) := fixtures.putting(concat("/", ["/task/claims/authorization_details/0", member]), value)

test_all_that_both_agents_may_have_is_handed_on if {
	answer := _child([])

	answer.issued
	answer.cut == []
	answer.reasons == []
	held := object.remove(fixtures.scene.task.claims.authorization_details[0], ["tools"])
	answer.authority == object.union(held, {
		"effects": ["export", "read", "write"],
		"tools": {name: {"arguments": {}} | some name in ["file.write", "mail.read", "mail.send", "web.get"]},
		"deadline": fixtures.scene.now + 600,
	})
}

test_the_deadline_is_never_later_than_the_task_s if {
	_child(fixtures.putting("/asked/seconds", 99999)).authority.deadline == 1800003600
}

test_what_is_asked_for_less_of_is_less if {
	every member, value in {
		"effects": ["read"],
		"destinations": ["intranet"],
		"resources": [{"type": "file", "prefixes": ["/work/notes/"]}],
		"label": "internal",
		"budgets": {"calls": 3},
		"windows": [{"start": 1, "end": 1900000000}],
		"bounds": {"recipient": {"domains": ["acme.example"]}},
		"tools": {"mail.read": {"arguments": {"/id": {"one_of": ["7"]}}}},
	} {
		answer := _child(_narrowed(member, value))
		answer.authority[member] == value
		answer.cut == []
	}
}

test_what_is_asked_for_more_of_is_cut_off_and_said if {
	every said, asked in {
		"effect": {"effects": ["read", "delete"]},
		"destination": {"destinations": ["intranet", "press"]},
		"tool": {"tools": {"mail.read": {"arguments": {}}, "mail.purge": {"arguments": {}}}},
		"resource": {"resources": [{"type": "mail"}, {"type": "secret"}]},
	} {
		answer := _child(fixtures.putting("/asked/scope", asked))
		answer.issued
		[name | some cut in answer.cut; some name, _ in cut] == [said]
	}

	held := fixtures.joined([
		_granted("budgets", {"calls": 5}),
		_granted("label", "internal"),
		_granted("windows", [{"start": 10, "end": 1900000000}]),
		_granted("bounds", {
			"recipient": {"values": ["bob@acme.example"], "domains": ["acme.example"]},
			"amount": {"up_to": 9},
			"target": {"values": ["y"]},
		}),
	])
	answer := _child(array.concat(held, fixtures.putting("/asked/scope", {
		"budgets": {"calls": 6, "rows": 1},
		"label": "confidential",
		"windows": [{"start": 0, "end": 1900000000}],
		"bounds": {
			"recipient": {
				"values": ["eve@evil.example", "dan@acme.example"],
				"domains": ["evil.example"],
				"origins": ["prompt"],
			},
			"amount": {"up_to": 7},
			"code": {"values": ["x"]},
		},
	})))
	answer.issued
	answer.authority.budgets == {"calls": 5, "rows": 1}
	answer.authority.label == "internal"
	answer.authority.windows == [{"start": 10, "end": 1900000000}]
	answer.authority.bounds == {
		"recipient": {"values": ["dan@acme.example"], "domains": [], "origins": [], "up_to": 0},
		"amount": {"values": [], "domains": [], "origins": [], "up_to": 7},
		"code": {"values": ["x"]},
		"target": {"values": ["y"]},
	}
	{name | some cut in answer.cut; some name, _ in cut} == {"budget", "label", "window", "bound"}
}

test_money_of_a_currency_that_is_not_held_is_cut_off_and_said if {
	held := _granted("budgets", {"calls": 5, "money.EUR": 100})
	answer := _child(array.concat(held, fixtures.putting("/asked/scope", {"budgets": {
		"money.EUR": 100,
		"money.USD": 7,
	}})))
	answer.issued
	answer.cut == [{"budget": "money.USD"}]
	answer.authority.budgets == {"calls": 5, "money.EUR": 100}
}

test_what_is_held_stays_where_nothing_is_asked_of_it if {
	every member, value in {
		"bounds": {"recipient": {"domains": ["acme.example"]}, "amount": {"up_to": 9}},
		"budgets": {"calls": 5, "money.EUR": 100},
		"windows": [{"start": 10, "end": 1900000000}],
		"delegated": [{"type": "file"}],
		"destinations": ["intranet"],
		"label": "internal",
	} {
		answer := _child(_granted(member, value))
		answer.authority[member] == value
		answer.cut == []
	}
}

test_of_a_bound_that_both_have_what_both_let_through_is_handed_on if {
	held := _granted("bounds", {"recipient": {
		"values": ["bob@acme.example", "eve@evil.example"],
		"domains": ["acme.example", "partner.example"],
		"origins": ["prompt", "listing"],
		"up_to": 9,
	}})

	_child(array.concat(held, _narrowed("bounds", {"recipient": {
		"values": ["eve@evil.example", "mallory@evil.example"],
		"domains": ["evil.example", "acme.example"],
		"origins": ["prompt", "third_party_text"],
		"up_to": 10,
	}}))).authority.bounds == {"recipient": {
		"values": ["eve@evil.example"],
		"domains": ["acme.example"],
		"origins": ["prompt"],
		"up_to": 9,
	}}
}

test_what_a_bound_leaves_out_lets_nothing_through if {
	nothing := {"amount": {"values": [], "domains": [], "origins": [], "up_to": 0}}

	every both in [
		{"held": {"up_to": 9}, "asked": {"values": []}},
		{"held": {"values": [7]}, "asked": {"up_to": 9}},
		{"held": {}, "asked": {"values": [7], "domains": ["acme.example"], "origins": ["prompt"], "up_to": 1}},
		{"held": {"values": [7], "domains": ["acme.example"], "origins": ["prompt"], "up_to": 1}, "asked": {}},
	] {
		held := _granted("bounds", {"amount": both.held})
		_child(array.concat(held, _narrowed("bounds", {"amount": both.asked}))).authority.bounds == nothing
	}
}

test_an_effect_is_handed_on_that_the_task_has_and_the_agent_may_have if {
	manifest := concat("", [_agents, "researcher/manifest/effects"])
	other := fixtures.putting(manifest, ["read", "delete"])
	answer := _child(array.concat(other, _narrowed("effects", ["read", "delete", "export"])))

	answer.authority.effects == ["read"]
	answer.cut == [{"effect": "delete"}, {"effect": "export"}]
	_child(other).authority.effects == ["read"]
}

test_the_label_is_never_above_the_agent_s_clearance if {
	cleared := fixtures.putting(concat("", [_agents, "researcher/clearance"]), "internal")
	_child(cleared).authority.label == "internal"
	_child(cleared).cut == []

	answer := _child(array.concat(cleared, _narrowed("label", "confidential")))
	answer.authority.label == "internal"
	answer.cut == [{"label": "confidential"}]
}

test_the_constraints_that_are_held_stay if {
	held := _granted("tools", {"mail.read": {"arguments": {"/id": {"one_of": ["7", "8"]}}}})

	_child(held).authority.tools == {"mail.read": {"arguments": {"/id": {"one_of": ["7", "8"]}}}}
	tighter := {"mail.read": {"arguments": {"/id": {"one_of": ["7"], "max_length": 1}}}}
	_child(array.concat(held, _narrowed("tools", tighter))).authority.tools == tighter
	wider := {"mail.read": {"arguments": {"/id": {"one_of": ["9"]}}}}
	_codes(_child(array.concat(held, _narrowed("tools", wider)))) == ["issuance.empty"]
}

test_nothing_is_handed_on_that_asks_for_another_task if {
	every name in ["subject", "intent", "tenant", "environment"] {
		_codes(_child(fixtures.putting(concat("/", ["/asked", name]), "other"))) == ["issuance.malformed"]
	}
}

test_nothing_is_handed_on_for_what_is_no_question if {
	every asked in [null, [], "x", 7, {}, {"question": 1}] {
		_codes(_child(fixtures.putting("/asked", asked))) == ["issuance.malformed"]
	}

	every path in ["/asked/scope", "/asked/seconds", "/asked/agent", "/asked/question"] {
		_codes(_child([{"op": "remove", "path": path}])) == ["issuance.malformed"]
		_codes(_child(fixtures.putting(path, null))) == ["issuance.malformed"]
	}

	every anything in fixtures.junk {
		delegation.child.issued == false with input as anything
		delegation.accepted.issued == false with input as anything
	}
}

test_nothing_is_handed_on_to_an_agent_that_may_not_have_it if {
	nobody := fixtures.putting(concat("", [_agents, "assistant/may_delegate_to"]), [])
	_codes(_child(nobody)) == ["delegation.not_permitted"]
	_codes(_child(fixtures.putting(concat("", [_agents, "researcher/state"]), "suspended"))) == ["issuance.agent"]
	_codes(_child(fixtures.putting(concat("", [_agents, "researcher/tenants"]), ["umbrella"]))) == ["issuance.tenant"]
	_codes(_child([{"op": "remove", "path": concat("", [_agents, "researcher/tenants"])}])) == ["issuance.tenant"]
	_codes(_child(fixtures.putting(concat("", [_agents, "researcher/clearance"]), "no such label"))) == ["issuance.label"]
	_codes(_child([{"op": "remove", "path": concat("", [_agents, "researcher/clearance"])}])) == ["issuance.label"]
	_codes(_child([{"op": "remove", "path": concat("", [_agents, "researcher/state"])}])) == ["issuance.agent"]
	_codes(_child([{"op": "remove", "path": concat("", [_agents, "researcher/manifest"])}])) == ["issuance.empty"]
	_codes(_child(_narrowed("label", "no such label"))) == ["issuance.label"]
	_codes(_child([{"op": "remove", "path": concat("", [_agents, "researcher"])}])) == ["issuance.agent"]
	_codes(_child(array.concat(nobody, _narrowed("effects", ["spend"])))) == ["delegation.not_permitted"]
	_codes(_child(fixtures.putting(concat("", [_agents, "researcher/manifest/tools"]), []))) == ["issuance.empty"]
	_codes(_child(_narrowed("effects", ["spend"]))) == ["issuance.empty"]
	_codes(_child(_narrowed("resources", [{"type": "secret"}]))) == ["issuance.empty"]
}

test_nothing_is_handed_on_without_time_that_both_have if {
	held := _granted("windows", [{"start": 0, "end": 1900000000}])
	later := _narrowed("windows", [{"start": 1900000000, "end": 1900000001}])
	_codes(_child(array.concat(held, later))) == ["issuance.empty"]
}

test_nothing_is_handed_on_of_a_task_that_never_acts if {
	_codes(_child(_granted("windows", [{"start": 10, "end": 10}]))) == ["issuance.empty"]
}

# A hop holds what the one above did, however often the task is delegated.
test_what_is_handed_on_whole_is_no_longer_than_it_was if {
	asked := {
		"windows": [{"start": 1, "end": 1900000000}, {"start": 5, "end": 1900000001}],
		"bounds": {"recipient": {"values": ["x", "y"], "domains": [], "origins": [], "up_to": 0}},
		"tools": {"mail.read": {"arguments": {"/id": {"one_of": ["7"]}}}},
		"resources": [{"type": "mail"}, {"type": "file", "prefixes": ["/work/"]}],
		"budgets": {"calls": 3},
		"effects": ["read"],
		"destinations": ["intranet"],
		"label": "internal",
	}
	first := _child(fixtures.putting("/asked/scope", asked)).authority
	first.windows == [{"start": 1, "end": 1900000001}]
	again := fixtures.putting("/asked/scope", object.remove(first, ["type", "intent", "environment", "deadline"]))
	second := _child(fixtures.joined([[patch | some axis, value in first; some patch in _granted(axis, value)], again]))
	second.authority == first
	second.cut == []
}

test_nothing_is_handed_on_in_a_circle_or_too_often if {
	back := fixtures.putting("/asked/agent", "spiffe://acme.example/agent/assistant")
	"delegation.loop" in _codes(_child(back))
	"delegation.loop" in _codes(_child(array.concat(fixtures.delegated(1), back)))

	once := fixtures.putting("/asked/agent", "spiffe://acme.example/agent/librarian")
	_child(array.concat(fixtures.delegated(1), once)).issued
	_codes(_child(fixtures.joined([
		fixtures.delegated(1), once,
		fixtures.putting("/hops/0/claims/del_max_depth", 1),
	]))) == ["delegation.too_deep"]
	"delegation.too_deep" in _codes(_child(array.concat(fixtures.delegated(2), once)))
}

# Whoever holds nothing has nothing to delegate, and nothing was delegated to him.
test_what_is_held_is_judged_by_the_rules_that_an_action_is_judged_by if {
	every code, patches in {
		"identity.unverified": fixtures.putting("/identity/genuine", false),
		"identity.expired": fixtures.putting("/identity/claims/exp", fixtures.scene.now),
		"task.unverified": fixtures.putting("/task/genuine", false),
		"task.expired": fixtures.putting("/task/claims/exp", fixtures.scene.now),
		"task.ended": fixtures.putting("/live/now/ended/task-1", 1),
		"task.revocation_feed_stale": fixtures.putting("/head/claims/as_of", 0),
		"emergency.kill_switch": fixtures.putting("/live/now/switches/fleet", 1),
		"identity.shared_account": fixtures.joined([
			fixtures.putting(concat("", [_agents, "assistant/account"]), "shared"),
			fixtures.putting(concat("", [_agents, "researcher/account"]), "shared"),
		]),
	} {
		code in _codes(_child(patches))
		code in _codes(_accepted(array.concat(fixtures.delegated(1), patches)))
	}

	every code, patches in {
		"delegation.chain_unverified": fixtures.putting("/hops/0/genuine", false),
		"delegation.not_narrowed": fixtures.putting("/hops/0/claims/exp", 1800000201),
		"delegation.other_task": fixtures.putting("/hops/0/claims/task", "task-2"),
	} {
		chained := array.concat(fixtures.delegated(1), patches)
		_codes(_accepted(chained)) == [code]
		_codes(_child(chained)) == [code]
	}
}

test_a_task_is_handed_on_by_its_holder_alone if {
	_codes(_child(fixtures.putting("/task/claims/act/sub", _researcher))) == ["task.not_this_agent"]
	_accepted(fixtures.delegated(1)).issued
}

test_what_was_handed_on_is_told_to_who_was_handed_it if {
	_accepted(fixtures.delegated(2)) == {
		"issued": true,
		"authority": fixtures.scene.hops[1].claims.authorization_details[0],
		"cut": [],
		"reasons": [],
		"task": "task-1",
		"sid": "session-1",
		"tenant": "acme",
		"subject": "alice@acme.example",
		"agents": [
			"spiffe://acme.example/agent/assistant",
			_researcher,
			"spiffe://acme.example/agent/librarian",
		],
		"delegation": "delegation-2",
		"expires": fixtures.scene.hops[1].claims.exp,
	}
}

# Four are the most there are, and this scene has two: here they are as many as it has.
test_nothing_is_handed_on_beyond_the_most_hops_there_are if {
	next := array.concat(
		fixtures.delegated(1),
		fixtures.putting("/asked/agent", "spiffe://acme.example/agent/librarian"),
	)

	_child(next).issued with data.inbounds.lib.delegation.most as 2
	answer := _child(next) with data.inbounds.lib.delegation.most as 1
	_codes(answer) == ["delegation.too_deep"]
}

test_every_refusal_has_words if {
	every example in [
		{
			"patches": fixtures.putting("/asked/seconds", null),
			"code": "issuance.malformed",
			"message": "the question does not match its JSON Schema, or names another task than the one that is delegated",
			"remedy": "Agent author: ask with the SDK, or compare the question with schemas/delegation_question.json",
		},
		{
			"patches": fixtures.putting(concat("", [_agents, "researcher/state"]), "suspended"),
			"code": "issuance.agent",
			"message": "the agent is not registered or not active",
			"remedy": "Operator: register the agent in deployment/agents.yaml",
		},
		{
			"patches": fixtures.putting(concat("", [_agents, "researcher/tenants"]), ["umbrella"]),
			"code": "issuance.tenant",
			"message": "the agent does not belong to the task's tenant",
			"remedy": "Agent author: delegate to an agent of the tenant. Operator: add it in deployment/agents.yaml",
		},
		{
			"patches": _narrowed("label", "no such label"),
			"code": "issuance.label",
			"message": "a label or a clearance is not in deployment/labels.yaml",
			"remedy": "Operator: use a label of deployment/labels.yaml for the agent and the request",
		},
		{
			"patches": _narrowed("effects", ["spend"]),
			"code": "issuance.empty",
			"message": "the delegate would have no authority left",
			"remedy": "Agent author: ask for something that the task and the agent both allow",
		},
	] {
		_child(example.patches).reasons == [object.remove(object.union(example, {"severity": "high"}), ["patches"])]
	}
}

test_every_reason_has_its_words if {
	every patches in [
		fixtures.putting("/asked", {}),
		fixtures.putting("/task/genuine", false),
		_narrowed("effects", ["spend"]),
	] {
		reasons := _child(patches).reasons
		count(reasons) > 0
		every reason in reasons {
			object.keys(reason) == {"code", "message", "remedy", "severity"}
		}
	}
}
