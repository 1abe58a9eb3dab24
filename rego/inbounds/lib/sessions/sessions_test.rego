package inbounds.lib.sessions_test

import data.inbounds.lib.sessions

_session := {
	"id": "session-1",
	"version": 17,
	"trust": "trusted",
	"label": "internal",
	"effects": ["read"],
	"spent": _spent(12, 1, 0, 40),
	"tasks": {
		"task-1": _until(1800003600, _spent(5, 1, 0, 20)),
		"task-0": _until(1800000001, _spent(3, 0, 0, 20)),
		"task-over": _until(1800000000, _spent(4, 0, 0, 0)),
	},
	"approvals": {"approval-1": {"until": 1800000001, "times": 1}, "approval-0": {"until": 1800000000, "times": 1}},
	"last": "t digest-0",
	"repeats": 3,
	"refusals": 2,
	"tainted_stores": [],
	"decisions": ["a", "b"],
}

_scene := {
	"input": {
		"action": {"name": "t", "properties": {"arguments": {}, "digest": "digest-1", "size": 9}},
		"resource": {"type": "file", "id": "/a", "properties": {}},
		"context": {"session": _session, "decision": {"id": "c"}},
	},
	"deployment": {
		"labels": {
			"order": ["public", "internal", "confidential", "secret"],
			"resources": {"file": {"label": "public"}},
		},
		"tools": {"t": {"resource": "file", "effects": ["read"], "returns": {"label": "public", "party": "first"}}},
	},
}

_until(deadline, spent) := object.union(spent, {"deadline": deadline})

_spent(calls, writes, exports, rows) := {
	"calls": calls, "writes": writes, "exports": exports,
	"rows": rows, "bytes": 0, "money": {},
}

_permitted(patches) := state if {
	scene := json.patch(_scene, patches)
	state := sessions.after_permit with input as scene.input
		with data.deployment as scene.deployment
		with data.inbounds.lib.clock.now as 1800000000
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"deadline": 1800003600}}]
}

_delegated(accounts) := state if {
	state := sessions.after_permit with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.clock.now as 1800000000
		with data.inbounds.lib.task.accounts as accounts
}

_refused(patches) := state if {
	scene := json.patch(_scene, patches)
	state := sessions.after_refusal with input as scene.input
		with data.deployment as scene.deployment
}

_effects(effects) := [{"op": "replace", "path": "/deployment/tools/t/effects", "value": effects}]

test_a_permit_takes_one_call if {
	_permitted([]) == object.union(object.remove(_session, ["tasks", "approvals"]), {
		"version": 18,
		"spent": _spent(13, 1, 0, 41),
		"last": "t digest-1",
		"repeats": 0,
		"decisions": ["a", "b", "c"],
		"tasks": {
			"task-1": _until(1800003600, _spent(6, 1, 0, 21)),
			"task-0": _session.tasks["task-0"],
		},
		"approvals": {"approval-1": {"until": 1800000001, "times": 1}},
	})
}

test_a_permit_remembers_the_approvals_it_was_had_by if {
	used := {"approval-1": {"until": 1800000009, "times": 2}, "approval-2": {"until": 1800000002, "times": 1}}
	state := sessions.after_permit_by(used) with input as _scene.input
		with data.deployment as _scene.deployment
		with data.inbounds.lib.clock.now as 1800000000
		with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"deadline": 1800003600}}]

	state == object.union(object.remove(_permitted([]), ["approvals"]), {"approvals": used})
}

test_a_task_that_the_session_does_not_know_has_taken_nothing if {
	patches := [{"op": "remove", "path": "/input/context/session/tasks/task-1"}]
	_permitted(patches).tasks["task-1"] == _until(1800003600, _spent(1, 0, 0, 1))
}

test_all_hops_that_a_task_went_through_take_what_the_call_takes if {
	state := _delegated([
		{"id": "task-1", "authority": {"deadline": 1800003600}},
		{"id": "delegation-1", "authority": {"deadline": 1800000600}},
	])

	state.tasks == {
		"task-1": _until(1800003600, _spent(6, 1, 0, 21)),
		"delegation-1": _until(1800000600, _spent(1, 0, 0, 1)),
		"task-0": _session.tasks["task-0"],
	}
	state.spent == _permitted([]).spent
}

