# METADATA
# title: Destination not allowed
# description: |
#   A task sends data only to its destinations. Every recipient, host, address or account that a call
#   names must be among the destinations that the task was begun with. A call that sends or spends
#   must name at least one, unless the registry states where the tool sends data.
# custom:
#   severity: critical
#   remedy: >-
#     Agent author: send to a destination of the task only, one in each argument. User: ask for a task that
#     may send there. Operator: add the recipient, host or address to deployment/destinations.yaml, and
#     the destination to the intent in deployment/intents.yaml
#   controls: ["owasp_asi:ASI02", "nist_800_53:AC-4", "owasp_aisvs:v1.0-C9.3.7", "mitre_atlas:AML.T0086"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.egress.destination_not_allowed

import data.inbounds.lib.arguments
import data.inbounds.lib.destinations
import data.inbounds.lib.tools

# METADATA
# description: Everywhere this call goes is where the task may send
ruled_out if {
	is_object(arguments.leaves)
	count(tools.effects) > 0
	destinations.says_where
	count(destinations.stated - destinations.permitted) == 0

	every pointer in destinations.outward {
		destinations.allowed(pointer)
	}
}

# METADATA
# description: Where this call would go and may not, or that it does not say where
# scope: document
details contains {"argument": pointer} if {
	some pointer in destinations.outward
	not destinations.allowed(pointer)
}

details contains {"destination": name} if {
	some name in (destinations.stated - destinations.permitted)
}

details contains {"effect": effect} if {
	not destinations.says_where
	some effect in (tools.effects & destinations.sending)
}
