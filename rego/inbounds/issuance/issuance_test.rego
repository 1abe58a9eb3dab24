package inbounds.issuance_test

import data.inbounds.issuance
import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.lib.paths

_now := fixtures.scene.now

_agent := "/deployment/agents/spiffe:~1~1acme.example~1agent~1assistant"

_alice := "/deployment/subjects/alice@acme.example"

# What is asked: all that can be had of the intent.
_asking := {
	"question": {
		"question": 1,
		"subject": "alice@acme.example",
		"agent": "spiffe://acme.example/agent/assistant",
		"intent": "correspond",
		"tenant": "acme",
		"environment": "production",
		"scope": {"effects": [], "tools": {}, "resources": [], "destinations": [], "label": ""},
		"seconds": 600,
	},
	"deployment": fixtures.scene.deployment,
}

_answer(patches) := answer if {
	stage := json.patch(_asking, patches)
	answer := issuance.task with input as stage.question
		with data.deployment as stage.deployment
		with data.inbounds.lib.clock.now as _now
}

_codes(patches) := [reason.code | some reason in _answer(patches).reasons]

_narrowed(field, value) := fixtures.putting(concat("/", ["/question/scope", field]), value)

test_gives_all_of_the_intent_that_all_have_in_common if {
	_answer([]) == {
		"issued": true,
		"depth": 2,
		"reasons": [],
		"cut": [],
		"authority": {
			"type": "inbounds_task",
			"intent": "correspond",
			"effects": ["export", "read", "write"],
			"tools": {
				"mail.read": {"arguments": {}},
				"mail.send": {"arguments": {}},
				"file.write": {"arguments": {}},
				"web.get": {"arguments": {}},
			},
			"resources": fixtures.scene.deployment.intents.correspond.resources,
			"destinations": ["colleagues", "intranet"],
			"label": "confidential",
			"bounds": {},
			"windows": [],
			"delegated": [],
			"budgets": {},
			"environment": "production",
			"deadline": _now + 600,
		},
	}
}

test_the_authority_has_the_shape_of_a_task_token_s if {
	authority := _answer([]).authority
	patches := fixtures.putting("/task/claims/authorization_details", [authority])

	fixtures.answer(patches).decision == true
}

test_a_narrower_that_is_left_out_asks_for_all if {
	_answer(fixtures.putting("/question/scope", {})) == _answer([])
}

test_gives_what_was_asked_for_and_no_more if {
	every example in [
		{"field": "effects", "asked": ["read"], "given": ["read"]},
		{"field": "destinations", "asked": ["intranet"], "given": ["intranet"]},
		{"field": "label", "asked": "internal", "given": "internal"},
		{"field": "tools", "asked": {"mail.read": {}}, "given": {"mail.read": {"arguments": {}}}},
		{
			"field": "tools",
			"asked": {"mail.read": {"arguments": {"/id": {"one_of": ["42"]}}}},
			"given": {"mail.read": {"arguments": {"/id": {"one_of": ["42"]}}}},
		},
		{
			"field": "resources",
			"asked": [{"type": "file", "prefixes": ["/work/notes/"]}],
			"given": [{"type": "file", "prefixes": ["/work/notes/"]}],
		},
	] {
		answer := _answer(_narrowed(example.field, example.asked))
		answer.authority[example.field] == example.given
		answer.cut == []
	}
}

test_says_what_was_asked_for_and_is_not_given if {
	every example in [
		{"field": "effects", "asked": ["read", "delete"], "cut": [{"effect": "delete"}]},
		{"field": "tools", "asked": {"mail.read": {}, "mail.purge": {}}, "cut": [{"tool": "mail.purge"}]},
		{"field": "destinations", "asked": ["intranet", "press"], "cut": [{"destination": "press"}]},
		{"field": "label", "asked": "secret", "cut": [{"label": "secret"}]},
		{
			"field": "resources",
			"asked": [{"type": "mail", "prefixes": ["4"]}, {"type": "file", "prefixes": ["/"]}],
			"cut": [{"resource": "file"}],
		},
		{
			"field": "resources",
			"asked": [{"type": "mail"}, {"type": "file", "prefixes": ["/work/a", "/home/"]}],
			"cut": [{"resource": "file"}],
		},
		{
			"field": "resources",
			"asked": [{"type": "mail"}, {"type": "file"}, {"type": "calendar"}],
			"cut": [{"resource": "calendar"}, {"resource": "file"}],
		},
		{
			"field": "resources",
			"asked": [{"type": "mail"}, {"type": "file", "prefixes": []}],
			"cut": [{"resource": "file"}],
		},
	] {
		answer := _answer(_narrowed(example.field, example.asked))
		answer.issued
		answer.cut == example.cut
	}
}

