# METADATA
# title: Identity of a person
# description: |
#   A person must not use the identity of an agent. Neither the agent's id nor a name in its identity
#   token may be that of a user among the deployment's subjects. Otherwise nobody could distinguish
#   the acts of the person from those of the agent, and the agent would have all rights of the person.
#   `identity.shared_account` is about the account behind an identity, this rule about the identity
#   itself. A workload that acts on its own authority is not a person, and may be its own subject.
# custom:
#   severity: high
#   remedy: The operator must give the agent an identity of its own; the person is the subject of its tasks
#   controls: ["owasp_asi:ASI03", "owasp_nhi:NHI10:2025", "csa_atf:I-1"]
#   depends_on: [request.malformed, identity.unverified, task.unverified, task.not_this_subject]
package inbounds.rules.identity.used_by_a_person

import data.inbounds.lib.agents
import data.inbounds.lib.identity
import data.inbounds.lib.task

# METADATA
# description: No name of the agent is a person's
ruled_out if {
	# Nobody is known as a person where the subjects are missing: one of them has to be there.
	is_string(data.deployment.subjects[task.claims.sub].type)
	count(_persons) == 0
	every name in _names {
		is_string(name)
	}
}

# METADATA
# description: Where the person is named
# scope: document
details contains {"place": "/context/agent"} if "" in _persons

details contains {"claim": concat("", ["/", claim])} if some claim in (_persons - {""})

# The agent's id under no name, and what its token may call the one whom it was issued to
# (OpenID Connect Core 5.1; `upn` of Microsoft's).
_names := object.union({"": agents.id}, {claim: identity.claims[claim] |
	some claim in {"sub", "email", "preferred_username", "upn"}
})

# Addresses are written in any case, and registered in lower case more often than not.
_persons contains claim if {
	some claim, name in _names
	is_string(name)
	some form in {name, lower(name)}
	entry := data.deployment.subjects[form]
	not entry.type == "workload"
}
