package inbounds.lib.tools_test

import data.inbounds.lib.tools

_deployment := {"tools": {
	"both": {"effects": ["read", "write", "read"]},
	"none": {"effects": []},
	"unsaid": {},
	"text": {"effects": "read"},
}}

test_the_entry_of_the_registry if {
	tools.entry == {"effects": []} with input as {"action": {"name": "none"}}
		with data.deployment as _deployment
	not tools.entry with input as {"action": {"name": "other"}}
		with data.deployment as _deployment
}

test_effects_are_the_registry_s if {
	every name, effects in {"both": {"read", "write"}, "none": set(), "unsaid": set(), "text": set()} {
		tools.effects == effects with input as {"action": {"name": name, "properties": {"effects": ["read"]}}}
			with data.deployment as _deployment
	}
}

test_nothing_is_known_of_the_effects_of_what_is_not_registered if {
	not tools.effects with input as {"action": {"name": "both"}}
		with data.deployment as {}

	not tools.effects with input as {}
		with data.deployment as _deployment

	every action in [null, [], {}, "both", {"name": "other"}, {"name": 7}, {"name": ["both"]}] {
		not tools.effects with input as {"action": action}
			with data.deployment as _deployment
	}
}
