# METADATA
# description: |
#   Whose the resource is and where it lives. The registry and the PEP may each say it; when
#   both do they must agree, and when nobody does it is not known.
package inbounds.lib.resources

import data.inbounds.lib.paths
import data.inbounds.lib.tools

# METADATA
# description: The tenant the resource belongs to
tenant := _agreed("tenant")

# METADATA
# description: The environment the resource lives in
environment := _agreed("environment")

# METADATA
# description: Whether the resource lies in one of `bounds`, each a type and prefixes of ids
# scope: document
within(bounds) if {
	some bound in bounds
	bound.type == input.resource.type
	some prefix in prefixes(bound)
	_starts_with(prefix)
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
#   about there
open_to(bounds) if {
	some bound in bounds
	within([bound])
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
# description: Whether the effects of `bound` are among those of the wider bound `outer`
# scope: document
holds_effects(outer, bound) if {
	is_object(bound)
	is_object(outer)
	object.get(outer, "effects", []) == []
}

holds_effects(outer, bound) if {
	asked := {effect | some effect in bound.effects}
	count(asked) > 0
	count(asked - {effect | some effect in outer.effects}) == 0
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
	_covers_below
	paths.encloses(text, prefix)
}

_covers_below if not tools.entry.recursive == false

_covers_below if "delete" in tools.effects

_lets_all(bound, _) if object.get(bound, "effects", []) == []

_lets_all(bound, effects) if count(effects - {effect | some effect in bound.effects}) == 0

_starts_with("")

# An id that climbs leads out of where it starts, and a wildcard out of what follows it.
_starts_with(prefix) if {
	is_string(prefix)
	not paths.is_pattern(prefix)
	paths.steady(input.resource.id)
	startswith(input.resource.id, prefix)
}

_agreed(property) := value if {
	said := ({word | word := tools.entry[property]} | {word | word := input.resource.properties[property]}) - {""}
	count(said) == 1
	some value in said
}
