# METADATA
# title: Value from a memory steers the call
# description: |
#   Anybody may have written the content of a memory, in any session. If a value from a memory steers
#   a call, it must also be found in the user's words, in the result of a trusted tool, or in a record
#   that the user named. Otherwise the call is denied without asking a person, because the value alone
#   does not show who wrote it.
# custom:
#   severity: critical
#   remedy: >-
#     Agent author: take the recipient, target, amount, code or credential from the prompt or from a trusted
#     tool. Operator: inspect the memory, and set `party: first` in deployment/tools.yaml only for fields
#     that nobody else can write
#   controls: ["owasp_asi:ASI06", "owasp_t:T1", "mitre_atlas:AML.T0080"]
#   depends_on: [request.malformed, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.flow.instruction_from_memory

import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Nothing is steered, or nothing that steers is known from a memory alone
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
		_not_from_memory(pointer)
	}
}

# METADATA
# description: The arguments that came out of a memory, and what they steer
details contains {"argument": pointer, "role": role, "origin": steering.grade(pointer)} if {
	steering.acts
	some pointer, role in steering.leaves
	not _not_from_memory(pointer)
}

_not_from_memory(pointer) if steering.source(pointer) in {"prompt", "tool", "session", "none"}

_not_from_memory(pointer) if {
	steering.source(pointer) == "memory"
	steering.grade(pointer) in steering.firm
}