test_the_intent_bounds_what_can_be_asked_for if {
	every example in [
		{"of": "effects", "had": ["read"], "asked": ["read", "write"], "cut": [{"effect": "write"}]},
		{"of": "tools", "had": ["mail.read"], "asked": {"mail.read": {}, "web.get": {}}, "cut": [{"tool": "web.get"}]},
		{"of": "destinations", "had": [], "asked": ["intranet"], "cut": [{"destination": "intranet"}]},
	] {
		answer := _answer(fixtures.joined([
			fixtures.putting(concat("/", ["/deployment/intents/correspond", example.of]), example.had),
			_narrowed(example.of, example.asked),
		]))
		answer.issued
		answer.cut == example.cut
	}
}

test_says_what_the_intent_names_and_somebody_lacks if {
	every example in [
		{"patches": fixtures.putting(concat("/", [_agent, "manifest/effects"]), ["read"]), "cut": [
			{"effect": "export"},
			{"effect": "write"},
		]},
		{"patches": fixtures.putting(concat("/", [_alice, "effects"]), []), "cut": [{"effect": "export"}]},
		{"patches": fixtures.putting("/deployment/groups/staff/effects", ["read"]), "cut": [{"effect": "write"}]},
		{
			"patches": fixtures.putting(concat("/", [_agent, "manifest/tools"]), ["mail.read", "mail.send", "web.get"]),
			"cut": [{"tool": "file.write"}],
		},
		{"patches": fixtures.putting("/deployment/groups/staff/tools", ["mail.read", "web.get"]), "cut": [
			{"tool": "file.write"},
			{"tool": "mail.send"},
		]},
		{"patches": fixtures.putting(concat("/", [_agent, "clearance"]), "internal"), "cut": [{"label": "confidential"}]},
		{"patches": fixtures.putting(concat("/", [_alice, "clearance"]), ""), "cut": [{"label": "confidential"}]},
	] {
		answer := _answer(example.patches)
		answer.issued
		answer.cut == example.cut
	}
}

test_the_label_is_the_lowest_of_all if {
	every example in [
		{"patches": [], "label": "confidential"},
		{"patches": fixtures.putting("/deployment/intents/correspond/label", "public"), "label": "public"},
		{"patches": fixtures.putting("/deployment/intents/correspond/label", "secret"), "label": "confidential"},
		{"patches": fixtures.putting(concat("/", [_agent, "clearance"]), "internal"), "label": "internal"},
		{"patches": fixtures.putting(concat("/", [_alice, "clearance"]), "internal"), "label": "internal"},
		{"patches": _narrowed("label", "public"), "label": "public"},
	] {
		_answer(example.patches).authority.label == example.label
	}
}

test_the_task_ends_when_the_first_of_both_says_so if {
	unsaid := [{"op": "remove", "path": "/deployment/intents/correspond/seconds"}]
	_answer(unsaid).authority.deadline == _now + 600
	longest := array.concat(unsaid, fixtures.putting("/question/seconds", 7200))
	_answer(longest).authority.deadline == _now + 3600

	every example in [
		{"seconds": 600, "intent": 3600, "deadline": 600},
		{"seconds": 7200, "intent": 3600, "deadline": 3600},
		{"seconds": 7200, "intent": 1800, "deadline": 1800},
		{"seconds": 0, "intent": 3600, "deadline": 0},
	] {
		answer := _answer(fixtures.joined([
			fixtures.putting("/question/seconds", example.seconds),
			fixtures.putting("/deployment/intents/correspond/seconds", example.intent),
		]))
		answer.authority.deadline == _now + example.deadline
	}
}

test_budgets_are_the_intent_s if {
	_answer(fixtures.putting("/deployment/intents/correspond/budgets", {"calls": 9})).authority.budgets == {"calls": 9}
}

