# METADATA
# title: Delegation chain of another task
# description: |
#   A delegation changes only the agent that acts. Every token of the chain must name the same task,
#   session, tenant, subject and audience.
# custom:
#   severity: critical
#   remedy: The delegating agent must delegate this very task; work for another user or session needs a separate task
#   controls: ["owasp_asi:ASI03", "owasp_t:T9", "owasp_aisvs:v1.0-C9.5.5"]
#   depends_on: [request.malformed, task.unverified, delegation.too_deep, delegation.chain_unverified]
package inbounds.rules.delegation.other_task

import data.inbounds.lib.delegation
import data.inbounds.lib.task

# METADATA
# description: Nobody delegated the task, or every link says of it what the task token says
# scope: document
ruled_out if delegation.given == []

ruled_out if {
	count(delegation.links) == delegation.hops

	every link in delegation.links {
		every name in _unchanged {
			link.claims[name] == task.claims[name]
		}
	}
}

# METADATA
# description: The links and claims that differ
details contains {"link": number, "claim": name} if {
	some number, link in delegation.links
	some name in _unchanged
	not link.claims[name] == task.claims[name]
}

_unchanged := {"task", "sid", "tenant", "sub", "aud"}
