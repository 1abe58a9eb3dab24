# METADATA
# title: Agent without an owner
# description: |
#   Every agent must have an owner who is responsible for it: a user among the deployment's subjects,
#   or one of its groups. A name that the deployment does not know, or a workload, does not count as
#   an owner.
# custom:
#   severity: high
#   remedy: The operator must set the agent's `owner` to a user of subjects.yaml or a group of groups.yaml
#   controls: ["owasp_asi:ASI10", "csa_atf:I-3", "nist_ai_rmf:GOVERN 2.1"]
#   depends_on: [request.malformed, identity.unverified, identity.agent_unregistered]
package inbounds.rules.identity.owner_missing

import data.inbounds.lib.agents

# METADATA
# description: The owner is a person
# scope: document
ruled_out if _subject.type == "user"

# METADATA
# description: The owner is a group; whether anybody is in it is seen where the deployment is linted
ruled_out if is_object(data.deployment.groups[_owner])

# METADATA
# description: Whether an owner is not named, not registered, or no person
# scope: document
details contains {"owner": "unnamed"} if not _owner

details contains {"owner": "unregistered"} if {
	_owner
	not ruled_out
	not _subject
}

details contains {"owner": "no person"} if {
	_subject
	not ruled_out
}

_owner := name if {
	name := agents.entry.owner
	is_string(name)
	trim_space(name) != ""
}

_subject := data.deployment.subjects[_owner]
