# METADATA
# title: Data too sensitive for its destination
# description: |
#   A session has the label of the most sensitive data that it has seen, and at least that of the
#   resource that the call touches. What the call sends, spends or delegates goes only to destinations
#   that accept this label. So does every request to a place that an argument or the registry names. A
#   destination without a label accepts data up to the label of the task.
# custom:
#   severity: critical
#   remedy: >-
#     Agent author: send to a destination that takes this label, or begin a session that has not read it.
#     Operator: if the recipient, host or address may have such data, raise `label` of its destination in
#     deployment/destinations.yaml
#   controls: ["nist_800_53:AC-4", "owasp_aisvs:v1.0-C5.2.7", "owasp_mcp:MCP10:2025", "mitre_atlas:AML.T0086"]
#   depends_on:
#     - request.malformed
#     - session.missing
#     - task.unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - capability.not_granted
#     - data.label_above_task
#     - egress.destination_not_allowed
#     - flow.secret_flow
package inbounds.rules.flow.sensitive_to_lower_trust

import data.inbounds.lib.arguments
import data.inbounds.lib.destinations
import data.inbounds.lib.labels
import data.inbounds.lib.tools

# METADATA
# description: Nothing leaves, or wherever it goes takes data as sensitive as the session's
# scope: document
ruled_out if {
	count(tools.effects) > 0
	not _leaves
}

ruled_out if {
	count(tools.effects) > 0
	is_object(arguments.leaves)
	is_number(labels.exposed)
	destinations.says_where

	every name in destinations.stated {
		_takes_it(name)
	}

	every pointer in destinations.outward {
		_taken(pointer)
	}
}

# METADATA
# description: Where this call would take data that may not go there, and how sensitive that is
# scope: document
details contains {"argument": pointer, "label": labels.name(labels.exposed)} if {
	_leaves
	some pointer in destinations.outward
	not _taken(pointer)
}

details contains {"destination": name, "label": labels.name(labels.exposed)} if {
	_leaves
	some name in destinations.stated
	not _takes_it(name)
}

# A delegate need not be a destination: it acts in a session that holds the labels of
# this one.
_leaves if count(tools.effects & (destinations.sending | {"delegate"})) > 0

_leaves if count(destinations.ways) > 0

_taken(pointer) if {
	some name in destinations.taking(pointer)
	_takes_it(name)
}

_takes_it(name) if {
	name in destinations.permitted
	labels.rank(destinations.label(name)) >= labels.exposed
}
