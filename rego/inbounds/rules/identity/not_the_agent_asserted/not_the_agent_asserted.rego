# METADATA
# title: Agent differs from its identity
# description: |
#   The agent that the question names must be the agent that the identity token was issued to.
# custom:
#   severity: critical
#   remedy: The guard must ask in the name of the agent that runs, with that agent's own identity token
#   controls: ["owasp_asi:ASI03", "owasp_t:T9", "csa_atf:I-2"]
#   depends_on: [request.malformed, identity.unverified]
package inbounds.rules.identity.not_the_agent_asserted

import data.inbounds.lib.identity

# METADATA
# description: The question names the agent that the identity token is of
ruled_out if input.context.agent == identity.agent

# METADATA
# description: Where the other agent is named
details contains {"place": "/context/agent"} if not ruled_out
