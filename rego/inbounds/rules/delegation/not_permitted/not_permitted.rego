# METADATA
# title: Delegation to this agent not permitted
# description: |
#   The deployment lists, for each agent, the agents that it may delegate to. Each delegating agent
#   must be active whenever the delegated task is used.
# custom:
#   severity: high
#   remedy: The operator can add the agent to `may_delegate_to` of the delegating one, in deployment/agents.yaml
#   controls: ["owasp_asi:ASI03", "owasp_asi:ASI07", "owasp_aisvs:v1.0-C9.5.5", "csa_atf:I-2"]
#   depends_on: [request.malformed, task.unverified, delegation.too_deep, delegation.chain_unverified]
package inbounds.rules.delegation.not_permitted

import data.inbounds.lib.delegation
import data.inbounds.lib.task

# METADATA
# description: Nobody delegated the task, or every delegator may delegate to that delegate
# scope: document
ruled_out if delegation.given == []

ruled_out if {
	count(delegation.links) == delegation.hops

	every link in delegation.links {
		_permitted(link)
	}
}

# METADATA
# description: The links by which it was delegated without permission
details contains {"link": number} if {
	some number, link in delegation.links
	not _permitted(link)
}

_permitted(link) if {
	from := data.deployment.agents[link.parent.claims.act.sub]
	from.state == "active"
	task.claims.tenant in from.tenants
	is_array(from.may_delegate_to)
	link.claims.act.sub in from.may_delegate_to
}
