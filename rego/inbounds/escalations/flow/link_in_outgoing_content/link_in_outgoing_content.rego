# METADATA
# title: Link from an untrusted source in what is sent
# description: |
#   A link in text that is sent can mislead its reader, or carry data out when it is opened or
#   rendered. In a session that has read text of third parties, each link that is sent must come from
#   the user's words, from a trusted tool or from a record that the user named, or it must lead to a
#   host that the task may send to. A person is asked about any other link.
# custom:
#   severity: high
#   remedy: >-
#     User: approve the call if the link is meant to be sent. Agent author: remove the link from the
#     argument. Operator: if the host is trusted, add it to `hosts` of a destination in
#     deployment/destinations.yaml
#   controls: ["owasp_asi:ASI01", "owasp_mcp:MCP06:2025", "mitre_atlas:AML.T0077"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.escalations.flow.link_in_outgoing_content

import data.inbounds.lib.destinations
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Nothing is sent, nothing untrusted was seen, or every link is known
# scope: document
ruled_out if {
	count(tools.effects) > 0
	not destinations.sends
}

ruled_out if {
	count(tools.effects) > 0
	input.context.session.trust == "trusted"
}

ruled_out if {
	count(tools.effects) > 0
	is_object(_links)

	every links in _links {
		_all_known(links)
	}
}

# METADATA
# description: The arguments with a link that came from nowhere trusted
details contains {"argument": pointer} if {
	some pointer, links in _links
	not _all_known(links)
}

_links := input.action.properties.links

_all_known(links) if {
	is_array(links)

	every link in links {
		_known(link)
	}
}

_known(link) if {
	is_string(link.host)
	link.grade in steering.firm
}

# A host that could not be read is empty, and belongs to nobody.
_known(link) if {
	is_string(link.grade)
	link.host != ""
	link.host in destinations.named_hosts
}
