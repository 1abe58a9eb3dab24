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
# description: Whether `text` never climbs; one that does may lead anywhere
steady(text) if {
	is_string(text)

	every segment in split(replace(text, "\\", "/"), "/") {
		trim_right(segment, " ") != ".."
	}
}

# METADATA
# description: |
#   Whether `text` lies at or below `prefix`, in any spelling that names the same place: the
#   letter case, a doubled separator, one of another system, a segment that stays.
reaches(text, prefix) if {
	is_string(text)
	is_string(prefix)
	startswith(_as_folder(_plain(text)), _plain_prefix(prefix))
}

# METADATA
# description: Whether `text` is a folder around `prefix`
encloses(text, prefix) if startswith(_plain_prefix(prefix), _as_folder(_plain(text)))

# METADATA
# description: |
#   The names by which a list of places may know `text`: each run of up to three segments;
#   `*.<ending>`; and for what is hidden and no template `.<name>.*`. All in lower case.
names(text) := (_runs(segments) | _endings(segments)) | _beginnings(segments) if {
	# A colon sets off a drive, a remote, a revision or a stream.
	segments := _segments(replace(_plain(text), ":", "/"))
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

# Lower case, one kind of separator, nothing that stays where it is.
_plain(text) := concat("", [_root(text), concat("/", _segments(lower(text)))])

# A prefix that ends in a separator ends a name.
_plain_prefix(prefix) := _as_folder(_plain(prefix)) if _ends_a_name(prefix)

_plain_prefix(prefix) := _plain(prefix) if not _ends_a_name(prefix)

_ends_a_name(prefix) if endswith(prefix, "/")

_ends_a_name(prefix) if endswith(prefix, `\`)

_as_folder(path) := concat("", [trim_suffix(path, "/"), "/"])

_root(text) := "/" if _from_root(text)

_root(text) := "" if not _from_root(text)

_from_root(text) if startswith(text, "/")

_from_root(text) if startswith(text, `\`)

# Some systems drop dots and blanks at the end of a name.
_segments(text) := [name |
	some segment in split(replace(text, "\\", "/"), "/")
	name := trim_right(segment, ". ")
	name != ""
]
