package inbounds.main_test

import data.inbounds.lib.fixtures_test as fixtures
import data.inbounds.main

# What the ordinary scene is decided with, a part of it replaced by a test.
_world := {
	"patches": [],
	"build": fixtures.build,
	"catalogue": _without_escalations,
	"escalations": {},
	"site": {},
}

_without_escalations := object.union(
	object.remove(data.inbounds.catalogue, ["escalations"]),
	{"escalations": {}},
)

_one_obligation := object.union(
	object.remove(_without_escalations, ["obligations"]),
	{"obligations": object.filter(data.inbounds.catalogue.obligations, ["notify.on_effect"])},
)

_answered(parts) := decision if {
	world := object.union(object.remove(_world, object.keys(parts)), parts)
	stage := fixtures.staged(world.patches)
	decision := main.decision with input as stage.question
		with data.inbounds.build as world.build
		with data.inbounds.catalogue as world.catalogue
		with data.inbounds.escalations as world.escalations
		with data.site as world.site
		with data.deployment as stage.deployment
		with data.live as stage.live
		with data.inbounds.lib.clock.now as stage.now
		with data.inbounds.lib.jwt.authentic as fixtures.authentic
}

# Grants and obligations read the question, so they are replaced here alone.
_obliging(parts, obligations) := decision if {
	decision := _answered(parts) with data.inbounds.obligations as obligations
}

_granted(parts, grants) := decision if {
	decision := _answered(parts) with data.inbounds.grants as grants
}

_codes(parts) := [reason.code | some reason in _answered(parts).context.reasons]

_about(category, fault) := {
	"category": category,
	"fault": fault,
	"message": "What is wrong",
	"remedy": "What to do now",
	"severity": "medium",
	"controls": [],
	"depends_on": [],
}

# A build whose site has one rule, one escalation or none.
_with_site(kind, entries) := object.union(
	fixtures.build,
	{"site": object.union(fixtures.build.site, {kind: entries})},
)

_site_rule := _with_site("rules", {"site.payroll.after_hours": _about("payroll", "after_hours")})

_site_escalation := _with_site("escalations", {"site.payroll.large": _about("payroll", "large")})

test_allows_the_ordinary_scene if {
	answer := fixtures.answer([])

	answer.decision == true
	answer.context.outcome == "allow"
	answer.context.reasons == []
	answer.context.session.version == 18
	answer.context.session.spent == {"calls": 13, "writes": 1, "exports": 0, "rows": 41, "bytes": 0, "money": {}}
	answer.context.session.label == "confidential"
	answer.context.session.trust == "untrusted"
}

test_says_what_it_was_decided_with if {
	_answered({}).context.policy == {
		"revision": "test",
		"deployment": "sha256:000000000000",
		"live_as_of": 1799999999,
	}
	_answered({"patches": fixtures.putting("/head/genuine", false)}).context.policy.live_as_of == 0
}

# The feed's age is whole seconds to whoever reads the answer, whatever its owner signs.
test_says_no_age_of_a_feed_that_has_none if {
	every told in [null, "now", [], 1900000000, 1e30] {
		patches := fixtures.putting("/head/claims/as_of", told)
		_answered({"patches": patches}).context.policy.live_as_of == 0
	}
	of_parts := fixtures.putting("/head/claims/as_of", 1799999999.5)
	_answered({"patches": of_parts}).context.policy.live_as_of == 1799999999
}

test_says_what_grants_it if {
	_answered({}).context.grants == [{
		"source": "task.within_bounds",
		"task": "task-1",
		"tool": "mail.read",
		"effects": ["read"],
	}]
}

test_a_rule_of_the_catalogue_that_is_not_in_the_bundle_denies if {
	catalogue := json.patch(_without_escalations, [{
		"op": "add",
		"path": "/rules/payroll.after_hours",
		"value": _about("payroll", "after_hours"),
	}])
	answer := _answered({"catalogue": catalogue})

	answer.decision == false
	answer.context.outcome == "deny"
	answer.context.reasons == [{
		"code": "payroll.after_hours",
		"message": "What is wrong",
		"remedy": "What to do now",
		"severity": "medium",
		"details": [],
	}]
}

test_denies_without_a_catalogue if {
	every catalogue in [{}, {"rules": {}}, {"rules": {}, "escalations": {}, "obligations": {}}, null, []] {
		answer := _answered({"catalogue": catalogue})
		answer.decision == false
		answer.context.outcome == "deny"
	}
}

test_denies_without_a_revision if {
	every build in [
		{},
		null,
		object.remove(fixtures.build, ["revision"]),
		object.union(fixtures.build, {"revision": ""}),
	] {
		_answered({"build": build}).decision == false
	}
}

