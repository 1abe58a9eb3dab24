# METADATA
# title: Account not the agent's own
# description: |
#   An agent has an account of its own. Behind one that several share, or behind a person's,
#   nobody can say who acted.
# custom:
#   severity: high
#   remedy: Give the agent an account and an identity of its own
#   controls: ["owasp_nhi:NHI9:2025", "owasp_nhi:NHI10:2025", "csa_atf:I-1"]
#   depends_on: [request.malformed, identity.unverified, task.unverified, identity.agent_unregistered]
package inbounds.rules.identity.shared_account

import data.inbounds.lib.agents
import data.inbounds.lib.identity
import data.inbounds.lib.task

# METADATA
# description: The account is the agent's alone, and no person goes by the agent's name
ruled_out if {
	agents.entry.account == "dedicated"
	_apart
}

# METADATA
# description: Whether the account is shared, or is the subject's
# scope: document
details contains {"account": agents.entry.account} if not agents.entry.account == "dedicated"

details contains {"account": "subject"} if not _apart

_apart if {
	is_string(task.claims.sub)
	task.claims.sub != identity.claims.sub
}

# A workload without a person behind it acts on its own authority.
_apart if data.deployment.subjects[task.claims.sub].type == "workload"
