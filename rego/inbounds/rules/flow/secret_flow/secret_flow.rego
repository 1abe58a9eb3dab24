# METADATA
# title: Secret in a call that sends
# description: |
#   A secret is a credential, or data with the highest label of the deployment if it has several.
#   Secrets are not sent out. A call that sends something or names a destination must not have a
#   credential among its arguments. If the session has seen data with the highest label, or the
#   resource has that label, such a call may go only to a destination of the task whose `label` is the
#   highest one. For this label it is not sufficient that the task may see the data.
# custom:
#   severity: critical
#   remedy: >-
#     Agent author: leave out the argument with the role `credential`, and send from a session that has not
#     read the secret. Operator: if this destination may have it, set `label` to the highest label in
#     deployment/destinations.yaml
#   controls: ["nist_800_53:AC-4", "owasp_nhi:NHI2:2025", "owasp_mcp:MCP01:2025", "mitre_atlas:AML.T0086"]
#   depends_on:
#     - request.malformed
#     - session.missing
#     - task.unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - capability.not_granted
#     - secret.not_for_agents
#     - data.label_above_clearance
#     - data.label_above_task
#     - egress.destination_not_allowed
package inbounds.rules.flow.secret_flow

import data.inbounds.lib.arguments
import data.inbounds.lib.destinations
import data.inbounds.lib.labels
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Nothing goes anywhere, or what goes is not a secret or goes where it is expected
# scope: document
ruled_out if {
	count(tools.effects) > 0
	is_object(arguments.leaves)
	count(tools.effects & {"export"}) == 0
	count(destinations.ways) == 0
}

ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	count(_credentials) == 0
	_may_leave
}

# METADATA
# description: The credentials that would leave, and where what is secret would go
# scope: document
details contains {"argument": pointer, "role": "credential"} if {
	_goes
	some pointer in _credentials
}

details contains {"argument": pointer, "label": labels.name(labels.highest)} if {
	not _no_secret
	some pointer in destinations.outward
	not _expected_at(pointer)
}

details contains {"destination": name, "label": labels.name(labels.highest)} if {
	not _no_secret
	some name in destinations.stated
	not _expects_it(name)
}

_goes if count(destinations.ways) > 0

_goes if "export" in tools.effects

_credentials contains pointer if {
	some pointer, role in steering.leaves
	role == "credential"
}

_may_leave if _no_secret

_may_leave if {
	is_number(labels.exposed)
	count(destinations.ways) > 0

	every name in destinations.stated {
		_expects_it(name)
	}

	every pointer in destinations.outward {
		_expected_at(pointer)
	}
}

_no_secret if labels.exposed < labels.highest

# The only label there is sets nothing apart.
_no_secret if {
	is_number(labels.exposed)
	labels.highest == 0
}

_expected_at(pointer) if {
	some name in destinations.taking(pointer)
	_expects_it(name)
}

_expects_it(name) if {
	name in destinations.permitted
	labels.rank(destinations.stated_label(name)) == labels.highest
}
