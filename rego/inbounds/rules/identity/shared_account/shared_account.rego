# METADATA
# title: Shared account
# description: |
#   An agent needs an account of its own in the systems that it works with. If several agents share an
#   account, nobody can determine which of them acted. `identity.used_by_a_person` is a different
#   fault: a person who uses the agent's identity, whatever its account.
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
