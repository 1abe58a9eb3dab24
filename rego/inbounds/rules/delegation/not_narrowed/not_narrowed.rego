# METADATA
# title: Delegation wider than the task
# description: |
#   An agent can delegate no more authority than it has. Each token of the chain must lie within the
#   one above it in everything that it states: tools and their arguments, effects, resources,
#   destinations, label, bounds, budgets, times and the number of further delegations.
# custom:
#   severity: critical
#   remedy: The delegating agent must delegate less; `details` say where the token exceeds the one above
#   controls: ["owasp_asi:ASI03", "owasp_asi:ASI07", "owasp_aisvs:v1.0-C9.5.5", "nist_800_53:AC-6"]
#   depends_on: [request.malformed, task.unverified, delegation.too_deep, delegation.chain_unverified]
package inbounds.rules.delegation.not_narrowed

import data.inbounds.lib.attenuation
import data.inbounds.lib.delegation

# METADATA
# description: Nobody delegated the task, or every link lies within the one above on every axis
# scope: document
ruled_out if delegation.given == []

ruled_out if {
	count(delegation.links) == delegation.hops

	every link in delegation.links {
		every axis in _axes {
			_within(axis, link)
		}
	}
}

# METADATA
# description: The links and axes at fault
details contains {"link": number, "axis": axis} if {
	some number, link in delegation.links
	some axis in _axes
	not _within(axis, link)
}

_axes := attenuation.axes | {"exp", "del_max_depth"}

_within(axis, link) if attenuation.within(axis, link.authority, link.parent.authority)

_within(axis, link) if {
	axis in {"exp", "del_max_depth"}
	is_number(link.claims[axis])
	is_number(link.parent.claims[axis])
	link.claims[axis] <= link.parent.claims[axis]
}