# Whoever delegates chooses the name, and may choose that of another task of the session.
test_nothing_that_was_taken_is_forgotten_sooner_for_hops_of_its_name if {
	_delegated([
		{"id": "task-0", "authority": {"deadline": 1800003600}},
		{"id": "task-1", "authority": {"deadline": 1800000002}},
	]).tasks == {
		"task-0": _until(1800003600, _spent(4, 0, 0, 21)),
		"task-1": _until(1800003600, _spent(6, 1, 0, 21)),
	}
}

test_nothing_is_permitted_that_somebody_keeps_no_account_of if {
	whole := {"id": "task-1", "authority": {"deadline": 1800003600}}

	_delegated([whole])
	not _delegated([])
	not _delegated([whole, {"id": "delegation-1", "authority": {}}])
	not _delegated([whole, {"authority": {"deadline": 1800003600}}])
	not _delegated([{"id": "delegation-1"}])
}

test_the_same_call_once_more_is_a_repeat if {
	same := [{"op": "replace", "path": "/input/context/session/last", "value": "t digest-1"}]
	_permitted(same).repeats == 4
	_permitted(same).last == "t digest-1"

	every patch in [
		{"op": "replace", "path": "/input/action/properties/digest", "value": "digest-2"},
		{"op": "replace", "path": "/input/context/session/last", "value": "other digest-1"},
	] {
		_permitted(array.concat(same, [patch])).repeats == 0
	}
}

test_a_refusal_counts_itself_and_nothing_else if {
	_refused(_effects(["write"])) == object.union(_session, {
		"version": 18,
		"refusals": 3,
		"decisions": ["a", "b", "c"],
	})
}

test_what_changes_the_world_is_a_write if {
	# However many there are, one call is one write.
	_permitted(_effects(["write", "delete"])).spent.writes == 2

	every effect in ["write", "delete", "execute", "spend", "administer"] {
		_permitted(_effects([effect])).spent == _spent(13, 2, 0, 40)
		_permitted(_effects([effect])).effects == sort(["read", effect])
	}
}

test_what_sends_is_an_export if {
	_permitted(_effects(["export"])).spent == object.union(_spent(13, 1, 1, 40), {"bytes": 9})
	_permitted(_effects(["export", "write"])).spent == object.union(_spent(13, 2, 1, 40), {"bytes": 9})
	_permitted(_effects(["delegate"])).spent == _spent(13, 1, 0, 40)
}

test_the_label_is_the_highest_of_all_it_was_exposed_to if {
	every example in [
		{"label": "internal", "patches": []},
		{"label": "confidential", "patches": [{
			"op": "replace",
			"path": "/deployment/tools/t/returns/label",
			"value": "confidential",
		}]},
		{"label": "confidential", "patches": [{
			"op": "replace",
			"path": "/deployment/labels/resources/file/label",
			"value": "confidential",
		}]},
		{"label": "confidential", "patches": [{
			"op": "add",
			"path": "/input/resource/properties/label",
			"value": "confidential",
		}]},
		{"label": "confidential", "patches": [{
			"op": "replace",
			"path": "/input/context/session/label",
			"value": "confidential",
		}]},
		{"label": "secret", "patches": [{"op": "replace", "path": "/input/context/session/label", "value": "unknown"}]},
		{"label": "secret", "patches": [{"op": "remove", "path": "/deployment/tools/t/returns"}]},
		{"label": "secret", "patches": [{"op": "replace", "path": "/input/resource/type", "value": "mail"}]},
	] {
		_permitted(example.patches).label == example.label
	}
}

test_trust_ends_with_what_a_third_party_wrote_and_never_comes_back if {
	every example in [
		{"trust": "trusted", "patches": []},
		{"trust": "untrusted", "patches": [{"op": "replace", "path": "/deployment/tools/t/returns/party", "value": "third"}]},
		{"trust": "untrusted", "patches": [{"op": "remove", "path": "/deployment/tools/t/returns/party"}]},
		{"trust": "untrusted", "patches": [{"op": "remove", "path": "/deployment/tools/t/returns"}]},
		{"trust": "untrusted", "patches": _of_fields({"/a": {"party": "first"}, "/b": {"party": "third"}})},
		{"trust": "untrusted", "patches": _of_fields({"/a": {}})},
		{"trust": "trusted", "patches": _of_fields({"/a": {"party": "first"}})},
		{"trust": "trusted", "patches": _of_fields({})},
		{"trust": "untrusted", "patches": [{"op": "replace", "path": "/input/context/session/trust", "value": "untrusted"}]},
		{"trust": "untrusted", "patches": [{"op": "replace", "path": "/input/context/session/trust", "value": "x"}]},
		{"trust": "untrusted", "patches": [{"op": "remove", "path": "/input/context/session/trust"}]},
	] {
		_permitted(example.patches).trust == example.trust
	}
}

