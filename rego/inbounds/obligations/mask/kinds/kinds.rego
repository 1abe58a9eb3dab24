# METADATA
# title: Mask addresses and numbers in a result
# description: |
#   An agent that needs a text needs not have every address, account or telephone number in it.
#   The registry says which kinds are masked in what a tool returns.
package inbounds.obligations.mask.kinds

import data.inbounds.lib.obligations
import data.inbounds.lib.tools

# METADATA
# description: The kinds that are masked in the result's texts, where the registry says so
oblige contains obligation if {
	tools.entry.returns.mask != []
	obligation := obligations.of("mask", {"kinds": tools.entry.returns.mask})
}
