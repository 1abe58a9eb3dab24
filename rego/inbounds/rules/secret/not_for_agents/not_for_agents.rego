# METADATA
# title: Secrets are not for agents
# description: |
#   Keys, passwords and the files that contain them are used only by the broker that leases
#   credentials. No agent reads, changes or passes them, whatever its task. The policy has a list of
#   such places, and the deployment's settings can add more.
# custom:
#   severity: critical
#   remedy: The agent can name a narrower folder; the operator can lease the credential, or set `recursive` to false
#   controls: ["owasp_nhi:NHI2:2025", "owasp_mcp:MCP01:2025", "owasp_aisvs:v1.0-C9.5.4", "mitre_atlas:AML.T0055"]
#   depends_on: [request.malformed, capability.unregistered_tool]
package inbounds.rules.secret.not_for_agents

import data.inbounds.lib.arguments
import data.inbounds.lib.places
import data.inbounds.lib.tools

# METADATA
# description: No secret is touched, and no credential passed
ruled_out if {
	is_object(tools.entry)
	_no_secret_by_type
	places.clear(places.secrets, _bounds)

	every leaf in arguments.leaves {
		_no_credential(leaf)
	}
}

# METADATA
# description: The type of the resource, or the arguments, that are secrets or hold one
# scope: document
details contains {"resource": input.resource.type} if not _resource_clear

details contains {"argument": pointer} if {
	some pointer, leaf in arguments.leaves
	not _leaf_clear(leaf)
}

_resource_clear if {
	_no_secret_by_type
	places.resource_clear(places.secrets, _bounds)
}

_leaf_clear(leaf) if {
	_no_credential(leaf)
	places.leaf_clear(leaf, places.secrets, _bounds)
}

_no_secret_by_type if {
	is_string(input.resource.type)
	is_object(places.secret_types)
	count(places.secret_types) > 0
	not places.secret_types[lower(input.resource.type)]
}

_no_credential(leaf) if leaf.value == null

# An argument that the registry does not know is refused as that.
_no_credential(leaf) if not _takes_credential(leaf.pattern)

_takes_credential(pattern) if arguments.spec(pattern).role == "credential"

_bounds := object.get(data.deployment.settings, "secrets", []) if is_object(data.deployment.settings)
