# METADATA
# title: Cut a result down to the rows that were permitted
# description: |
#   The rows that a call may return are taken from the budget when the call is permitted. The registry
#   can state the most rows that a tool returns. The agent does not receive any row beyond that.
package inbounds.obligations.truncate.rows

import data.inbounds.lib.obligations
import data.inbounds.lib.tools

# METADATA
# description: How many rows the agent may have, where the registry says so
oblige contains obligation if {
	tools.entry.returns.rows != 0
	"read" in tools.effects
	obligation := obligations.of("truncate", {"rows": tools.entry.returns.rows})
}
