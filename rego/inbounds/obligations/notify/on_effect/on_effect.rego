# METADATA
# title: Tell somebody that a tool is about to run
# description: |
#   The registry can name an address that is notified of every permitted call of a tool. The PEP sends
#   the notification before the tool runs. If it cannot, the tool must not run.
package inbounds.obligations.notify.on_effect

import data.inbounds.lib.obligations
import data.inbounds.lib.tools

# METADATA
# description: The one notice this call is obliged to give
oblige contains obligation if {
	tools.entry.notify != ""
	obligation := obligations.of("notify", {"to": tools.entry.notify, "tool": input.action.name})
}
