# METADATA
# title: Label above clearance
# description: |
#   The agent and the subject must both be cleared for the label of the data that a call touches or
#   returns. A resource or a result without a stated label has the highest label.
# custom:
#   severity: high
#   remedy: Ask somebody who is cleared for it; the operator can state the label in deployment/tools.yaml or labels.yaml
#   controls: ["owasp_mcp:MCP10:2025", "nist_800_53:AC-4(1)", "owasp_aisvs:v1.0-C5.2.2"]
#   depends_on:
#     - request.malformed
#     - identity.unverified
#     - identity.agent_unregistered
#     - task.unverified
#     - capability.unregistered_tool
#     - capability.not_granted
#     - subject.not_entitled
#     - delegation.chain_unverified
#     - delegation.not_permitted
package inbounds.rules.data.label_above_clearance

import data.inbounds.lib.agents
import data.inbounds.lib.labels
import data.inbounds.lib.subjects
import data.inbounds.lib.task

# METADATA
# description: Agent and subject are cleared for the resource and for all that may be returned
ruled_out if {
	is_string(input.resource.id)
	labels.resource <= _clearance
	labels.returned <= _clearance
}

# METADATA
# description: What is labelled too high and how, and where it was said if the caller said so
# scope: document
details contains {"of": "resource", "label": labels.name(labels.resource)} if {
	labels.resource > _clearance
}

details contains {"of": "result", "label": labels.name(labels.returned)} if {
	labels.returned > _clearance
}

details contains {"place": "/resource/properties/label"} if labels.asserted > _clearance

# Of all agents that have or had the task, and of the subject.
_clearance := min(array.concat([subjects.clearance(task.claims.sub)], _ranks)) if {
	count(_ranks) == count(agents.chain)
}

_ranks := [labels.rank(agent.clearance) | some agent in agents.chain]
