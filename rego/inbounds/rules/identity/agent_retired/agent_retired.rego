# METADATA
# title: Agent suspended or retired
# description: |
#   An agent acts while its entry says that it is active. One that was suspended or retired
#   acts no more, however good its tokens still are.
# custom:
#   severity: high
#   remedy: Ask the agent's owner whether it is to be active again
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
