# METADATA
# description: |
#   What the deployment says of the agent that acts, by its verified identity, and of those that
#   delegated the task to it.
package inbounds.lib.agents

import data.inbounds.lib.delegation
import data.inbounds.lib.identity

# METADATA
# description: The agent's id, as its verified identity token says it
id := identity.agent

# METADATA
# description: The agent's entry; undefined for an agent nobody registered
entry := data.deployment.agents[id]

# METADATA
# description: |
#   The entries of all agents whose hands the task is in or was in: what one of them may not do
#   itself, it does not delegate. Undefined where one of them is not registered.
# scope: document
hands := [entry] if delegation.given == []

hands := entries if {
	delegation.hands > 0
	entries := array.concat([entry], [_entry(actor) | some actor in delegation.actors])
	count(entries) == count(delegation.actors) + 1
}

_entry(actor) := data.deployment.agents[actor]