test_denies_where_nothing_grants if {
	every grants in [{}, {"task": {}}, {"task": {"within_bounds": {}}}, {"task": {"within_bounds": {"grant": set()}}}] {
		answer := _granted({}, grants)
		answer.decision == false
		[reason.code | some reason in answer.context.reasons] == ["capability.not_granted"]
	}

	# Not by that rule alone.
	unwatched := json.patch(_without_escalations, [{"op": "remove", "path": "/rules/capability.not_granted"}])
	_granted({"catalogue": unwatched}, {}).context.outcome == "deny"
}

test_allows_when_the_site_s_rule_rules_its_fault_out if {
	answer := _answered({"build": _site_rule, "site": {"rules": {"payroll": {"after_hours": {"ruled_out": true}}}}})

	answer.decision == true
}

test_denies_by_the_site_s_rule if {
	answer := _answered({"build": _site_rule, "site": {"rules": {"payroll": {"after_hours": {"details": {{"hour": 3}}}}}}})

	answer.decision == false
	answer.context.reasons == [{
		"code": "site.payroll.after_hours",
		"message": "What is wrong",
		"remedy": "What to do now",
		"severity": "medium",
		"details": [{"hour": 3}],
	}]
}

test_denies_by_every_rule_of_a_site_that_is_missing if {
	every site in [{}, {"rules": {}}, {"rules": {"payroll": {}}}, {"rules": {"payroll": {"after_hours": {}}}}, null] {
		_codes({"build": _site_rule, "site": site}) == ["site.payroll.after_hours"]
	}
}

test_only_true_rules_a_fault_out if {
	every answer in [false, "true", 1, null, [true], {"ruled_out": true}] {
		site := {"rules": {"payroll": {"after_hours": {"ruled_out": answer}}}}
		_codes({"build": _site_rule, "site": site}) == ["site.payroll.after_hours"]
	}
}

test_a_site_never_grants_and_never_lifts if {
	answer := _granted(
		{"site": {
			"grants": {"task": {"within_bounds": {"grant": {{"source": "site"}}}}},
			"rules": {"capability": {"not_granted": {"ruled_out": true}}},
		}},
		{},
	)

	answer.decision == false
	answer.context.grants == []
}

test_details_never_decide if {
	every details in ["a text", 7, true, {"hour": 3}] {
		answer := _answered({"build": _site_rule, "site": {"rules": {"payroll": {"after_hours": {"details": details}}}}})
		answer.decision == false
		answer.context.reasons[0].details == []
	}
}

test_more_details_than_a_person_reads_are_counted if {
	answer := _answered_with_details({{"hour": hour} | some hour in numbers.range(1, 256)})
	count(answer.context.reasons[0].details) == 256
	answer.context.reasons[0].details[255] == {"hour": 256}

	more := _answered_with_details({{"hour": hour} | some hour in numbers.range(1, 257)})
	more.context.reasons[0].details == [{"count": 257}]
}

_answered_with_details(details) := _answered({
	"build": _site_rule,
	"site": {"rules": {"payroll": {"after_hours": {"details": details}}}},
})

test_details_may_be_a_list if {
	details := [{"hour": 5}, {"hour": 3}]
	answer := _answered({"build": _site_rule, "site": {"rules": {"payroll": {"after_hours": {"details": details}}}}})

	answer.context.reasons[0].details == [{"hour": 3}, {"hour": 5}]
}

test_a_catalogue_of_one_rule_is_a_catalogue if {
	one := object.filter(data.inbounds.catalogue.rules, ["request.malformed"])
	catalogue := json.patch(_without_escalations, [{"op": "replace", "path": "/rules", "value": one}])

	_answered({"catalogue": catalogue}).decision == true
}

test_asks_when_only_an_escalation_stands if {
	answer := _answered({"build": _site_escalation})

	answer.decision == false
	answer.context.outcome == "ask"
	answer.context.access_request == {
		"decision": "01890000-0000-7000-8000-000000000001",
		"codes": ["site.payroll.large"],
		"nonce": "01890000-0000-7000-8000-000000000001",
		"four_eyes": false,
		"plan": false,
		"label": "internal",
		"environment": "production",
	}
	answer.context.obligations == []
	[reason.code | some reason in answer.context.reasons] == ["site.payroll.large"]
	answer.context.session.refusals == 1
}

test_asks_by_an_escalation_of_its_own if {
	catalogue := json.patch(_without_escalations, [{
		"op": "add",
		"path": "/escalations/payroll.large",
		"value": _about("payroll", "large"),
	}])
	standing := {"payroll": {"large": {"details": {{"argument": "/amount"}}}}}
	answer := _answered({"catalogue": catalogue, "escalations": standing})

	answer.context.outcome == "ask"
	answer.context.reasons[0].details == [{"argument": "/amount"}]
	_answered({"catalogue": catalogue, "escalations": {"payroll": {"large": {"ruled_out": true}}}}).decision == true
}