test_refuses_with_the_one_thing_that_is_wrong if {
	every example in [
		{"code": "issuance.agent", "patches": [{"op": "remove", "path": concat("/", [_agent, "state"])}]},
		{"code": "issuance.agent", "patches": fixtures.putting(concat("/", [_agent, "state"]), "retired")},
		{"code": "issuance.agent", "patches": fixtures.putting(concat("/", [_agent, "state"]), "suspended")},
		{"code": "issuance.intent", "patches": fixtures.putting("/question/intent", "plunder")},
		{"code": "issuance.environment", "patches": fixtures.putting("/question/environment", "staging")},
		{"code": "issuance.tenant", "patches": fixtures.putting("/question/tenant", "globex")},
		{"code": "issuance.tenant", "patches": fixtures.putting(concat("/", [_agent, "tenants"]), ["globex"])},
		{"code": "issuance.label", "patches": _narrowed("label", "unknown")},
		{"code": "issuance.label", "patches": fixtures.putting("/deployment/intents/correspond/label", "unknown")},
		{"code": "issuance.label", "patches": fixtures.putting(concat("/", [_agent, "clearance"]), "unknown")},
		{"code": "issuance.empty", "patches": _narrowed("effects", ["delete"])},
		{"code": "issuance.empty", "patches": _narrowed("tools", {"mail.purge": {}})},
		{"code": "issuance.empty", "patches": _narrowed("resources", [{"type": "calendar"}])},
		{"code": "issuance.empty", "patches": fixtures.putting("/deployment/intents/correspond/effects", [])},
		{"code": "issuance.empty", "patches": fixtures.putting("/deployment/intents/correspond/tools", [])},
		{"code": "issuance.empty", "patches": fixtures.putting("/deployment/intents/correspond/resources", [])},
		{"code": "issuance.empty", "patches": fixtures.putting(concat("/", [_agent, "manifest/tools"]), [])},
	] {
		answer := _answer(example.patches)
		answer.issued == false
		answer.cut == []
		not answer.authority
		[reason.code | some reason in answer.reasons] == [example.code]
	}
}

test_refuses_strangers if {
	_codes(fixtures.putting("/question/agent", "spiffe://evil.example/agent")) == ["issuance.agent", "issuance.tenant"]
	_codes(fixtures.putting("/question/subject", "mallory@evil.example")) == ["issuance.subject", "issuance.tenant"]
}

test_refuses_a_question_of_another_shape if {
	every field in ["question", "subject", "agent", "intent", "tenant", "environment", "scope", "seconds"] {
		_codes([{"op": "remove", "path": concat("/", ["/question", field])}]) == ["issuance.malformed"]

		every value in [null, true, -1, [[]], {"": {"x": 1}}] {
			_codes(fixtures.putting(concat("/", ["/question", field]), value)) == ["issuance.malformed"]
		}
	}

	every field in ["effects", "tools", "resources", "destinations", "label"] {
		every value in [null, true, -1, [[]], {"": {"x": 1}}] {
			_codes(_narrowed(field, value)) == ["issuance.malformed"]
		}
	}

	every anything in fixtures.junk {
		answer := issuance.task with input as anything
			with data.deployment as fixtures.scene.deployment
		[reason.code | some reason in answer.reasons] == ["issuance.malformed"]
	}
}

test_refuses_without_a_deployment if {
	every nothing in [{}, null] {
		answer := issuance.task with input as _asking.question
			with data.deployment as nothing
		answer.issued == false
		count(answer.reasons) > 0
	}
}

test_every_refusal_has_words if {
	every example in [
		{
			"patches": fixtures.putting("/question/seconds", null),
			"code": "issuance.malformed",
			"message": "the question does not match its JSON Schema",
			"remedy": "Agent author: ask with the SDK, or compare the question with schemas/issuance_question.json",
		},
		{
			"patches": fixtures.putting(concat("/", [_agent, "state"]), "retired"),
			"code": "issuance.agent",
			"message": "the agent is not registered or not active",
			"remedy": "Operator: register the agent in deployment/agents.yaml",
		},
		{
			"patches": fixtures.putting("/deployment/subjects", {}),
			"code": "issuance.subject",
			"message": "the subject is not registered",
			"remedy": "Operator: register the subject in deployment/subjects.yaml",
		},
		{
			"patches": fixtures.putting("/question/intent", "plunder"),
			"code": "issuance.intent",
			"message": "the intent is not in the deployment",
			"remedy": "Agent author: use an intent of deployment/intents.yaml. Operator: add this one there",
		},
		{
			"patches": fixtures.putting("/question/environment", "staging"),
			"code": "issuance.environment",
			"message": "the environment is not in the deployment",
			"remedy": "Agent author: use an environment of deployment/environments.yaml. Operator: add this one there",
		},
		{
			"patches": fixtures.putting("/question/tenant", "globex"),
			"code": "issuance.tenant",
			"message": "the agent or the subject does not belong to this tenant",
			"remedy": "Agent author: use a tenant of both. Operator: add it to them in deployment/agents.yaml and subjects.yaml",
		},
		{
			"patches": _narrowed("label", "unknown"),
			"code": "issuance.label",
			"message": "a label or a clearance is not in deployment/labels.yaml",
			"remedy": "Operator: use a label of deployment/labels.yaml for the intent, the agent, the subject and the request",
		},
		{
			"patches": fixtures.putting("/deployment/intents/correspond/bounds", []),
			"code": "issuance.bounds",
			"message": "bounds or budgets of the intent or the deployment cannot be read",
			"remedy": "Operator: fix them in deployment/intents.yaml or budgets.yaml; `inbounds bundle build` shows where",
		},
		{
			"patches": _narrowed("effects", ["delete"]),
			"code": "issuance.empty",
			"message": "the task would have no authority left",
			"remedy": "Agent author: ask for something that the subject, the agent and the intent all allow",
		},
	] {
		words := object.remove(object.union(example, {"severity": "high"}), ["patches"])
		words in _answer(example.patches).reasons
	}
}

