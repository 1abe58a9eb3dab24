# METADATA
# title: Untrusted write to a memory
# description: |
#   Every later session trusts the content of a memory. In a session that has read text of third
#   parties, a value is written to a memory only if all of it comes from the user's words, from a
#   trusted tool, or from a record that the user named. A value of unknown origin counts as text of a
#   third party.
# custom:
#   severity: high
#   remedy: The agent can keep only what the user said or named; the user can store it in a session of its own
#   controls: ["owasp_asi:ASI06", "owasp_t:T1", "mitre_atlas_m:AML.M0031", "owasp_mcp:MCP10:2025"]
#   depends_on: [request.malformed, capability.unregistered_tool, capability.effects_unset]
package inbounds.rules.memory.untrusted_write

import data.inbounds.lib.arguments
import data.inbounds.lib.spending
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Nothing is kept, nothing untrusted was seen, or all that is kept is trusted
# scope: document
ruled_out if {
	count(tools.effects) > 0
	count(tools.effects & spending.writing) == 0
}

ruled_out if {
	count(tools.effects) > 0
	object.get(tools.entry, "memory", false) == false
}

ruled_out if {
	count(tools.effects) > 0
	input.context.session.trust == "trusted"
}

ruled_out if {
	count(tools.effects) > 0
	is_object(arguments.leaves)
	count(_untrusted) == 0
}

# METADATA
# description: The arguments that came from nowhere trusted, and where from
details contains {"argument": pointer, "origin": steering.grade(pointer)} if {
	not ruled_out
	some pointer in _untrusted
}

_untrusted contains pointer if {
	some pointer, leaf in arguments.leaves
	leaf.value != null
	not arguments.holds_nothing(leaf)
	not steering.grade(pointer) in _trusted
}

# Weaker grades do for a write that can be undone; what a memory keeps has been read by then.
_trusted := {"prompt", "first_party", "quoted"}
