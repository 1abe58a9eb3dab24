# METADATA
# title: Argument nobody trusted
# description: |
#   In a session that has read what others wrote, an argument that steers an effect must be
#   traced to the user's words, to a trusted tool, or to a record the user named, or lie within
#   bounds that the task declares. What is traced to nothing is as untrusted as what is
#   traced to a stranger's text. A local write that can be undone takes weaker origins.
# custom:
#   severity: high
#   remedy: Ask a person whether this is what was meant, or take the value from the user's own words
#   controls: ["owasp_asi:ASI01", "owasp_mcp:MCP06:2025", "mitre_atlas:AML.T0051.001"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.escalations.flow.untrusted_argument

import data.inbounds.lib.bounds
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Every argument that steers came from something trusted, or nothing untrusted was seen
# scope: document
ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	not steering.acts
}

ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	input.context.session.trust == "trusted"
}

ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)

	every pointer, _ in steering.leaves {
		bounds.vouched(pointer)
	}
}

# METADATA
# description: The arguments that came from nowhere trusted, and where from
details contains {"argument": pointer, "role": role, "origin": steering.grade(pointer)} if {
	some pointer, role in steering.leaves
	not bounds.vouched(pointer)
}
