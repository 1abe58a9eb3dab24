# METADATA
# description: |
#   How what was asked for narrows what an intent lets the arguments of a task be. Either may
#   bound a role; what both bound is what both let through, and never more than the intent's.
#   One thing passes besides: a whole value that is asked for, where the intent lets through
#   what the user's own words hold, since asking for it is saying it outright.
package inbounds.lib.narrowing

import data.inbounds.lib.bounds

# METADATA
# description: |
#   The bounds that are left of what an intent has and what was asked for, by role. Undefined
#   where either is missing: a role that was dropped would be one without bounds.
narrowest(had, asked) := narrowed if {
	roles := _roles(had) | _roles(asked)
	narrowed := {role: bound |
		some role in roles
		bound := _both(had, asked, role)
	}
	object.keys(narrowed) == roles
}

# METADATA
# description: The roles for which more was asked than is left
cut(had, asked) := {role |
	some role, bound in asked
	some member, wanted in bound
	wanted != narrowest(had, asked)[role][member]
}

# METADATA
# description: |
#   The windows that are left of those an intent has and those asked for: what lies in one of
#   each. Where either states none, it is what the other states. They are disjoint, and 256 at most,
#   the first ones. Undefined where one cannot be read.
# scope: document
windows(had, asked) := left if {
	had == []
	left := array.slice(disjoint(asked), 0, _most)
}

windows(had, asked) := left if {
	asked == []
	left := array.slice(disjoint(had), 0, _most)
}

windows(had, asked) := array.slice(sort(both_of), 0, _most) if {
	had != []
	asked != []
	outer := disjoint(had)
	inner := disjoint(asked)
	both_of := [both |
		some one in outer
		some other in inner
		one.start < other.end
		other.start < one.end
		both := {"start": max([one.start, other.start]), "end": min([one.end, other.end])}
	]
}

# METADATA
# description: |
#   The same times as windows that neither overlap nor touch, in order. One that holds no time is left
#   out. Undefined where one cannot be read.
disjoint(all_of) := all_of if {
	_timed(all_of)
	starts := [window.start | some window in all_of]
	ends := [window.end | some window in all_of]
	moments := [moment | some place, start in starts; some moment in [start, ends[place]]]
	moments == sort(moments)
	count(moments) == count({moment | some moment in moments})
} else := sort([{"start": start, "end": end} |
	some start in starts
	end := min({end | some end in ends; end > start})
]) if {
	_timed(all_of)
	lasting := {window | some window in all_of; window.start < window.end}
	starts := {window.start | some window in lasting; not _entered_before(window.start, lasting)}
	ends := {window.end | some window in lasting; not _left_after(window.end, lasting)}
}

_entered_before(start, lasting) if {
	some other in lasting
	other.start < start
	start <= other.end
}

_left_after(end, lasting) if {
	some other in lasting
	other.start <= end
	end < other.end
}

_most := 256

_timed(all_of) if {
	is_array(all_of)

	every window in all_of {
		is_number(window.start)
		is_number(window.end)
	}
}

_roles(bounds_of) := object.keys(bounds_of) if {
	is_object(bounds_of)

	every bound in bounds_of {
		_sound(bound)
	}
}

_sound(bound) if {
	is_object(bound)

	every member, value in bound {
		type_name(value) == _types[member]
	}
}

_both(had, asked, role) := had[role] if not role in object.keys(asked)

_both(had, asked, role) := asked[role] if not role in object.keys(had)

_both(had, asked, role) := {
	"values": [value |
		some value in object.get(asked[role], "values", [])
		_lets(had[role], role, value)
	],
	"domains": [domain |
		some domain in object.get(asked[role], "domains", [])
		domain in object.get(had[role], "domains", [])
	],
	"origins": [grade |
		some grade in object.get(asked[role], "origins", [])
		grade in object.get(had[role], "origins", [])
	],
	"up_to": min([object.get(asked[role], "up_to", 0), object.get(had[role], "up_to", 0)]),
}

_lets(bound, _, value) if value in bound.values

# An address as it is asked for is not taken apart yet.
_lets(bound, _, value) if {
	is_string(value)
	[local, domain] := split(value, "@")
	local != ""
	domain in bound.domains
}

_lets(bound, "amount", value) if bounds.up_to(bound.up_to, value)

_lets(bound, _, _) if "prompt" in bound.origins

_types := {"values": "array", "domains": "array", "origins": "array", "up_to": "number"}
