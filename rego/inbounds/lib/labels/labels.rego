# METADATA
# description: |
#   How sensitive data is. The label of a resource comes from the deployment, by type and
#   id prefix; what the PEP asserts can only raise it, and what nobody knows is the highest.
package inbounds.lib.labels

import data.inbounds.lib.tools

# METADATA
# description: The rank of a label, 0 for the lowest; undefined for one the deployment lacks
rank(label) := _ranks[label]

# METADATA
# description: The rank of the highest label there is
highest := count(data.deployment.labels.order) - 1

# METADATA
# description: The rank of the resource of this action
resource := max(_resource_ranks)

# METADATA
# description: The rank of what the tool returns at most
returned := _rank_or_highest(object.get(tools.entry, ["returns", "label"], ""))

_ranks := {label: position | some position, label in data.deployment.labels.order}

_resource_ranks contains _asserted

_resource_ranks contains _registered

_resource_ranks contains _rank_or_highest(label) if {
	some prefix, label in data.deployment.labels.resources[input.resource.type].prefixes
	startswith(input.resource.id, prefix)
}

default _asserted := 0

_asserted := _rank_or_highest(input.resource.properties.label)

_registered := _type_rank

_registered := highest if not _type_rank

# A type that is not the tool's own would let a caller choose its label.
_type_rank := rank(data.deployment.labels.resources[input.resource.type].label) if {
	input.resource.type == tools.entry.resource
}

_rank_or_highest(label) := rank(label)

_rank_or_highest(label) := highest if not label in data.deployment.labels.order
