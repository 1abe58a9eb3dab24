# METADATA
# title: Agent suspended or retired
# description: |
#   An agent may act only while the `state` of its entry is active. An agent that was suspended or
#   retired may not act, even with valid tokens.
# custom:
#   severity: high
#   remedy: The agent's owner decides whether to set its `state` to active in deployment/agents.yaml
#   controls: ["owasp_asi:ASI10", "owasp_nhi:NHI1:2025", "nist_ai_rmf:GOVERN 1.7"]
#   depends_on: [request.malformed, identity.unverified, identity.agent_unregistered]
package inbounds.rules.identity.agent_retired

import data.inbounds.lib.agents

# METADATA
# description: The agent's entry says that it is active
ruled_out if agents.entry.state == "active"

# METADATA
# description: What the entry says instead
details contains {"state": agents.entry.state}
