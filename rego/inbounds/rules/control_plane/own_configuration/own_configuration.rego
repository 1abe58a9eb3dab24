# METADATA
# title: Control plane not for agents
# description: |
#   An agent must not change what restricts it: its policy, approvals, sandbox, hooks and servers, its
#   standing instructions and memory, and programs that start automatically. The policy has a list of
#   such places, and the deployment's settings can add more.
# custom:
#   severity: critical
#   remedy: A person must make this change, outside of the agent
#   controls: ["owasp_asi:ASI05", "mitre_atlas:AML.T0081", "owasp_aisvs:v1.0-C9.2.5", "nist_800_53:SC-3"]
#   depends_on: [request.malformed, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.control_plane.own_configuration

import data.inbounds.lib.arguments
import data.inbounds.lib.places
import data.inbounds.lib.tools

# METADATA
# description: The tool only reads, or reaches no place of the control plane
# scope: document
ruled_out if tools.effects == {"read"}

ruled_out if {
	count(tools.effects) > 0
	places.clear(places.control_plane, _bounds)
}

# METADATA
# description: The type of the resource, or the arguments, that reach the control plane
# scope: document
details contains {"resource": input.resource.type} if {
	not places.resource_clear(places.control_plane, _bounds)
}

details contains {"argument": pointer} if {
	some pointer, leaf in arguments.leaves
	not places.leaf_clear(leaf, places.control_plane, _bounds)
}

_bounds := object.get(data.deployment.settings, "control_plane", []) if is_object(data.deployment.settings)