test_a_permit_remembers_the_stores_it_may_have_tainted if {
	untrusted := {"op": "replace", "path": "/input/context/session/trust", "value": "untrusted"}
	_permitted(array.concat(_effects(["write"]), [untrusted])).tainted_stores == ["file"]
	_permitted(_effects(["write"])).tainted_stores == []
	_permitted([untrusted]).tainted_stores == []

	# A call that is not permitted has written nothing.
	_refused(array.concat(_effects(["write"]), [untrusted])).tainted_stores == []
}

test_trust_ends_with_what_comes_out_of_a_tainted_store if {
	every example in [
		{"trust": "trusted", "stores": []},
		{"trust": "trusted", "stores": ["mail"]},
		{"trust": "untrusted", "stores": ["file", "mail"]},
		{"trust": "untrusted", "stores": ["*"]},
	] {
		patches := [{"op": "replace", "path": "/input/context/session/tainted_stores", "value": example.stores}]
		_permitted(patches).trust == example.trust
		_permitted(patches).tainted_stores == example.stores
	}
}

test_the_last_eight_decisions_are_kept if {
	seven := ["1", "2", "3", "4", "5", "6", "7"]

	every example in [
		{"before": [], "after": ["c"]},
		{"before": seven, "after": array.concat(seven, ["c"])},
		{"before": array.concat(seven, ["8"]), "after": ["2", "3", "4", "5", "6", "7", "8", "c"]},
		{"before": array.concat(seven, ["8", "9"]), "after": ["3", "4", "5", "6", "7", "8", "9", "c"]},
	] {
		patches := [{"op": "replace", "path": "/input/context/session/decisions", "value": example.before}]
		_permitted(patches).decisions == example.after
		_refused(patches).decisions == example.after
	}
}

test_there_is_no_next_state_without_one_to_go_on_from if {
	every path in [
		"/input/context",
		"/input/context/decision/id",
		"/input/context/session",
		"/input/context/session/version",
		"/input/context/session/spent",
		"/input/context/session/spent/calls",
		"/input/context/session/spent/writes",
		"/input/context/session/spent/exports",
		"/input/context/session/refusals",
		"/input/context/session/effects",
		"/input/context/session/tainted_stores",
		"/input/context/session/decisions",
	] {
		every patch in array.concat(
			[{"op": "remove", "path": path}],
			[{"op": "replace", "path": path, "value": value} |
				some value in [null, true, "x", {}, {"x": 1}]
				not endswith(path, "/id")
			],
		) {
			not _permitted([patch])
			not _refused([patch])
		}
	}
}

test_nothing_follows_a_state_with_a_list_where_names_are if {
	every member in ["tasks", "approvals"] {
		patch := {"op": "replace", "path": concat("/", ["/input/context/session", member]), "value": []}
		not _permitted([patch])
		not _refused([patch])
	}
}

test_nothing_follows_a_last_call_that_is_no_text if {
	every value in [null, true, 7, [], {}] {
		patch := {"op": "replace", "path": "/input/context/session/last", "value": value}
		not _permitted([patch])
		not _refused([patch])
	}
}

test_nothing_is_permitted_that_the_next_call_could_not_be_compared_with if {
	every path in ["/input/action/name", "/input/action/properties/digest"] {
		not _permitted([{"op": "remove", "path": path}])
		_refused([{"op": "remove", "path": path}]).refusals == 3

		every value in [null, true, 7, [], {}] {
			not _permitted([{"op": "replace", "path": path, "value": value}])
		}
	}

	# No tool is registered by what is not a name, so that the call is asked for alone.
	named := [{"op": "replace", "path": "/input/action/name", "value": 7}]
	not sessions.call with input as json.patch(_scene, named).input
}

test_nothing_is_permitted_for_a_tool_that_is_not_registered if {
	not _permitted([{"op": "remove", "path": "/deployment/tools/t"}])
	_refused([{"op": "remove", "path": "/deployment/tools/t"}]).refusals == 3
}

_of_fields(fields) := [{"op": "add", "path": "/deployment/tools/t/returns/fields", "value": fields}]