test_an_escalation_has_details_of_its_own if {
	answer := _answered({
		"build": _site_escalation,
		"site": {"escalations": {"payroll": {"large": {"details": {{"argument": "/amount"}}}}}},
	})

	answer.context.outcome == "ask"
	answer.context.reasons[0].details == [{"argument": "/amount"}]
}

test_allows_when_the_escalation_is_ruled_out if {
	_answered({
		"build": _site_escalation,
		"site": {"escalations": {"payroll": {"large": {"ruled_out": true}}}},
	}).decision == true
}

test_a_denial_beats_an_escalation if {
	answer := _answered({
		"build": _site_escalation,
		"patches": fixtures.putting("/question/action/properties/arguments/more", 1),
	})

	answer.context.outcome == "deny"
	not answer.context.access_request
	[reason.code | some reason in answer.context.reasons] == ["capability.argument_not_allowed", "site.payroll.large"]
}

test_does_not_ask_for_what_nothing_grants if {
	unwatched := json.patch(_without_escalations, [{"op": "remove", "path": "/rules/capability.not_granted"}])

	_granted({"build": _site_escalation, "catalogue": unwatched}, {}).context.outcome == "deny"
}

test_obligations_stand_in_one_order_and_for_an_allow_alone if {
	told := fixtures.putting("/deployment/tools/mail.read/notify", "owner@acme.example")
	site := {"obligations": {"redact": {"body": {"oblige": {
		{"id": "b", "type": "redact", "properties": {}},
		{"id": "a", "type": "redact", "properties": {}},
	}}}}}
	answer := _answered({"patches": told, "site": site})

	answer.decision == true
	[obligation.id | some obligation in answer.context.obligations] == [
		"a",
		"b",
		"notify:01890000-0000-7000-8000-000000000001",
	]

	refused := fixtures.joined([told, fixtures.putting("/question/action/properties/arguments/more", 1)])
	_answered({"patches": refused, "site": site}).context.obligations == []
}

_site_obligation := _with_site("obligations", {"site.notify.large": object.union(
	_about("notify", "large"),
	{"message": "Tell the owner", "remedy": "", "severity": "low"},
)})

test_denies_by_every_obligation_of_a_site_that_is_missing if {
	every site in [
		{},
		{"obligations": {}},
		{"obligations": {"notify": {}}},
		{"obligations": {"notify": {"large": {}}}},
		null,
	] {
		answer := _answered({"build": _site_obligation, "site": site})
		answer.decision == false
		answer.context.outcome == "deny"
		answer.context.obligations == []
		answer.context.reasons == [{
			"code": "site.notify.large",
			"message": "Obligation missing from the policy: Tell the owner",
			"remedy": "Put the bundle that holds it in force again, whole",
			"severity": "critical",
			"details": [],
		}]
	}
}

test_a_missing_obligation_follows_from_nothing if {
	build := json.patch(_site_obligation, [
		{"op": "add", "path": "/site/rules/site.payroll.after_hours", "value": _about("payroll", "after_hours")},
		{
			"op": "replace",
			"path": "/site/obligations/site.notify.large/depends_on",
			"value": ["site.payroll.after_hours"],
		},
	])

	_codes({"build": build}) == ["site.notify.large", "site.payroll.after_hours"]
}

test_only_a_set_is_an_obligation if {
	every owed in [false, true, "notify", 1, null, [], {}, [{"id": "a", "type": "notify", "properties": {}}]] {
		site := {"obligations": {"notify": {"large": {"oblige": owed}}}}
		_codes({"build": _site_obligation, "site": site}) == ["site.notify.large"]
	}
}

test_an_obligation_that_owes_nothing_now_is_there if {
	site := {"obligations": {"notify": {"large": {"oblige": set()}}}}

	_answered({"build": _site_obligation, "site": site}).decision == true
}

test_denies_by_an_obligation_of_its_own_that_is_missing if {
	every obligations in [{}, {"notify": {}}, {"notify": {"on_effect": {}}}, {"notify": {"on_effect": {"oblige": []}}}] {
		answer := _obliging({"catalogue": _one_obligation}, obligations)
		answer.decision == false
		[reason.code | some reason in answer.context.reasons] == ["notify.on_effect"]
	}
}

test_allows_by_an_obligation_of_its_own_that_owes_nothing if {
	owing_nothing := {"notify": {"on_effect": {"oblige": set()}}}
	_obliging({"catalogue": _one_obligation}, owing_nothing).decision == true
}

