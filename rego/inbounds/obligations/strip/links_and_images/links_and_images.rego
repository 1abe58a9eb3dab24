# METADATA
# title: Take links and images out of a result
# description: |
#   A link or an image in text of a third party can carry data out when it is rendered, and can
#   mislead the person who opens it. The registry lists the tools from whose results they are removed.
package inbounds.obligations.strip.links_and_images

import data.inbounds.lib.obligations
import data.inbounds.lib.tools

# METADATA
# description: What is taken out of the result's texts, where the registry says so
oblige contains obligation if {
	tools.entry.returns.strip != []
	obligation := obligations.of("strip", {"what": tools.entry.returns.strip})
}
