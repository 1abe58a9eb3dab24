# METADATA
# description: What the deployment says of the agent that acts, by its verified identity.
package inbounds.lib.agents

import data.inbounds.lib.identity

# METADATA
# description: The agent's entry; undefined for an agent nobody registered
entry := data.deployment.agents[identity.claims.sub]