# Combinations of all, of less and of more than can be had.
_scopes := [{"effects": effects, "tools": tools, "resources": bounds, "destinations": destinations, "label": label} |
	some effects in [[], ["read", "delete"]]
	some tools in [{}, {"mail.read": {"arguments": {"/id": {}}}, "mail.purge": {}}]
	some bounds in [
		[],
		[{"type": "mail"}, {"type": "file", "prefixes": [""]}],
		[{"type": "file", "prefixes": ["/work/a"]}],
	]
	some destinations in [[], ["intranet", "press"]]
	some label in ["public", "secret"]
]

test_what_is_asked_for_never_widens_what_can_be_had if {
	count(_scopes) == 48
	most := _answer([]).authority

	every scope in _scopes {
		answer := _answer(fixtures.putting("/question/scope", scope))
		_no_more(answer.authority, most)
		_all_said(scope, answer)
	}
}

_no_more(authority, most) if {
	authority.label in {"public", "confidential"}
	authority.deadline == most.deadline
	authority.budgets == most.budgets
	count(_lost(authority.effects, most.effects)) == 0
	count(_lost(authority.destinations, most.destinations)) == 0
	count(object.keys(authority.tools) - object.keys(most.tools)) == 0

	every bound in authority.resources {
		_lies_within(bound, most.resources)
	}
}

_all_said(scope, answer) if {
	_lost(scope.effects, answer.authority.effects) == {cut.effect | some cut in answer.cut}
	object.keys(scope.tools) - object.keys(answer.authority.tools) == {cut.tool | some cut in answer.cut}
	_lost(scope.destinations, answer.authority.destinations) == {cut.destination | some cut in answer.cut}
	{scope.label} & {"secret"} == {cut.label | some cut in answer.cut}
}

_lost(asked, given) := {name | some name in asked} - {name | some name in given}

_lies_within(bound, outer) if {
	every prefix in object.get(bound, "prefixes", [""]) {
		some wider in outer
		wider.type == bound.type
		some whole in wider.prefixes
		paths.reaches(prefix, whole)
	}
}

_intent := "/deployment/intents/correspond"

_having(field, value) := fixtures.putting(concat("/", [_intent, field]), value)

_given(patches, field) := _answer(patches).authority[field]

test_bounds_are_those_of_the_intent_and_of_what_was_asked_for if {
	recipients := {"recipient": {"values": ["carol@partner.example"], "domains": ["acme.example"]}}
	_given(_having("bounds", recipients), "bounds") == recipients

	asked := {"recipient": {"values": ["bob@acme.example", "eve@evil.example"]}, "amount": {"up_to": 5}}
	_given(_narrowed("bounds", asked), "bounds") == asked
	both := _answer(array.concat(_having("bounds", recipients), _narrowed("bounds", asked)))
	both.authority.bounds == {
		"recipient": {"values": ["bob@acme.example"], "domains": [], "origins": [], "up_to": 0},
		"amount": {"up_to": 5},
	}
	both.cut == [{"bound": "recipient"}]
	_answer(_narrowed("bounds", asked)).cut == []
}

test_nothing_is_issued_whose_bounds_cannot_be_read if {
	every bounds in [null, [], "x", {"recipient": null}, {"recipient": {"values": "x"}}, {"amount": {"up_to": "x"}}] {
		_codes(_having("bounds", bounds)) == ["issuance.bounds"]
	}
}

