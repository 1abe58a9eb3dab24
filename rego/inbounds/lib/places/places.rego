# METADATA
# description: |
#   The places a call reaches, by the id of its resource and by the arguments that name one,
#   and whether they are clear of places that are kept from agents. Such places are listed
#   by name in this folder's data, and by type and prefix in the deployment's settings.
package inbounds.lib.places

import data.inbounds.lib.arguments
import data.inbounds.lib.paths
import data.inbounds.lib.resources

# METADATA
# description: |
#   Whether the resource, and every argument that names a place, is clear of the names in
#   `listed` and of `bounds`
clear(listed, bounds) if {
	resource_clear(listed, bounds)

	every leaf in arguments.leaves {
		leaf_clear(leaf, listed, bounds)
	}
}

# METADATA
# description: Whether the resource is clear of the names in `listed` and of `bounds`
resource_clear(listed, bounds) if {
	is_string(input.resource.type)
	_unlisted(input.resource.id, listed)
	is_array(bounds)

	every bound in bounds {
		_apart(bound)
	}
}

# METADATA
# description: |
#   Whether one leaf of the arguments names no place, or one that is clear of the names in
#   `listed` and of those `bounds` that are paths
# scope: document
leaf_clear(leaf, _, _) if not is_string(leaf.value)

leaf_clear(leaf, _, _) if _names_none(leaf.pattern)

leaf_clear(leaf, listed, bounds) if {
	_unlisted(leaf.value, listed)
	is_array(bounds)

	every bound in bounds {
		every prefix in resources.prefixes(bound) {
			_free_of(leaf.value, prefix)
		}
	}
}

# What no registry knows may be anything, a place as well.
_of_another_kind(spec) if {
	spec.kind != "path"
	spec.role != "target"
}

_of_another_kind(spec) if not spec.kind in {"path", "none", "id", "text"}

_unlisted(text, listed) if {
	is_object(listed)
	count(listed) > 0
	names := _names[text]

	every name in names {
		not listed[name]
	}
}

# By which each text of this call may be listed, found once for all lists. One that is
# not steady has no names that can be relied on.
_names[text] := names if {
	some text in _texts
	paths.steady(text)
	names := paths.names(text)
}

_texts contains input.resource.id

_texts contains leaf.value if {
	some leaf in arguments.leaves
	not _names_none(leaf.pattern)
}

_names_none(pattern) if _of_another_kind(arguments.spec(pattern))

_apart(bound) if bound.type != input.resource.type

_apart(bound) if {
	bound.type == input.resource.type

	every prefix in resources.prefixes(bound) {
		_outside(input.resource.id, prefix)
	}
}

# A prefix without a separator speaks of ids, not of paths.
_free_of(_, prefix) if {
	is_string(prefix)
	not contains(prefix, "/")
}

_free_of(text, prefix) if _outside(text, prefix)

_outside(text, prefix) if {
	is_string(prefix)
	not resources.touches(text, prefix)
}
