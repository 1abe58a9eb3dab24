# METADATA
# title: Label above the task
# description: |
#   A task is begun for data up to a certain label. Data with a higher label is denied, even if the
#   agent and the subject are cleared for it.
# custom:
#   severity: high
#   remedy: The agent can work without this data; the user can begin a task with a higher label
#   controls: ["owasp_mcp:MCP10:2025", "nist_800_53:AC-4(1)", "nist_800_207:T3"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.not_granted
#     - data.label_above_clearance
package inbounds.rules.data.label_above_task

import data.inbounds.lib.labels
import data.inbounds.lib.task

# METADATA
# description: The task reaches up to the label of the resource and of all that may be returned
ruled_out if {
	is_string(input.resource.id)
	labels.resource <= _reach
	labels.returned <= _reach
}

# METADATA
# description: What is labelled too high and how, and where it was said if the caller said so
# scope: document
details contains {"of": "resource", "label": labels.name(labels.resource)} if {
	labels.resource > _reach
}

details contains {"of": "result", "label": labels.name(labels.returned)} if {
	labels.returned > _reach
}

details contains {"place": "/resource/properties/label"} if labels.asserted > _reach

_reach := labels.rank(task.authority.label)
