# METADATA
# title: Leave out what is more sensitive than the task
# description: |
#   A field of a result can be more sensitive than the rest of it. The agent does not receive a field
#   whose label is above that of the task, or whose label the deployment does not know. It receives
#   the other fields.
package inbounds.obligations.redact.above_task_label

import data.inbounds.lib.labels
import data.inbounds.lib.obligations
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The fields that are left out, as patterns, where any is labelled above the task
oblige contains obligation if {
	count(_fields) > 0
	obligation := obligations.of("redact", {"fields": sort(_fields)})
}

_fields contains pattern if {
	some pattern, field in tools.entry.returns.fields
	_labelled(field)
	not _within_task(field.label)
}

_labelled(field) if object.get(field, "label", "") != ""

_within_task(label) if labels.rank(label) <= labels.rank(task.authority.label)
