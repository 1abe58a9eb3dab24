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

_calling(effects, arguments) := called if {
	called := tools.effects with input as {"action": {"name": "t", "properties": {"arguments": arguments}}}
		with data.deployment.tools as {"t": {"effects": effects, "arguments": {
			"/url": {"kind": "url"},
			"/to/*": {"role": "recipient"},
			"/words": {"role": "query"},
		}}}
}

test_a_call_that_names_somewhere_exports if {
	every arguments in [{"url": "https://a.example/"}, {"to": ["x"]}, {"url": ""}] {
		_calling(["read"], arguments) == {"read", "export"}
		_calling(["write", "execute"], arguments) == {"write", "execute", "export"}
		_calling(["export"], arguments) == {"export"}

		every effect in ["spend", "delegate"] {
			_calling([effect], arguments) == {effect}
		}

		# What nobody has set stays unset.
		_calling([], arguments) == set()
	}
}

test_a_call_that_names_nowhere_has_what_the_registry_states if {
	every arguments in [{}, {"url": null}, {"to": []}, {"words": "https://a.example/"}, null, "x", ["x"]] {
		_calling(["read"], arguments) == {"read"}
		_calling(["export"], arguments) == {"export"}
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
