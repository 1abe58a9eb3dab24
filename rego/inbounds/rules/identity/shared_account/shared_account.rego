# METADATA
# title: Account not the agent's own
# description: |
#   What an agent works with knows it by an account of its own. Behind one that several share,
#   nobody can say who acted. Whether a person goes by the agent's identity, whatever its account,
#   is `identity.used_by_a_person`.
# custom:
#   severity: high
#   remedy: Give the agent an account of its own
#   controls: ["owasp_nhi:NHI9:2025", "csa_atf:I-1"]
#   depends_on: [request.malformed, identity.unverified, identity.agent_unregistered]
package inbounds.rules.identity.shared_account

import data.inbounds.lib.agents

# METADATA
# description: The account is the agent's alone
ruled_out if agents.entry.account == "dedicated"

# METADATA
# description: What the account is instead
details contains {"account": agents.entry.account} if not ruled_out
