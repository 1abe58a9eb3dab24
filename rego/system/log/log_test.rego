package system.log_test

import data.inbounds.lib.fixtures_test as fixtures
import data.system.log

test_what_joins_the_logs_is_kept if {
	logged(_event) == {
		"path": "inbounds/main/decision",
		"input": {
			"decision": fixtures.scene.question.context.decision.id,
			"tool": "mail.read",
			"agent": "spiffe://acme.example/agent/assistant",
			"pep": "assistant-pep",
		},
		"result": {
			"decision": false,
			"outcome": "deny",
			"policy": {"revision": "r1", "deployment": "d1", "live_as_of": 1},
			"reasons": ["intent.effect_outside_intent"],
		},
	}
}

test_the_questions_before_a_task_are_logged_too if {
	logged({"input": {"question": 1, "tool": "mail.read"}, "result": {"registered": true, "tool": {"pin": "x"}}}) == {
		"input": {"tool": "mail.read"},
		"result": {"registered": true, "reasons": []},
	}
	logged({
		"input": {"agent": "spiffe://acme.example/agent/assistant", "subject": "alice@acme.example"},
		"result": {"issued": false, "cut": [{"tool": "x"}], "reasons": [{"code": "issuance.intent", "message": "m"}]},
	}) == {
		"input": {"agent": "spiffe://acme.example/agent/assistant"},
		"result": {"issued": false, "reasons": ["issuance.intent"]},
	}
}

# A leaf of the question that whoever asks could fill with anything is not in the log.
test_no_leaf_of_the_question_can_carry_anything_out if {
	found := [path | walk(_event.input, [path, leaf]); not is_object(leaf); not is_array(leaf)]
	count(found) > 20

	every path in found {
		marked := json.patch(_event, [{"op": "replace", "path": array.concat(["input"], path), "value": "canary"}])
		not contains(json.marshal(logged(marked)), "canary")
	}
}

test_no_name_of_a_question_before_a_task_can_carry_anything_out if {
	logged({"input": {"tool": "canary"}}).input == {}
	logged({"input": {"agent": "canary"}}).input == {}
}

# Nor is a key that is not a key of a question.
test_no_other_key_of_the_question_can_carry_anything_out if {
	found := [path | walk(_event.input, [path, branch]); is_object(branch)]
	count(found) > 10

	every path in found {
		at := array.flatten(["input", path, "canary"])
		not contains(json.marshal(logged(json.patch(_event, [{"op": "add", "path": at, "value": {"canary": 1}}]))), "canary")
	}
}

test_no_words_and_no_details_of_the_answer_are_logged if {
	every path in [
		"/result/context/reasons/0/message",
		"/result/context/reasons/0/remedy",
		"/result/context/reasons/0/details",
		"/result/context/grants",
		"/result/context/obligations",
		"/result/context/session",
		"/result/canary",
	] {
		not contains(json.marshal(logged(json.patch(_event, [{"op": "add", "path": path, "value": "canary"}]))), "canary")
	}
}

test_an_answer_of_another_type_is_not_logged if {
	every name in ["decision", "issued", "registered"] {
		logged({"input": {}, "result": {name: "canary"}}).result == {"reasons": []}
	}

	every reasons in ["canary", {"x": {"code": "canary"}}, 7, null] {
		logged({"input": {}, "result": {"reasons": reasons}}).result == {"reasons": []}
		logged({"input": {}, "result": {"context": {"reasons": reasons}}}).result == {"reasons": []}
	}
}

test_the_cache_of_builtins_is_erased if {
	not logged(object.union(_event, {"nd_builtin_cache": {"io.jwt.decode": {"canary": 1}}})).nd_builtin_cache
	log.mask[2] == {"op": "remove", "path": "/nd_builtin_cache"}
}

# Undefined would mean that the event is logged whole.
test_there_is_a_mask_for_every_event if {
	every anything in fixtures.junk {
		count(log.mask) == 3 with input as anything
		logged({"input": anything}).input == {}
		count(log.mask) == 3 with input as {"input": anything, "result": anything}
	}
}

test_there_is_a_mask_without_an_event if {
	log.mask
}

test_an_answer_is_logged_whatever_it_is if {
	not log.drop with input as _event

	every answer in [false, true, {}, [], "", 0] {
		not log.drop with input as {"path": _event.path, "input": {}, "result": answer}
		not log.drop with input as {"path": _event.path, "input": {}, "result": answer, "error": null}
	}
}

# Neither what the owner of the feed reads back twice a second nor the version of OPA is a decision.
test_what_answers_no_question_is_dropped if {
	every path in ["live/now", "live/now/generation", "live/now/seq", "system/version/version"] {
		log.drop with input as object.union(_event, {"path": path})
	}
}

# OPA decides whatever spells a door, and shows the path as it was spelt.
test_an_answer_is_logged_however_its_path_is_spelt if {
	not log.drop with input as object.remove(_event, ["path"])

	every path in [
		"inbounds/main/decisio%6e",
		"inbounds/main/%64ecision",
		"inbounds/registry/to%6fl",
		"live/no%77",
		"live/now/",
		"/live/now",
		"live//now",
		"live/./now",
		"system/version",
		"inbounds",
		"",
		"/",
		null,
		1,
		["live/now"],
	] {
		not log.drop with input as object.union(_event, {"path": path})
	}
}

# The text of an error can quote an argument. The oldest OPA does not show it to the rule.
test_an_event_without_an_answer_is_dropped if {
	log.drop with input as object.remove(_event, ["result"])
	log.drop with input as object.union(_event, {"result": null})
	log.drop with input as {}
}

test_an_event_with_an_error_is_dropped_whatever_else_it_has if {
	every error in [{"code": "eval_builtin_error", "message": "canary"}, "canary", {}, "", false] {
		log.drop with input as object.union(_event, {"error": error})
	}
}

test_what_is_not_an_event_is_dropped if {
	log.drop

	every anything in fixtures.junk {
		log.drop with input as anything
	}
}

# METADATA
# description: What OPA makes of an event with this mask
logged(event) := object.union(object.remove(event, changed), replaced) if {
	masks := log.mask with input as event with data.deployment as fixtures.scene.deployment
	changed := {trim_prefix(mask.path, "/") | some mask in masks}
	replaced := {name: mask.value |
		some mask in masks
		mask.op == "upsert"
		name := trim_prefix(mask.path, "/")
		name in object.keys(event)
	}
}

_event := {
	"path": "inbounds/main/decision",
	"input": fixtures.question([]),
	"result": {
		"decision": false,
		"context": {
			"outcome": "deny",
			"reasons": [{
				"code": "intent.effect_outside_intent",
				"message": "m",
				"remedy": "r",
				"severity": "high",
				"details": [{"effect": "read"}],
			}],
			"grants": [],
			"obligations": [],
			"session": fixtures.scene.question.context.session,
			"policy": {"revision": "r1", "deployment": "d1", "live_as_of": 1},
		},
	},
}
