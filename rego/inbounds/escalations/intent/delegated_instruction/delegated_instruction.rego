# METADATA
# title: Instruction from a record
# description: |
#   A user may ask an agent to do what a record says. The author of the record then decides what is
#   done. `delegated` of a task lists the effects and resources for which that is permitted. A person
#   is asked about each such call, and about each call that the text of a record steers. One approval
#   can cover the whole plan. For a local write that can be undone, nobody is asked about such text.
# custom:
#   severity: high
#   remedy: >-
#     User: approve once what the record asks for, or state the values in the prompt. Operator: change
#     `delegated` of the intent in deployment/intents.yaml if nobody has to be asked
#   controls: ["owasp_asi:ASI01", "owasp_mcp:MCP06:2025", "owasp_aisvs:v1.0-C9.3.5"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.escalations.intent.delegated_instruction

import data.inbounds.lib.resources
import data.inbounds.lib.steering
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The call only reads, or neither task nor record leaves it to somebody else
# scope: document
ruled_out if tools.effects == {"read"}

ruled_out if {
	count(tools.effects) > 0
	is_string(tools.entry.resource)
	is_object(steering.leaves)
	_none_delegated

	every pointer, _ in steering.leaves {
		_not_of_a_record(pointer)
	}
}

# METADATA
# description: What the task leaves to somebody else, and the arguments that a record's text gave
# scope: document
details contains {"delegated": bound.type, "effect": effect} if {
	some bound in task.authority.delegated
	bound.type == tools.entry.resource
	some effect in _acting
	resources.lets(bound, {effect})
}

details contains {"argument": pointer, "origin": "quoted_text"} if {
	steering.acts
	some pointer, _ in steering.leaves
	not _not_of_a_record(pointer)
}

# Reading is not done for anybody.
_acting := tools.effects - {"read"}

_none_delegated if {
	is_array(task.authority.delegated)

	every bound in task.authority.delegated {
		_apart(bound)
	}
}

_apart(bound) if {
	is_string(bound.type)
	bound.type != tools.entry.resource
}

_apart(bound) if {
	is_object(bound)
	bound.type == tools.entry.resource
	_named(bound.effects)
	count({effect | some effect in bound.effects} & _acting) == 0
}

# One that names no effects leaves all of the task's to somebody else.
_named(effects) if {
	is_array(effects)
	count(effects) > 0
}

_not_of_a_record(pointer) if steering.grade(pointer) != "quoted_text"

_not_of_a_record(pointer) if {
	"quoted_text" in steering.accepted
	steering.grade(pointer) == "quoted_text"
}
