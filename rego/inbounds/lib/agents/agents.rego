# METADATA
# description: |
#   The deployment's entries of the agent that acts, by its verified identity, and of the agents that
#   delegated the task to it.
package inbounds.lib.agents

import data.inbounds.lib.delegation
import data.inbounds.lib.identity

# METADATA
# description: The agent's id, from its verified identity token
id := identity.agent

# METADATA
# description: The agent's entry; undefined for an agent that is not registered
entry := data.deployment.agents[id]

# METADATA
# description: |
#   The entries of all agents that have or had the task: an agent cannot delegate what it may not do
#   itself. Undefined if one of them is not registered.
# scope: document
chain := [entry] if delegation.given == []

chain := entries if {
	delegation.hops > 0
	entries := array.concat([entry], [_entry(actor) | some actor in delegation.actors])
	count(entries) == count(delegation.actors) + 1
}

_entry(actor) := data.deployment.agents[actor]
