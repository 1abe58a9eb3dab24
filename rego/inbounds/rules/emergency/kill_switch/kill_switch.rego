# METADATA
# title: Kill switch active
# description: |
#   A person can stop a task, an agent or all agents at once, without the agent's cooperation. While
#   the switch is active, no call that it covers runs.
# custom:
#   severity: critical
#   remedy: Ask the person who set the switch; only the owner of the feed can release it
#   controls: ["owasp_aisvs:v1.0-C9.6.1", "owasp_aisvs:v1.0-C9.6.3", "csa_atf:R-2", "eu_ai_act:14.4(e)"]
#   depends_on: [request.malformed, task.revocation_feed_stale]
package inbounds.rules.emergency.kill_switch

import data.inbounds.lib.delegation
import data.inbounds.lib.identity
import data.inbounds.lib.live
import data.inbounds.lib.task

# METADATA
# description: |
#   The feed is there, and none of the switches for this call is thrown. A token that is not
#   verified names no switch of its own and is refused as unverified: the other switches are
#   looked up all the same, so that a bad token hides none.
ruled_out if {
	live.head
	is_string(input.context.agent)

	every name in object.keys(_switches) {
		not live.switched(name)
	}
}

# METADATA
# description: The switches that are thrown
details contains {"switch": kind} if {
	some name, kind in _switches
	live.switched(name)
}

# Each switch for this call, with its kind.
_switches["fleet"] := "fleet"

_switches[concat("", ["agent:", input.context.agent])] := "agent" if is_string(input.context.agent)

_switches[concat("", ["agent:", identity.agent])] := "agent"

# Whoever delegated the task is stopped with all that it delegated.
_switches[concat("", ["agent:", actor])] := "agent" if {
	some actor in delegation.actors
	is_string(actor)
}

_switches[concat("", ["task:", task.claims.task])] := "task" if is_string(task.claims.task)
