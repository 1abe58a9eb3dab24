# METADATA
# description: |
#   Texts that are paths, or may be read as one: ids of resources, and arguments that name a
#   place. Where a place is to be kept from, they are compared by segment and without case,
#   in every spelling that leads there.
package inbounds.lib.paths

# METADATA
# description: |
#   Whether `path` is in its one form: no empty segment, none that stays or climbs, no
#   separator of another system.
# scope: document
canonical(path) if path in {"/", "."}

canonical(path) if {
	is_string(path)
	not contains(path, "\\")

	every segment in split(trim_prefix(path, "/"), "/") {
		not segment in {"", ".", ".."}
	}
}

# METADATA
# description: Whether the canonical path `path` is `folder` or lies below it
# scope: document
below(path, folder) if path == folder

below(path, folder) if startswith(path, _as_folder(folder))

# METADATA
# description: |
#   The one text that all spellings of `text` have in common. That of plain ASCII is its lower
#   case; any other is told by the SDK, which has the tables of Unicode, in the question. Undefined
#   for a text that has none.
# scope: document
skeleton(text) := lower(text) if _simple(text)

skeleton(text) := lower(form) if {
	is_string(text)
	not _simple(text)
	form := input.action.properties.skeletons[text]
	is_string(form)

	# One that could be read again, or be cut off, is none.
	not regex.match(`%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}|[\x00-\x1f\x7f]`, form)
}

# METADATA
# description: |
#   Whether `text` leads to one place, told by its skeleton. What climbs may lead anywhere, and so
#   may a short name (`GIT~1`), a stream (`::$DATA`) and a wildcard for what is hidden.
steady(text) if {
	is_string(text)
	form := replace(skeleton(text), `\`, "/")
	not regex.match(_unsteady, form)
}

# METADATA
# description: |
#   Whether `text` lies at or below `prefix`, in any spelling that names the same place: the
#   letter case, a doubled separator, one of another system, a segment that stays, an escape, a
#   URL of a file. What has no skeleton may lie anywhere.
# scope: document
reaches(text, prefix) if {
	is_string(prefix)
	startswith(_as_folder(_plain(skeleton(text))), _plain_prefix(prefix))
}

reaches(text, prefix) if {
	is_string(prefix)
	_from_root(prefix)
	contains(_as_folder(_located(skeleton(text))), _plain_prefix(prefix))
}

reaches(text, prefix) if {
	is_string(text)
	is_string(prefix)
	not skeleton(text)
}

# METADATA
# description: Whether `text` is a folder around `prefix`
encloses(text, prefix) if {
	is_string(prefix)
	_encloses(skeleton(text), prefix)
}

# METADATA
# description: Whether a wildcard in `text` may stand for what lies at or below `prefix`
sweeps(text, prefix) if {
	is_string(prefix)
	form := replace(replace(skeleton(text), "?", "*"), `\`, "/")
	contains(form, "*")
	segments := split(split(form, "*")[0], "/")
	_encloses(concat("/", array.concat(array.slice(segments, 0, count(segments) - 1), [""])), prefix)
}

_encloses(form, prefix) if startswith(_plain_prefix(prefix), _as_folder(_plain(form)))

# What is there, for a path from there.
_encloses(form, prefix) if {
	_plain(form) == ""
	contains(prefix, "/")
	not _from_root(prefix)
}

_encloses(form, prefix) if {
	segments := split(trim_prefix(_located(form), "/"), "/")
	some start, _ in segments
	tail := array.slice(segments, start, count(segments))
	startswith(_plain_prefix(prefix), _as_folder(concat("", ["/", concat("/", tail)])))
}

# The root of a drive, or of a URL of files.
_encloses(form, prefix) if {
	_from_root(prefix)
	regex.match(`^([a-z]|file):[/\\]*$`, form)
}

# METADATA
# description: |
#   The names by which a list of places may know `text`: each run of up to three segments;
#   `*.<ending>`; and for what is hidden and no template `.<name>.*`. All in lower case.
names(text) := (_runs(segments) | _endings(segments)) | _beginnings(segments) if {
	segments := _segments(_apart(skeleton(text)))
}

_runs(segments) := {concat("/", array.slice(segments, start, start + length)) |
	some start, _ in segments
	some length in [1, 2, 3]
}

_endings(segments) := {concat(".", ["*", parts[count(parts) - 1]]) |
	some segment in segments
	parts := split(segment, ".")
	count(parts) > 1
}

_beginnings(segments) := {concat(".", ["", parts[1], "*"]) |
	some segment in segments
	parts := split(segment, ".")
	count(parts) > 2
	parts[0] == ""
	not parts[count(parts) - 1] in _templates
}

# What shows the form of a file and holds nothing of it.
_templates := {"dist", "example", "sample", "template"}

# Printable ASCII but `%`, which begins an escape.
_simple(text) if {
	is_string(text)
	regex.match(`^[ -$&-~]*$`, text)
}

# A segment that climbs, a short name, a stream of Windows, a wildcard for hidden names.
_unsteady := concat("|", [
	`(^|[/:]) *\.\. *($|[/:])`,
	`(^|[/:])[. ]*\. +\.[. ]*($|[/:])`,
	`(^|[/:])[^/:.]{1,6}~[0-9]{1,6}(\.[^/:.]{0,3})?[. ]*($|[/:])`,
	`:\$`,
	`(^|[/:])\.[^/:]*[*?]`,
])

# A colon sets off a drive, a remote, a revision or a stream; after a scheme, a query may follow.
_apart(form) := form if not contains(form, ":")

_apart(form) := replace(replace(replace(form, ":", "/"), "?", "/"), "#", "/") if contains(form, ":")

# The path within a text that also says where: a URL, a drive, a share of another host.
_located(form) := concat("", ["/", concat("/", _segments(_apart(form)))]) if {
	regex.match(`:|^[/\\][/\\]`, form)
}

# One kind of separator, nothing that stays where it is.
_plain(form) := concat("", [_root(form), concat("/", _segments(form))])

# A prefix that ends in a separator ends a name.
_plain_prefix(prefix) := _as_folder(_plain(lower(prefix))) if _ends_a_name(prefix)

_plain_prefix(prefix) := _plain(lower(prefix)) if not _ends_a_name(prefix)

_ends_a_name(prefix) if endswith(prefix, "/")

_ends_a_name(prefix) if endswith(prefix, `\`)

_as_folder(path) := concat("", [trim_suffix(path, "/"), "/"])

_root(text) := "/" if _from_root(text)

_root(text) := "" if not _from_root(text)

_from_root(text) if startswith(text, "/")

_from_root(text) if startswith(text, `\`)

# Some systems drop dots and blanks at the end of a name, some tools blanks before it.
_segments(text) := [name |
	some segment in split(replace(text, `\`, "/"), "/")
	name := trim_left(trim_right(segment, ". "), " ")
	name != ""
]
