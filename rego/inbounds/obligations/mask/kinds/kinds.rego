# METADATA
# title: Mask addresses and numbers in a result
# description: |
#   An agent that needs a text does not always need the addresses, accounts or telephone numbers in
#   it. The registry lists the kinds of values that are masked in the results of a tool.
package inbounds.obligations.mask.kinds

import data.inbounds.lib.obligations
import data.inbounds.lib.tools

# METADATA
# description: The kinds that are masked in the result's texts, where the registry says so
oblige contains obligation if {
	tools.entry.returns.mask != []
	obligation := obligations.of("mask", {"kinds": tools.entry.returns.mask})
}
