# METADATA
# title: Argument from an untrusted source steers the call
# description: |
#   An argument that steers an effect must be traced to the user's words, to a trusted tool, or to
#   a record the user named, or lie within bounds that the task declares. A value that was found in
#   what others wrote never steers unasked, whatever the session has seen. A value that was found
#   nowhere steers only in a session that has read nothing of what others wrote. A local write that
#   can be undone takes weaker origins.
# custom:
#   severity: high
#   remedy: >-
#     User: approve the call if the recipient, target, amount, code or credential is what you meant, or state
#     it in the prompt. Operator: correct the argument's `role`, or the `party` of the tool that returned the
#     value, in deployment/tools.yaml
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
# description: Every argument that steers may do so unasked, or the call only reads
# scope: document
ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	not steering.acts
}

ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)

	every pointer, _ in steering.leaves {
		_steers(pointer)
	}
}

# METADATA
# description: The arguments that came from nowhere trusted, and where from
details contains {"argument": pointer, "role": role, "origin": steering.grade(pointer)} if {
	some pointer, role in steering.leaves
	not _steers(pointer)
}

# What the agent worked out itself, where no stranger has told it anything.
_steers(pointer) if {
	input.context.session.trust == "trusted"
	steering.source(pointer) == "none"
	steering.grade(pointer) == "none"
}

_steers(pointer) if bounds.vouched(pointer)