test_a_task_is_handed_on_twice_unless_its_budget_says_otherwise if {
	_answer([]).depth == 2

	every depth, most in {0: 0, 1: 1, 3: 3, 4: 4, 7: 4} {
		_answer(fixtures.putting("/deployment/budgets", {"depth": depth})).depth == most
	}
}

test_a_task_of_an_agent_that_may_hand_nothing_on_is_not_handed_on if {
	_answer(fixtures.putting(concat("", [_agent, "/may_delegate_to"]), [])).depth == 0
	_answer([{"op": "remove", "path": concat("", [_agent, "/may_delegate_to"])}]).depth == 0
}

test_budgets_are_the_least_that_anybody_sets if {
	patches := fixtures.joined([
		_having("budgets", {"calls": 9, "writes": 3}),
		fixtures.putting("/deployment/budgets", {"calls": 20, "writes": 2, "exports": 1}),
		_narrowed("budgets", {"calls": 5, "writes": 2, "money.EUR": 100}),
	])
	_given(patches, "budgets") == {"calls": 5, "writes": 2, "exports": 1, "money.EUR": 100}
	_answer(patches).cut == []

	more := array.concat(patches, _narrowed("budgets", {"calls": 10, "writes": 2, "exports": 2, "rows": 7}))
	_given(more, "budgets") == {"calls": 9, "writes": 2, "exports": 1, "rows": 7}
	_answer(more).cut == [{"budget": "calls"}, {"budget": "exports"}]
}

test_a_deployment_without_budgets_takes_none_away if {
	patches := array.concat(
		_having("budgets", {"calls": 9}),
		[{"op": "remove", "path": "/deployment/budgets"}],
	)
	_given(patches, "budgets") == {"calls": 9}
}

test_nothing_is_issued_whose_budgets_cannot_be_read if {
	every budgets in [null, [], "x", 7, true, [["calls", 9]]] {
		_codes(fixtures.putting("/deployment/budgets", budgets)) == ["issuance.bounds"]
		_codes(_having("budgets", budgets)) == ["issuance.bounds"]
	}
}

_mail := {"type": "mail", "prefixes": ["inbox/"], "effects": ["write", "export"]}

# It only has a person asked about more: taken away, calls would go unasked that the caller
# wants asked about.
test_whatever_is_asked_for_by_a_record_stays_asked_about if {
	_given([], "delegated") == []

	every asked in [[_mail], [_mail, {"type": "file"}], [{"type": "nothing known", "effects": ["spend"]}]] {
		every had in [[], [_mail], [{"type": "mail", "prefixes": ["inbox/a"], "effects": ["write"]}]] {
			answer := _answer(array.concat(_having("delegated", had), _narrowed("delegated", asked)))
			answer.authority.delegated == asked
			answer.cut == []
		}
	}
}

test_effects_are_those_of_each_type_of_resource if {
	reading := _having("resources/0/effects", ["read"])

	_given(reading, "resources")[0] == {"type": "mail", "prefixes": [""], "effects": ["read"]}
	some_mail := [{"type": "mail", "prefixes": ["4"], "effects": ["read"]}]
	_given(array.concat(reading, _narrowed("resources", some_mail)), "resources") == some_mail
	_given(_narrowed("resources", [{"type": "file", "prefixes": ["/work/"], "effects": ["read"]}]), "resources") == [{
		"type": "file",
		"prefixes": ["/work/"],
		"effects": ["read"],
	}]

	every effects in [[], ["read", "write"], ["write"]] {
		answer := _answer(array.concat(reading, _narrowed("resources", [
			{"type": "mail", "effects": effects},
			{"type": "file", "prefixes": ["/work/"]},
		])))
		answer.authority.resources == [{"type": "file", "prefixes": ["/work/"]}]
		answer.cut == [{"resource": "mail"}]
	}
}

test_a_task_acts_when_both_intent_and_caller_let_it if {
	_given([], "windows") == []
	early := {"start": 100, "end": 200}
	late := {"start": 300, "end": 400}

	every windows in [[early], [early, late]] {
		_given(_having("windows", windows), "windows") == windows
		_given(_narrowed("windows", windows), "windows") == windows
		both := array.concat(_having("windows", windows), _narrowed("windows", [early]))
		_given(both, "windows") == [early]
		_answer(both).cut == []
		_answer(_narrowed("windows", windows)).cut == []
	}

	overlapping := array.concat(
		_having("windows", [early, late]),
		_narrowed("windows", [{"start": 150, "end": 350}]),
	)
	_given(overlapping, "windows") == [{"start": 150, "end": 200}, {"start": 300, "end": 350}]
	_answer(overlapping).cut == [{"window": {"start": 150, "end": 350}}]
}

