# METADATA
# description: |
#   Whose the resource is and where it lives. The registry and the PEP may each say it; when
#   both do they must agree, and when nobody does it is not known.
package inbounds.lib.resources

import data.inbounds.lib.tools

# METADATA
# description: The tenant the resource belongs to
tenant := _agreed("tenant")

# METADATA
# description: The environment the resource lives in
environment := _agreed("environment")

# METADATA
# description: Whether the resource lies in one of `bounds`, each a type and prefixes of ids
within(bounds) if {
	some bound in bounds
	bound.type == input.resource.type
	some prefix in bound.prefixes
	startswith(input.resource.id, prefix)
}

_agreed(property) := value if {
	said := {word |
		some source in [tools.entry, object.get(input.resource, "properties", {})]
		word := source[property]
		word != ""
	}
	count(said) == 1
	some value in said
}
