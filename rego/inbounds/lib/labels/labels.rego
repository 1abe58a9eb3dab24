# METADATA
# description: |
#   How sensitive data is. The label of a resource comes from the deployment, by type and
#   id prefix; what the PEP asserts can only raise it, and what nobody knows is the highest.
package inbounds.lib.labels

import data.inbounds.lib.arguments
import data.inbounds.lib.paths
import data.inbounds.lib.resources
import data.inbounds.lib.tools

# METADATA
# description: The rank of a label, 0 for the lowest; undefined for one the deployment lacks
rank(label) := _ranks[label]

# METADATA
# description: The rank of a label, and the highest for one the deployment lacks
# scope: document
ceiling(label) := rank(label)

ceiling(label) := highest if not label in data.deployment.labels.order

# METADATA
# description: The label of a rank
name(position) := data.deployment.labels.order[position]

# METADATA
# description: The rank of the highest label there is
highest := count(data.deployment.labels.order) - 1 if is_array(data.deployment.labels.order)

# METADATA
# description: The rank of the resource of this action, and of all else that it names as a target
resource := max((({asserted, _registered} | _prefixed) | _of_targets))

# METADATA
# description: The rank of the most sensitive data the session holds, with the resource's
exposed := max([ceiling(input.context.session.label), resource])

# METADATA
# description: The rank of what the tool returns at most
returned := ceiling(object.get(tools.entry, ["returns", "label"], ""))

_ranks[label] := position if some position, label in data.deployment.labels.order

# METADATA
# description: The rank the PEP asserts for the resource; it can only raise the registry's
# scope: document
default asserted := 0

asserted := ceiling(input.resource.properties.label) if input.resource.properties.label != ""

# A type that is not the tool's own would let a caller choose its label.
_registered := rank(data.deployment.labels.resources[input.resource.type].label) if {
	input.resource.type == tools.entry.resource
} else := highest

_prefixed := _prefixed_of(input.resource)

_of_targets contains rank if {
	some target in resources.targets
	some rank in (_prefixed_of(target) | {_registered_of(target.type)})
}

# Of each place that a text may lead to, in a folder that the call names.
_of_targets contains ceiling(label) if {
	some leaf in arguments.leaves
	is_string(leaf.value)
	leaf.pattern in arguments.possible_paths
	some [prefix, label] in _prefixes_of_places
	some item in paths.items(leaf.value)
	some folder in resources.folders
	paths.item_reaches(folder, item, prefix)
}

_prefixes_of_places contains [prefix, label] if {
	some type in (resources.folder_types | {input.resource.type})
	some prefix, label in data.deployment.labels.resources[type].prefixes
	contains(prefix, "/")
}

_registered_of(type) := value if {
	value := rank(data.deployment.labels.resources[type].label)
} else := highest

_prefixed_of(place) := {ceiling(label) |
	some prefix, label in data.deployment.labels.resources[place.type].prefixes
	resources.touches(place.id, prefix)
} if {
	paths.single(place.id)
} else := {highest}
