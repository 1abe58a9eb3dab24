# METADATA
# description: |
#   What a task only assumes: bounds of which nobody has stated that what they permit may be done. A
#   person is asked about a call that needs one of them, and no third party steers such a call.
package inbounds.lib.assumptions

import data.inbounds.lib.resources
import data.inbounds.lib.task

# METADATA
# description: Whether the task assumes nothing, or what somebody stated permits the call by itself
# scope: document
none_needed if {
	is_array(task.authority.resources)

	every bound in task.authority.resources {
		resources.is_stated(bound)
	}
}

none_needed if {
	is_array(task.authority.resources)
	resources.open_to([bound | some bound in task.authority.resources; resources.is_stated(bound)])
}
