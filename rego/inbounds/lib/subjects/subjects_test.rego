package inbounds.lib.subjects_test

import data.inbounds.lib.subjects

_deployment := {
	"labels": {"order": ["public", "internal", "secret"]},
	"subjects": {
		"alice": {
			"groups": ["staff", "board", "gone"],
			"effects": ["export"],
			"tools": ["mail.send"],
			"clearance": "public",
			"tenants": ["acme"],
		},
		"bob": {"effects": ["read"], "clearance": "internal"},
		"carol": {"groups": ["board"]},
		"dave": {"groups": [], "clearance": "", "effects": [], "tools": [], "tenants": []},
		"erin": {"clearance": "unknown"},
	},
	"groups": {
		"staff": {"effects": ["read", "write"], "tools": ["*"], "clearance": "internal", "tenants": ["globex"]},
		"board": {"clearance": "secret"},
		"others": {"effects": ["delete"], "tools": ["mail.purge"], "clearance": "secret", "tenants": ["initech"]},
	},
}

test_its_own_entry_and_its_groups_add_up if {
	subjects.effects("alice") == {"export", "read", "write"} with data.deployment as _deployment
	subjects.tools("alice") == {"mail.send", "*"} with data.deployment as _deployment
	subjects.tenants("alice") == {"acme", "globex"} with data.deployment as _deployment
	subjects.clearance("alice") == 2 with data.deployment as _deployment
}

test_an_entry_without_groups_stands_alone if {
	subjects.effects("bob") == {"read"} with data.deployment as _deployment
	subjects.tools("bob") == set() with data.deployment as _deployment
	subjects.clearance("bob") == 1 with data.deployment as _deployment
}

test_a_group_can_be_all_there_is if {
	subjects.effects("carol") == set() with data.deployment as _deployment
	subjects.clearance("carol") == 2 with data.deployment as _deployment
}

test_nothing_said_entitles_to_nothing if {
	not subjects.clearance("erin") with data.deployment as _deployment

	every id in ["dave", "mallory", "", "alice ", "Alice", 7, null, [], {}] {
		subjects.effects(id) == set() with data.deployment as _deployment
		subjects.tools(id) == set() with data.deployment as _deployment
		subjects.tenants(id) == set() with data.deployment as _deployment
		not subjects.clearance(id) with data.deployment as _deployment
	}
}

test_an_entry_of_another_type_entitles_to_nothing if {
	every entry in [null, true, 0, "staff", ["staff"]] {
		subjects.effects("alice") == set() with data.deployment as {"subjects": {"alice": entry}}
	}
}

test_nobody_is_entitled_without_a_deployment if {
	subjects.effects("alice") == set() with data.deployment as {}
	not subjects.clearance("alice") with data.deployment as {}
}

test_who_may_approve_says_so_or_is_of_a_group_that_does if {
	deployment := {
		"subjects": {
			"dora": {"may_approve": true},
			"emil": {"groups": ["gone", "approvers"]},
			"fred": {"may_approve": false, "groups": ["staff"]},
			"gina": {"may_approve": "true"},
		},
		"groups": {"approvers": {"may_approve": true}, "staff": {"may_approve": false}},
	}

	every id in ["dora", "emil"] {
		subjects.may_approve(id) with data.deployment as deployment
	}

	every id in ["fred", "gina", "mallory", "", null, 7, [], {}] {
		not subjects.may_approve(id) with data.deployment as deployment
	}
}
