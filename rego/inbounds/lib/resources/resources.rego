# METADATA
# description: |
#   Whose the resource is and where it lives. The registry and the PEP may each say it; when
#   both do they must agree, and when nobody does it is not known. What else a call names as a target
#   is held to the same bounds.
package inbounds.lib.resources

import data.inbounds.lib.arguments
import data.inbounds.lib.paths
import data.inbounds.lib.tools

# METADATA
# description: The tenant the resource belongs to
tenant := _agreed("tenant")

# METADATA
# description: The environment the resource lives in
environment := _agreed("environment")

# METADATA
# description: |
#   What the targets of a call name beside its resource, by the pointer of each: the type and the id.
#   The type is the resource's own where the registry says no other. An id that is not text is null.
# scope: document
targets[pointer] := {"type": _type(spec), "id": _id(leaf.value)} if {
	some pointer, leaf in arguments.leaves
	not type_name(leaf.value) in {"null", "boolean"}
	not arguments.holds_nothing(leaf)
	spec := arguments.spec(leaf.pattern)
	spec.role == "target"
	not spec.kind in {"email", "url", "host", "iban", "date", "money", "phone"}
	not _names_resource(leaf.pattern, spec)
}

# What leads out of the folder that a target names is a target itself. Where targets are of several types, it is
# of none.
targets[pointer] := {"type": type, "id": leaf.value} if {
	arguments.takes_paths
	some pointer, leaf in arguments.leaves
	is_string(leaf.value)
	leaf.pattern in arguments.possible_paths
	_leads_out(leaf.value)
	type := _only(folder_types)
}

_leads_out(text) if not paths.items(text)

_leads_out(text) if {
	some item in paths.items(text)
	paths.leads_out(item)
}

default _only(_) := null

_only(values) := value if {
	count(values) == 1
	some value in values
}

# METADATA
# description: |
#   The folders in which a text of the call that may be a path is used: what it names as targets of the kind
#   `path`, and its resource. Where it takes none, the one that nobody names.
# scope: document
folders := {""} if not arguments.takes_paths

folders := {form |
	some text in ({leaf.value |
		some leaf in arguments.leaves
		spec := arguments.spec(leaf.pattern)
		spec.kind == "path"
		spec.role == "target"
	} | {input.resource.id})
	form := paths.skeleton(text)
} | {""} if {
	arguments.takes_paths
}

# METADATA
# description: The types of the targets of kind `path` that the tool takes
folder_types contains _type(about) if {
	some about in tools.entry.arguments
	about.kind == "path"
	about.role == "target"
}

# METADATA
# description: |
#   Whether the call covers what is below the place that it names. Only the registry says that a tool touches
#   nothing below; a deletion always does.
# scope: document
covers_below if not tools.entry.recursive == false

covers_below if "delete" in tools.effects

# METADATA
# description: |
#   Whether the resource, and all else that the call names as a target, lies in one of `bounds`, each
#   a type and prefixes of ids
within(bounds) if {
	_within(input.resource, bounds)

	every target in targets {
		_within(target, bounds)
	}
}

# METADATA
# description: The prefixes of a bound; where it states none, the one of all ids
prefixes(bound) := listed if {
	is_object(bound)
	listed := object.get(bound, "prefixes", [""])
	is_array(listed)
}

# METADATA
# description: |
#   Whether one of `bounds` holds the resource, and lets every effect of the tool be brought
#   about there; and whether each other target may be named beside it
open_to(bounds) if {
	holds(input.resource, bounds)

	every target in targets {
		may_name(target, bounds)
	}
}

# METADATA
# description: |
#   Whether a call may name a target beside its resource: one of `bounds` lets every effect of the tool
#   be brought about there. For a target of another type than the resource, such as the customer of an
#   order, it is enough that a bound holds it, unless the call deletes, executes or administers.
# scope: document
may_name(target, bounds) if holds(target, bounds)

may_name(target, bounds) if {
	target.type != input.resource.type
	count(tools.effects) > 0
	count(tools.effects & {"delete", "execute", "administer"}) == 0
	_within(target, bounds)
}

# METADATA
# description: |
#   Whether one of `bounds` holds a place, which is a type and an id, and lets every effect of the
#   tool be brought about there
holds(place, bounds) if {
	some bound in bounds
	_within(place, [bound])
	lets(bound, tools.effects)
}

# METADATA
# description: Whether a bound lets all of `effects` be brought about; one that names none lets all
lets(bound, effects) if {
	is_object(bound)
	count(effects) > 0
	_lets_all(bound, effects)
}

# METADATA
# description: |
#   Whether the effects of `bound` are among those of the wider bound `outer`, and `bound` is assumed where
#   `outer` is
# scope: document
holds_effects(outer, bound) if {
	_as_assumed(outer, bound)
	object.get(outer, "effects", []) == []
}

holds_effects(outer, bound) if {
	_as_assumed(outer, bound)
	asked := {effect | some effect in bound.effects}
	count(asked) > 0
	count(asked - {effect | some effect in outer.effects}) == 0
}

# METADATA
# description: Whether somebody stated that a bound lets something be done
is_stated(bound) if {
	is_object(bound)
	object.get(bound, "assumed", false) == false
}

_as_assumed(outer, bound) if {
	is_stated(outer)
	is_object(bound)
	is_boolean(object.get(bound, "assumed", false))
}

_as_assumed(outer, bound) if {
	outer.assumed == true
	bound.assumed == true
}

# METADATA
# description: |
#   Whether a call that names `text` touches what lies at or below `prefix`: the place lies there,
#   or the call covers what is below it. Only the registry says that a tool touches nothing below
#   what it names; a deletion always does.
# scope: document
touches(text, prefix) if paths.reaches(text, prefix)

touches(text, prefix) if paths.sweeps(text, prefix)

touches(text, prefix) if {
	covers_below
	paths.encloses(text, prefix)
}

_lets_all(bound, _) if object.get(bound, "effects", []) == []

_lets_all(bound, effects) if count(effects - {effect | some effect in bound.effects}) == 0

_within(place, bounds) if {
	some bound in bounds
	bound.type == place.type
	some prefix in prefixes(bound)
	_starts_with(object.get(place, "id", null), prefix)
}

_starts_with(_, "")

# An id that climbs leads out of where it starts, a wildcard out of what follows it, and one that
# names several places to each.
_starts_with(id, prefix) if {
	is_string(prefix)
	not paths.is_pattern(prefix)
	paths.single(id)
	startswith(id, prefix)
}

_type(spec) := spec.resource if object.get(spec, "resource", "") != ""

_type(spec) := object.get(input, ["resource", "type"], null) if object.get(spec, "resource", "") == ""

default _id(_) := null

_id(value) := value if is_string(value)

_id(value) := format_int(value, 10) if {
	is_number(value)
	value == floor(value)
}

# That it agrees with the resource is for `request.resource_mismatch` to see.
_names_resource(pattern, _) if pattern == tools.entry.resource_argument

_names_resource(_, spec) if {
	object.get(tools.entry, "resource_argument", "") == ""
	object.get(spec, "resource", "") == ""
	spec.kind in {"id", "path"}
}

_agreed(property) := value if {
	said := ({word | word := tools.entry[property]} | {word | word := input.resource.properties[property]}) - {""}
	count(said) == 1
	some value in said
}
