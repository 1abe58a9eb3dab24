# METADATA
# title: Argument from an untrusted source steers the call
# description: |
#   An argument steers a call if it decides who receives something, what is acted on, how much, which
#   code runs or which credential is used. The value of such an argument must come from the user's
#   words, from a trusted tool or from a record that the user named, or it must lie within bounds of
#   the task. A person is always asked about a value that was found in text of third parties. A value
#   that was found nowhere passes only in a session that has read no such text. For a local write that
#   can be undone, weaker origins are sufficient. A person is also asked about an argument that the
#   call leaves out where the tool then chooses its value (`absent: any` in the registry).
# custom:
#   severity: high
#   remedy: >-
#     User: approve the call if the recipient, target, amount, code or credential is what you meant, or state
#     it in the prompt. Operator: correct the argument's `role` or `absent`, or the `party` of the tool that
#     returned the value, in deployment/tools.yaml
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
# description: |
#   Every argument that steers is stated where that matters and may do so unasked, or the call only
#   reads
# scope: document
ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	not steering.acts
}

ruled_out if {
	count(tools.effects) > 0
	bounds.steered_unasked
}

# METADATA
# scope: document
# description: The arguments that came from nowhere trusted, and where from
details contains {"argument": pointer, "role": role, "origin": steering.grade(pointer)} if {
	some pointer, role in steering.leaves
	not bounds.steers_unasked(pointer)
}

# The tool's own choice comes from nowhere, whatever the session has seen.
details contains {"argument": pattern, "role": role, "origin": "none"} if {
	some pattern, role in steering.unstated
}
