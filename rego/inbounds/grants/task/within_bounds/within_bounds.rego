# METADATA
# title: Within the bounds of the task
# description: |
#   The task was begun with this tool, with every effect of the tool, and with the resource that the
#   call touches.
package inbounds.grants.task.within_bounds

import data.inbounds.lib.resources
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The one entitlement that covers this call
grant contains entitlement if {
	task.authority.tools[input.action.name]
	count(tools.effects) > 0
	count(tools.effects - {effect | some effect in task.authority.effects}) == 0
	input.resource.type == tools.entry.resource
	resources.open_to(task.authority.resources)

	entitlement := {
		"source": "task.within_bounds",
		"task": task.claims.task,
		"tool": input.action.name,
		"effects": sort(tools.effects),
	}
}
