# METADATA
# description: |
#   What a subject is entitled to: its own entry in the deployment and what its groups add.
#   A subject nobody registered is entitled to nothing.
package inbounds.lib.subjects

import data.inbounds.lib.labels

# METADATA
# description: The effects the subject may bring about
effects(id) := {effect |
	some source in _sources(id)
	some effect in source.effects
}

# METADATA
# description: The tenants the subject belongs to
tenants(id) := {tenant |
	some source in _sources(id)
	some tenant in source.tenants
}

# METADATA
# description: The tools the subject is entitled to; `*` stands for every registered tool
tools(id) := {name |
	some source in _sources(id)
	some name in source.tools
}

# METADATA
# description: The highest rank of label the subject may see; undefined when it may see none
clearance(id) := max({rank |
	some source in _sources(id)
	rank := labels.rank(source.clearance)
})

# METADATA
# description: Whether the subject may approve what others, or it, were held up at
may_approve(id) if {
	some source in _sources(id)
	source.may_approve == true
}

_sources(id) := {entry} | {data.deployment.groups[name] | some name in object.get(entry, "groups", [])} if {
	entry := data.deployment.subjects[id]
	is_object(entry)
}