test_nothing_is_issued_for_a_time_that_the_intent_never_has if {
	every window in [{"start": 200, "end": 300}, {"start": 0, "end": 100}, {"start": 150, "end": 150}] {
		patches := array.concat(_having("windows", [{"start": 100, "end": 200}]), _narrowed("windows", [window]))
		_codes(patches) == ["issuance.empty"]
	}
}

# A window that never begins is a window: without it, the task could always act.
test_nothing_is_issued_where_no_window_of_the_intent_holds_any_time if {
	every window in [{"start": 150, "end": 150}, {"start": 200, "end": 100}] {
		_codes(_having("windows", [window])) == ["issuance.empty"]
		_codes(_narrowed("windows", [window])) == ["issuance.empty"]
	}
}

_overlapping := [{"start": 100, "end": 300}, {"start": 200, "end": 400}, {"start": 200, "end": 400}]

_having_all := fixtures.joined([
	_having("windows", _overlapping),
	_having("bounds", {"recipient": {"values": ["x", "x"], "domains": ["acme.example"]}, "amount": {"up_to": 9}}),
	_having("budgets", {"calls": 9}),
])

# What a renewal asks for: what was given. It is as `_stated` in the bounds of a role.
_renewed(authority) := fixtures.putting("/question/scope", {axis: value |
	some axis in ["effects", "tools", "resources", "destinations", "label", "bounds", "budgets", "windows", "delegated"]
	value := authority[axis]
})

test_what_was_given_is_given_again_and_no_longer if {
	every asked in [
		{}, {"windows": _overlapping}, {"windows": [{"start": 150, "end": 250}, {"start": 240, "end": 390}]},
		{"effects": ["read", "read"], "destinations": ["intranet", "intranet"], "delegated": [{"type": "mail"}]},
		{"tools": {"mail.read": {"arguments": {"/id": {"one_of": ["1", "1"]}}}}, "budgets": {"calls": 3, "rows": 7}},
		{"resources": [{"type": "file", "prefixes": ["/work/a", "/work/b"]}, {"type": "mail"}], "label": "internal"},
		{"bounds": {"recipient": {"values": ["bob@acme.example", "x"]}, "target": {"values": ["y"]}}},
	] {
		first := _answer(array.concat(_having_all, fixtures.putting("/question/scope", asked)))
		first.issued
		second := _answer(array.concat(_having_all, _renewed(first.authority)))
		third := _answer(array.concat(_having_all, _renewed(second.authority)))
		second.cut == []
		third == second
		object.remove(second.authority, ["bounds"]) == object.remove(first.authority, ["bounds"])
		object.subset(second.authority.bounds, first.authority.bounds)
	}
}

test_nothing_is_issued_whose_windows_cannot_be_read if {
	every windows in [
		null, {}, "x", 7, true, [7],
		[{"start": 1}], [{"start": "1", "end": 2}], [{"start": 1, "end": null}],
	] {
		_codes(_having("windows", windows)) == ["issuance.bounds"]
	}
}

test_refuses_what_narrows_in_another_shape if {
	every field in ["bounds", "budgets", "windows", "delegated"] {
		every value in [null, true, -1, "x", [[]], {"": {"x": 1}}] {
			_codes(_narrowed(field, value)) == ["issuance.malformed"]
		}
	}

	every bounds in [{"query": {}}, {"amount": {"up_to": -1}}, {"recipient": {"origins": ["hearsay"]}}] {
		_codes(_narrowed("bounds", bounds)) == ["issuance.malformed"]
	}
}

test_what_an_intent_assumes_is_never_stated if {
	assumed := {"type": "mail", "assumed": true}
	_given(_narrowed("resources", [assumed]), "resources") == [assumed]

	assuming := _having("resources/0/assumed", true)
	_given(array.concat(assuming, _narrowed("resources", [assumed])), "resources") == [assumed]
	answer := _answer(array.concat(assuming, _narrowed("resources", [{"type": "mail"}, {"type": "page"}])))
	answer.authority.resources == [{"type": "page"}]
	{"resource": "mail"} in answer.cut
}
