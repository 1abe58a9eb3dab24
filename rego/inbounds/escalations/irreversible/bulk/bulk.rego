# METADATA
# title: Too many recipients or targets at once
# description: |
#   A person is asked before a call that has more recipients or targets than `bulk` in the
#   deployment's settings, because a mistake would affect all of them. For a tool that only reads,
#   only the destinations of its requests count.
# custom:
#   severity: medium
#   remedy: Ask the user whether all of these are meant, or call the tool with fewer recipients or targets at a time
#   controls: ["owasp_aisvs:v1.0-C9.2.1", "csa_atf:S-4", "mitre_atlas_m:AML.M0029"]
#   depends_on: [request.malformed, capability.unregistered_tool, capability.effects_unset]
package inbounds.escalations.irreversible.bulk

import data.inbounds.lib.arguments
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: The call has no more recipients and targets than may pass unseen
ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	is_number(_most)
	count(_counted) <= _most
}

# METADATA
# description: How many there are, how many may pass unseen, and the arguments that hold them
details contains {"argument": place, "count": count(_counted), "most": _most} if {
	not ruled_out
	some pointer in _counted
	place := split(arguments.leaves[pointer].pattern, "/*")[0]
}

_most := object.get(data.deployment.settings, "bulk", 20) if is_object(data.deployment.settings)

_counted contains pointer if {
	some pointer, role in steering.leaves
	role in _roles
}

_roles := {"recipient", "target"} if steering.acts

_roles := {"recipient"} if not steering.acts