test_denies_by_every_obligation_of_its_own_that_is_missing if {
	answer := _obliging({}, {})
	answer.decision == false
	{reason.code | some reason in answer.context.reasons} == object.keys(data.inbounds.catalogue.obligations)
}

test_does_not_ask_where_an_obligation_is_missing if {
	build := json.patch(_site_obligation, [{
		"op": "add",
		"path": "/site/escalations/site.payroll.large",
		"value": _about("payroll", "large"),
	}])

	_answered({"build": build}).context.outcome == "deny"
}

test_reasons_stand_by_severity_and_then_by_code if {
	severities := {"a.low": "low", "a.critical": "critical", "b.high": "high", "a.high": "high", "a.medium": "medium"}
	build := _with_site("rules", {code: about |
		some code, severity in severities
		about := object.union(_about("missing", code), {"severity": severity})
	})

	_codes({"build": build}) == ["a.critical", "a.high", "b.high", "a.medium", "a.low"]
}

test_a_fault_that_only_follows_is_hidden_and_denies_all_the_same if {
	build := _with_site("rules", {
		"site.payroll.cause": _about("payroll", "cause"),
		"site.payroll.follows": object.union(_about("payroll", "follows"), {"depends_on": ["site.payroll.cause"]}),
	})

	_codes({"build": build}) == ["site.payroll.cause"]
	_codes({"build": build, "site": {"rules": {"payroll": {"follows": {"ruled_out": true}}}}}) == ["site.payroll.cause"]

	# Alone it is shown.
	_codes({"build": build, "site": {"rules": {"payroll": {"cause": {"ruled_out": true}}}}}) == ["site.payroll.follows"]
	_answered({"build": build, "site": {"rules": {"payroll": {"cause": {"ruled_out": true}}}}}).decision == false
}

test_every_cause_is_a_code_and_none_hides_itself if {
	causes := {code: {cause | some cause in about.depends_on} | some code, about in data.inbounds.catalogue.rules}
	count(causes) > 0

	every code, direct in causes {
		every cause in direct {
			cause in object.keys(causes)
		}

		not code in graph.reachable(causes, direct)
	}
}

test_a_refusal_changes_the_count_of_refusals_alone if {
	answer := fixtures.answer(fixtures.putting("/question/action/properties/arguments/more", 1))

	answer.context.session == object.union(fixtures.scene.question.context.session, {
		"version": 18,
		"refusals": 1,
		"decisions": ["01890000-0000-7000-8000-000000000001"],
	})
}

test_the_session_is_empty_where_the_question_holds_none if {
	every anything in fixtures.junk {
		answer := main.decision with input as anything
			with data.inbounds.build as fixtures.build
			with data.deployment as fixtures.scene.deployment
		answer.decision == false
		answer.context.outcome == "deny"
		answer.context.session == {}
		answer.context.reasons[_].code == "request.malformed"
	}
}

test_answers_without_any_data if {
	answer := main.decision with input as fixtures.question([])
		with data.deployment as {}
		with data.live as {}
		with data.site as {}
		with data.inbounds.build as {}

	answer.decision == false
	answer.context.policy == {"revision": "", "deployment": "", "live_as_of": 0}
}

test_asks_for_nothing_whose_next_session_is_not_known if {
	unwatched := json.patch(_without_escalations, [
		{"op": "remove", "path": "/rules/request.malformed"},
		{"op": "remove", "path": "/rules/session.missing"},
	])
	answer := _answered({
		"build": _site_escalation,
		"catalogue": unwatched,
		"patches": fixtures.putting("/question/context/session/spent/calls", "12"),
	})

	answer.context.outcome == "deny"
	not answer.context.access_request
}

test_permits_nothing_whose_next_session_is_not_known if {
	unwatched := json.patch(_without_escalations, [
		{"op": "remove", "path": "/rules/request.malformed"},
		{"op": "remove", "path": "/rules/session.missing"},
	])
	answer := _answered({
		"catalogue": unwatched,
		"patches": fixtures.putting("/question/context/session/spent/calls", "12"),
	})

	answer.context.outcome == "deny"
	answer.context.session == {}
}

# What an approval answered is the record of a call that was permitted by it, and of no other.
test_an_approval_is_told_of_where_a_call_was_permitted_by_it_alone if {
	approved := fixtures.joined([
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

	fixtures.answer(approved).context.outcome == "allow"
	count(fixtures.answer(approved).context.approvals) == 1

	denied := fixtures.putting("/task/claims/authorization_details/0/budgets", {"exports": 0})
	fixtures.answer(array.concat(approved, denied)).context.outcome == "deny"
	not fixtures.answer(array.concat(approved, denied)).context.approvals
}
