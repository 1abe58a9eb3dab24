package inbounds.lib.sessions_test

import data.inbounds.lib.sessions

_session := {
	"id": "session-1",
	"version": 17,
	"trust": "trusted",
	"label": "internal",
	"effects": ["read"],
	"spent": {"calls": 12, "writes": 1, "exports": 0},
	"repeats": 3,
	"refusals": 2,
	"decisions": ["a", "b"],
}

_scene := {
	"input": {
		"action": {"name": "t"},
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

_permitted(patches) := state if {
	scene := json.patch(_scene, patches)
	state := sessions.after_permit with input as scene.input
		with data.deployment as scene.deployment
}

_refused(patches) := state if {
	scene := json.patch(_scene, patches)
	state := sessions.after_refusal with input as scene.input
		with data.deployment as scene.deployment
}

_effects(effects) := [{"op": "replace", "path": "/deployment/tools/t/effects", "value": effects}]

test_a_permit_takes_one_call if {
	_permitted([]) == object.union(_session, {
		"version": 18,
		"spent": {"calls": 13, "writes": 1, "exports": 0},
		"decisions": ["a", "b", "c"],
	})
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
		_permitted(_effects([effect])).spent == {"calls": 13, "writes": 2, "exports": 0}
		_permitted(_effects([effect])).effects == sort(["read", effect])
	}
}

test_what_sends_is_an_export if {
	_permitted(_effects(["export"])).spent == {"calls": 13, "writes": 1, "exports": 1}
	_permitted(_effects(["export", "write"])).spent == {"calls": 13, "writes": 2, "exports": 1}
	_permitted(_effects(["delegate"])).spent == {"calls": 13, "writes": 1, "exports": 0}
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
		{"trust": "untrusted", "patches": [{"op": "replace", "path": "/input/context/session/trust", "value": "untrusted"}]},
		{"trust": "untrusted", "patches": [{"op": "replace", "path": "/input/context/session/trust", "value": "x"}]},
		{"trust": "untrusted", "patches": [{"op": "remove", "path": "/input/context/session/trust"}]},
	] {
		_permitted(example.patches).trust == example.trust
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

test_nothing_is_permitted_for_a_tool_that_is_not_registered if {
	not _permitted([{"op": "remove", "path": "/deployment/tools/t"}])
	_refused([{"op": "remove", "path": "/deployment/tools/t"}]).refusals == 3
}
