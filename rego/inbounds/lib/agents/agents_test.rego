package inbounds.lib.agents_test

import data.inbounds.lib.agents

_deployment := {"agents": {"spiffe://acme.example/agent/a": {"owner": "team"}}}

test_the_entry_of_the_verified_agent if {
	agents.entry == {"owner": "team"} with data.inbounds.lib.identity.agent as "spiffe://acme.example/agent/a"
		with data.deployment as _deployment
}

test_there_is_no_entry_for_anybody_else if {
	every agent in ["spiffe://acme.example/agent/b", "spiffe://acme.example/agent/A", "", 7, null, [], {}] {
		not agents.entry with data.inbounds.lib.identity.agent as agent
			with data.deployment as _deployment
	}
}

test_what_is_asserted_is_not_asked if {
	not agents.entry with input as {"context": {"agent": "spiffe://acme.example/agent/a"}}
		with data.deployment as _deployment
}
