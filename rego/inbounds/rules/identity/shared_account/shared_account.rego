# METADATA
# title: Shared account
# description: |
#   An agent has an account of its own at the systems that it works with. If several share one, nobody
#   can say who acted. `identity.used_by_a_person` is about a person who uses the agent's identity,
#   whatever its account.
# custom:
#   severity: high
#   remedy: The operator must give the agent an account of its own
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
