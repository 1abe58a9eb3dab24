# METADATA
# title: Outside the task's bounds
# description: |
#   A task can state bounds for the arguments that steer its calls, such as a list of recipients, a
#   maximum amount, or only values from the user's own words or a trusted tool. It can also state the
#   times at which it may act. Any other value or time is denied without asking a person. So is an
#   argument with bounds that the call leaves out, where the tool then chooses the value
#   (`absent: any` in the registry), and an amount that a payment leaves out which cannot be undone,
#   unless the registry says `absent: none`.
# custom:
#   severity: critical
#   remedy: The agent must use the value that the user meant, or wait; the user can begin a task with wider bounds
#   controls: ["owasp_asi:ASI01", "owasp_asi:ASI02", "nist_800_53:AC-4"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.intent.outside_bounds

import data.inbounds.lib.bounds
import data.inbounds.lib.clock
import data.inbounds.lib.destinations
import data.inbounds.lib.steering
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: It is time, and every argument whose role the task bounds lies within the bounds
ruled_out if {
	count(tools.effects) > 0
	is_object(steering.leaves)
	is_object(task.authority.bounds)
	_in_time
	is_object(steering.unstated)
	count(bounds.unstated) == 0

	every pointer in _judged {
		bounds.within(pointer)
	}
}

# METADATA
# scope: document
# description: The arguments outside of what the task declares, and when it may act
details contains {"argument": pointer, "role": role} if {
	some pointer in _judged
	role := steering.leaves[pointer]
	not bounds.within(pointer)
}

details contains {"argument": pattern, "role": role} if some pattern, role in bounds.unstated

details contains {"window": window} if {
	not _in_time
	some window in task.authority.windows
}

_in_time if {
	is_array(task.authority.windows)
	count(task.authority.windows) == 0
}

_in_time if {
	some window in task.authority.windows
	is_number(window.start)
	is_number(window.end)
	window.start <= clock.now
	clock.now < window.end
}

# Reading is free within the task's label, but for where a request goes.
_judged := bounds.bounded if steering.acts

_judged := bounds.bounded & destinations.outward if not steering.acts
