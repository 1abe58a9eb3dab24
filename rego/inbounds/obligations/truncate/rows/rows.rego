# METADATA
# title: Cut a result down to the rows that were permitted
# description: |
#   The rows a call may return are taken from the budget when it is permitted. Where the registry
#   states how many a tool returns at most, what comes back beyond that does not reach the agent.
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
