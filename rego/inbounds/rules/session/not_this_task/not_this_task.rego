# METADATA
# title: Session of another task
# description: |
#   A task's token names the session that the task was begun in. The labels and budgets of another
#   session do not apply to this task.
# custom:
#   severity: critical
#   remedy: The guard must ask with the state of the session that the task was begun in
#   controls: ["owasp_asi:ASI03", "owasp_mcp:MCP10:2025", "owasp_asi:ASI06"]
#   depends_on: [request.malformed, task.unverified]
package inbounds.rules.session.not_this_task

import data.inbounds.lib.task

# METADATA
# description: The session is the one that the task token names
ruled_out if {
	is_string(task.claims.sid)
	input.context.session.id == task.claims.sid
}

# METADATA
# description: Where the other session is named
details contains {"place": "/context/session/id"} if not ruled_out
