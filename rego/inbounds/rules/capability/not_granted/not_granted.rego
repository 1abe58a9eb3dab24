# METADATA
# title: No grant for this action
# description: |
#   An action is allowed only if something grants it. A task grants its tools and effects on the
#   resources that it was begun with, and nothing else grants this one.
# custom:
#   severity: high
#   remedy: The agent can keep to the resources of the task; the user can begin a task that names this one
#   controls: ["owasp_asi:ASI03", "nist_800_53:AC-3", "owasp_aisvs:v1.0-C5.2.1", "csa_atf:S-1"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
#     - capability.not_in_task
#     - intent.effect_outside_intent
package inbounds.rules.capability.not_granted

import data.inbounds.lib.resources
import data.inbounds.lib.task

# METADATA
# description: A grant speaks for this call
ruled_out if {
	some source, title
	count(data.inbounds.grants[source][title].grant) > 0
}

# METADATA
# scope: document
# description: The type of resource that nothing grants, and the targets beside it
details contains {"resource": input.resource.type}

details contains {"argument": pointer} if {
	some pointer, target in resources.targets
	not resources.may_name(target, task.authority.resources)
}
