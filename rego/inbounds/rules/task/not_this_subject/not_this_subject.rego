# METADATA
# title: Task of another subject
# description: |
#   A task runs on the authority of the subject who asked for it. The question must name that subject,
#   with the type that the deployment states for it.
# custom:
#   severity: critical
#   remedy: The guard must ask in the name of the subject that the task was begun for
#   controls: ["owasp_asi:ASI03", "owasp_aisvs:v1.0-C9.5.2", "owasp_aisvs:v1.0-C5.2.2"]
#   depends_on: [request.malformed, task.unverified, subject.not_entitled]
package inbounds.rules.task.not_this_subject

import data.inbounds.lib.task

# METADATA
# description: The question's subject is the task's, and of the type in the deployment
ruled_out if {
	_same
	_type
}

# METADATA
# description: Which member of the question names another
# scope: document
details contains {"place": "/subject/id"} if not _same

details contains {"place": "/subject/type"} if not _type

_same if {
	is_string(task.claims.sub)
	input.subject.id == task.claims.sub
}

_type if {
	entry := data.deployment.subjects[task.claims.sub]
	is_string(entry.type)
	input.subject.type == entry.type
}
