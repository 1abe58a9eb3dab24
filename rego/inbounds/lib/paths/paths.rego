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
	_counts(form)
} else := text if {
	is_string(text)
	not _simple(text)
	text in _skeleton_parts
}

# A part of a skeleton is its own.
_skeleton_parts contains part if {
	is_object(input.action.properties.skeletons)
	some whole in input.action.properties.skeletons
	_counts(whole)
	some part in _split(lower(whole))
}

# One that could be read again, or be cut off, does not.
_counts(form) if {
	is_string(form)
	not regex.match(`%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}|[\x00-\x1f\x7f]`, form)
}

# METADATA
# description: |
#   The names by which a list of places may know `text` or a place within it, and the texts in which a wildcard
#   may stand for one: `text` and what stands between separators. Undefined where one of them is not steady,
#   and for more than 256 of them; a plain text has no such parts.
# scope: document
found(text) := {"names": _names(_segments(form)), "parts": set()} if {
	form := skeleton(text)
	_is_plain(form)
} else := {"names": {name | some part in parts; some name in names(part)}, "parts": parts} if {
	parts := {text} | _split(skeleton(text))
	count(parts) <= _most_parts

	every part in parts {
		steady(part)
	}
}

# Each part costs as much as a text of its own: a text of more is not told within a decision's deadline.
_most_parts := 256

# Spaces, punctuation, and what is neither a letter nor a digit of any script separate. A name may hold some of
# them, so the form is split in five ways: at all; at those but one space; at all but what is within brackets,
# which may be a wildcard; at those that an id does not hold; and at these but spaces.
_split(form) := {part |
	# Three dots are what is left of an ellipsis.
	escaped := replace(replace(form, `\ `, " "), "...", " ")
	words := _pieces(_word, escaped)
	some pieces in [
		words,
		[concat(" ", array.slice(words, start, start + 2)) | some start, _ in words],
		_pieces(_word, _without_brackets(escaped)),
		_pieces(concat("", ["[", _letters, `!#-&*+.-:=?@\[-_{}~-]+`]), escaped),
		_pieces(concat("", ["[", _letters, ` !#-&*+.-:=?@\[-_{}~-]+`]), escaped),
	]
	some piece in pieces
	part := trim_left(piece, " [{")
	part != ""

	# A bracket that was closed behind a separator is part of a name here, and `words` has it without.
	not regex.match(`\[[^\]]*$`, part)
}

_without_brackets(form) := strings.replace_n(
	{found[0]: "?" | some found in regex.find_all_string_submatch_n(`\[[^\[\]]*\]`, form, -1)},
	form,
)

_word := concat("", ["[", _letters, `._/\\~*?-]+`])

# Letters and digits of the scripts that most names are written in, as ranges without their punctuation: the
# tables of Unicode would be compiled at every question. Any other character beyond ASCII separates.
_letters := concat("", [
	"0-9a-z",
	`\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{2c1}\x{300}-\x{373}\x{376}\x{377}\x{386}\x{388}-\x{481}\x{483}-\x{52f}`,
	`\x{531}-\x{556}\x{561}-\x{587}\x{5d0}-\x{5ea}\x{620}-\x{669}\x{671}-\x{6d3}\x{904}-\x{963}\x{966}-\x{96f}`,
	`\x{e01}-\x{e3a}\x{e40}-\x{e4e}\x{1100}-\x{11ff}\x{1e00}-\x{1fbc}\x{3041}-\x{3096}\x{30a1}-\x{30fa}\x{30fc}`,
	`\x{3105}-\x{312f}\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{ac00}-\x{d7a3}\x{f900}-\x{faff}\x{20000}-\x{2ffff}`,
])

_pieces(expression, form) := [found[0] | some found in regex.find_all_string_submatch_n(expression, form, -1)]

# METADATA
# description: |
#   Whether `text` leads to one place, told by its skeleton. What climbs may lead anywhere, and so
#   may a short name (`GIT~1`), a stream (`::$DATA`), a wildcard for what is hidden, alternatives
#   (`{a,b}`), and what a process has open or calls its root (`/proc/1/root`).
steady(text) if {
	is_string(text)
	_is_plain(skeleton(text))
} else if {
	is_string(text)
	form := replace(skeleton(text), `\`, "/")
	not regex.match(_unsteady, form)
	not of_process(text)
	not _endless(form)
}

# METADATA
# description: |
#   Whether `text` is steady and names no other place behind a separator, from a root, a home or a folder
#   above, as `/work/a /etc/passwd` does: a program that reads several places in one text would go there.
single(text) if {
	is_string(text)
	_is_plain(skeleton(text))
} else if {
	steady(text)
	not regex.match(_another, replace(skeleton(text), `\`, "/"))
}

# METADATA
# description: |
#   Whether `text` leads to what a process has open or calls its root, or to a volume by its number
of_process(text) if regex.match(_of_process, concat("/", _segments(replace(skeleton(text), ":", "/"))))

# METADATA
# description: Whether `text` holds a sign by which tools look for names
is_pattern(text) if {
	is_string(text)
	regex.match(`[*?\[\]{}]`, text)
}

# METADATA
# description: |
#   Those of the names in `listed` that a wildcard in `text` may stand for. A segment that is nothing
#   but `*` stands for what its folder holds, as naming the folder does.
# scope: document
matching(text, _) := set() if not is_pattern(skeleton(text))

matching(text, listed) := {name |
	segments := _segments(replace(skeleton(text), ":", "/"))
	some way in [segments, [segment | some segment in segments; segment != "**"]]
	some run in _pattern_runs(way)
	some name, _ in listed
	_may_be(run, name)
} if {
	is_pattern(skeleton(text))
}

# METADATA
# description: Whether a wildcard in `text` stands in a name of two letters at least, and not for any
seeks(text) if {
	some segment in _segments(skeleton(text))
	is_pattern(segment)
	regex.match(`[a-z].*[a-z]`, _one_sign(segment))
}

# METADATA
# description: |
#   Whether a wildcard stands for a line of `lines`. An expression of its own for each wildcard and name
#   would be many: those of all wildcards in a text are compared with all names at once.
# scope: document
none_stands_for(expressions, _) if count(expressions) == 0

none_stands_for(expressions, lines) if {
	is_string(lines)
	count(expressions) > 0
	regex.match(concat("", ["\n(?:", concat("|", expressions), ")\n"]), lines) == false
}

# METADATA
# description: |
#   The names in `listed` as lines for `none_stands_for`: those that are whole, beginnings behind one
#   separator and endings behind two
lines_of_names(listed) := _lines(((whole | beginnings) | endings)) if {
	whole := {name |
		some name, _ in listed
		not contains(name, "*")
	}
	beginnings := {concat("", ["/", trim_suffix(name, ".*")]) |
		some name, _ in listed
		endswith(name, ".*")
	}
	endings := {concat("", ["//", trim_prefix(name, "*.")]) |
		some name, _ in listed
		startswith(name, "*.")
	}
}

# METADATA
# description: The folders of each of `prefixes` as a line for `none_stands_for`
lines_of_prefixes(prefixes) := _lines({concat("/", _segments(lower(prefix))) | some prefix in prefixes})

# METADATA
# description: The expressions of what a wildcard in `text` may stand for, wherever in a whole name
matched(text) := {_body(run) |
	segments := _segments(replace(skeleton(text), ":", "/"))
	some way in [segments, [segment | some segment in segments; segment != "**"]]
	some run in _pattern_runs(way)
}

# METADATA
# description: |
#   The expressions of what a wildcard in `text`, a word of code, looks for: names and beginnings of which
#   two letters in a row stand in it, or one of what is hidden. What may have any beginning (`*.json`) looks
#   for none.
sought(text) := {expression |
	some run in _pattern_runs(_segments_in_code(text))
	_looks_for_a_name(run)
	some expression in ({_body(run)} | _beginnings_of(run))
}

# METADATA
# description: The expressions of the endings that have a wildcard in `text`, a word of code (`*.pe?`)
sought_endings(text) := {concat("", ["//", _body([ending])]) |
	some segment in _segments_in_code(text)
	parts := split(_one_sign(segment), ".")
	count(parts) > 1
	ending := parts[count(parts) - 1]
	regex.match(`[*?]`, ending)
	regex.match(`[a-z0-9]|^\?{2,}$`, ending)
}

# METADATA
# description: |
#   The expressions of the endings that two letters or more behind a wildcard in `text`, a word of code, may
#   be the end of (`*pem`)
sought_tails(text) := {concat("", ["//", _body(["*"]), _body([found[1]])]) |
	some segment in _segments_in_code(text)
	some found in regex.find_all_string_submatch_n(`[*?]([^*?.]{2,})$`, _one_sign(segment), -1)
}

# METADATA
# description: |
#   The expressions of what the first segments of `text`, as many as a prefix in `prefixes` has, may stand
#   for by a wildcard
windows_at_start(text, prefixes) := {_body(run) |
	some length in _lengths(prefixes)
	run := array.slice(_segments(skeleton(text)), 0, length)
	is_pattern(concat("/", run))
}

# METADATA
# description: The same of later segments in which two letters stand
windows_within(text, prefixes) := {_body(run) |
	segments := _segments(skeleton(text))
	some length in _lengths(prefixes)
	some start, _ in segments
	start > 0
	run := array.slice(segments, start, start + length)
	is_pattern(concat("/", run))
	regex.match(`[a-z0-9].*[a-z0-9]`, _one_sign(concat("/", run)))
}

# METADATA
# description: |
#   Those of the whole names in `listed` in which the first segment of `text` ends, behind a sign and a letter
ended(text, listed) := {name |
	first := substring(_segments_in_code(text)[0], 2, -1)
	some name, _ in listed
	endswith(first, name)
}

# METADATA
# description: |
#   Whether `prefix` stands within `text`, a word of code, wherever in it. What has no skeleton may hold any.
# scope: document
holds(text, prefix) if {
	is_string(prefix)
	count(_segments(prefix)) > 0
	contains(_as_folder(_plain(skeleton(text))), _plain_prefix(prefix))
}

holds(text, prefix) if {
	is_string(text)
	is_string(prefix)
	not skeleton(text)
}

# METADATA
# description: |
#   Whether `text`, a path within code, lies at or below `prefix`: as it is written, or from a folder that
#   only what runs the code knows (`~`, `$HOME`, `..`)
# scope: document
may_reach(text, prefix) if reaches(text, prefix)

may_reach(text, prefix) if {
	is_string(prefix)
	tail := _as_folder(concat("/", array.concat([""], _from_elsewhere(skeleton(text)))))
	folders := _segments(lower(prefix))
	some start, _ in folders
	startswith(tail, _as_folder(concat("/", array.concat([""], array.slice(folders, start, count(folders))))))
}

# METADATA
# description: |
#   Whether `text` lies at or below `prefix`, in any spelling that names the same place: the
#   letter case, a doubled separator, one of another system, a segment that stays, an escape, a stream, a
#   URL of a file. A path from a root or a home may lie below a prefix that begins with neither, wherever
#   its names stand in it. What has no skeleton may lie anywhere.
# scope: document
reaches(text, prefix) if {
	is_string(prefix)
	startswith(_as_folder(_plain(skeleton(text))), _plain_prefix(prefix))
}

reaches(text, prefix) if {
	is_string(prefix)
	_from_root(prefix)
	some path in _located(skeleton(text))
	contains(_as_folder(path), _plain_prefix(prefix))
}

reaches(text, prefix) if {
	is_string(prefix)
	contains(prefix, "/")
	not _from_root(prefix)
	form := skeleton(text)
	_may_begin_elsewhere(form)
	some reading in _readings(form)
	contains(concat("/", ["", concat("/", _segments(reading)), ""]), concat("", ["/", _plain_prefix(prefix)]))
}

reaches(text, prefix) if {
	is_string(text)
	is_string(prefix)
	not skeleton(text)
}

# From a root, a home, a variable, a folder above, or behind a drive or a scheme. It is asked of every resource
# and prefix, so without an expression.
_may_begin_elsewhere(form) if substring(form, 0, 1) in {"/", `\`, "~", "$", ".", "'", `"`}

_may_begin_elsewhere(form) if contains(form, ":")

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
	form := strings.replace_n({"?": "*", "[": "*", "{": "*", `\`: "/"}, skeleton(text))
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
	some path in _located(form)
	segments := split(trim_prefix(path, "/"), "/")
	some start, _ in segments
	tail := array.slice(segments, start, count(segments))
	startswith(_plain_prefix(prefix), _as_folder(concat("", ["/", concat("/", tail)])))
}

# The root of a drive, or of a URL of files.
_encloses(form, prefix) if {
	_from_root(prefix)
	contains(form, ":")
	regex.match(`^([a-z]|file):[/\\]*$`, form)
}

# METADATA
# description: |
#   What `text` may be as a path, where nobody says that it is one: the skeletons of the items of a list by
#   commas, semicolons, bars or line ends, each with every alternative (`{a,b}`) on its own. Undefined where
#   one has no skeleton, where alternatives are nested too deep, and for more than 256 of them.
items(text) := {text_form} if {
	text_form := skeleton(text)
	_is_word(text_form)
} else := found if {
	is_string(text)
	lines := _pieces(`[^\x00-\x1f\x7f-\x9f\x{2028}\x{2029}]+`, text)
	opened := [_alternatives(skeleton(line)) | some line in lines]
	count(opened) == count(lines)
	found := {item |
		some forms in opened
		some form in forms
		some item in split(replace(replace(form, ";", ","), "|", ","), ",")
		trim(item, " ") != ""
	}
	count(found) <= _most_parts
}

# METADATA
# description: The words of `item`, as `items` has it, between spaces; a sign or a letter by itself is none
words_of_item(item) := {word |
	some word in split(item, " ")
	count(trim(word, `/\:`)) > 1
}

# METADATA
# description: Whether `item`, as `items` has it, climbs out of the folder in which it is used
climbs(item) if {
	contains(item, ".")
	regex.match(_climbs, replace(item, `\`, "/"))
}

# METADATA
# description: |
#   Whether `item`, as `items` has it, leads out of the folder in which it is used: it climbs, or begins at a
#   root, a home, a variable, a drive or a URL of a file
# scope: document
leads_out(item) if climbs(item)

leads_out(item) if {
	not _is_word(item)
	regex.match(_begins_elsewhere, replace(item, `\`, "/"))
}

# METADATA
# description: |
#   Whether `item`, as `items` has it, in the folder `base`, lies at or below `prefix`, or has a wildcard that
#   may stand for what does
# scope: document
item_reaches(base, item, prefix) if {
	is_string(prefix)
	_is_place(base, item)
	startswith(_as_folder(_plain(_in_folder(base, item))), _plain_prefix(prefix))
}

item_reaches(base, item, prefix) if {
	is_string(prefix)
	_from_root(prefix)
	some path in _located(_in_folder(base, item))
	contains(_as_folder(path), _plain_prefix(prefix))
}

item_reaches(base, item, prefix) if {
	is_string(prefix)
	is_pattern(item)
	begun := _segments(lower(prefix))
	folders := _folders_of(prefix, begun)
	run := array.slice(_segments(_in_ascii(_in_folder(base, item))), 0, count(begun))
	is_pattern(concat("/", run))
	_stands_in(base, run)
	regex.match(_expression(array.slice(run, 0, count(folders))), concat("/", folders))
	_goes_on(array.slice(run, count(folders), count(run)), array.slice(begun, count(folders), count(begun)))
}

# `**` may stand for any number of folders.
item_reaches(base, item, prefix) if {
	is_string(prefix)
	contains(item, "**")
	base != ""
	before := split(_in_folder(base, item), "**")[0]
	not is_pattern(before)
	segments := split(replace(before, `\`, "/"), "/")
	_encloses(concat("/", array.concat(array.slice(segments, 0, count(segments) - 1), [""])), prefix)
}

# METADATA
# description: Whether `item`, as `items` has it, is a folder around `prefix`
item_encloses(item, prefix) if {
	is_string(prefix)
	_encloses(item, prefix)
}

# METADATA
# description: |
#   Whether `item`, as `items` has it, in the folder `base`, is one of the names in `listed`, or has a
#   wildcard that looks for one
# scope: document
item_listed(base, item, listed) if {
	form := _in_ascii(_in_folder(base, item))
	some name in names(form)
	listed[name]
}

item_listed(base, item, listed) if {
	is_pattern(item)
	form := _in_ascii(_in_folder(base, item))
	expressions := (sought(form) | sought_endings(form)) | sought_tails(form)
	not none_stands_for(expressions, lines_of_names(listed))
}

item_listed(_, item, _) if {
	contains(item, "/")
	of_process(_in_ascii(item))
}

# A word by itself is one only in a folder that is named.
_is_place(base, _) if base != ""

_is_place("", item) if regex.match(`[/\\]`, item)

# Of one that ends within a name, those before that name.
_folders_of(prefix, segments) := segments if _ends_a_name(prefix)

_folders_of(prefix, segments) := array.slice(segments, 0, count(segments) - 1) if not _ends_a_name(prefix)

# What stands before a wildcard, and the beginning of a name.
_goes_on([], [])

_goes_on([segment], [beginning]) if {
	before := split(strings.replace_n({"?": "*", "[": "*"}, segment), "*")[0]
	_begin_alike(before, beginning)
}

_begin_alike(before, beginning) if startswith(before, beginning)

_begin_alike(before, beginning) if startswith(beginning, before)

# Where no folder is named, what may be any name looks for none.
_stands_in(base, _) if base != ""

_stands_in("", run) if {
	some segment in run
	not regex.match(`^[*?]+$`, segment)
}

_in_folder("", item) := item

_in_folder(base, item) := concat("/", [base, item]) if base != ""

# Names in lists are plain ASCII: another character is not one of theirs.
_in_ascii(form) := form if _simple(form)

_in_ascii(form) := strings.replace_n({sign: "_" | some sign in _pieces(`[^ -$&-~]`, form)}, form) if {
	not _simple(form)
}

_is_word(form) if trim(form, " abcdefghijklmnopqrstuvwxyz0123456789_-") == ""

# A segment that climbs, at the beginning of a word or within it.
_climbs := concat("|", [
	`(^|[/:]) *\.\. *($|[/:])`,
	`(^|[/:])[. ]*\. +\.[. ]*($|[/:])`,
	`[ =(>]\.\./`,
])

_begins_elsewhere := concat("|", [
	`^ *['"]?(/|~($|[a-z_][a-z0-9_.-]*($|/)|/)|\$\{?[a-z_]+\}?/|[a-z]:($|[^ ])|file:)`,
	`[ =]~/`,
])

# Three groups are opened, one after the other, the inner first.
_alternatives(form) := {form} if not regex.match(`[({\[]`, form)

_alternatives(form) := opened if {
	regex.match(`[({\[]`, form)
	opened := _open(_open(_open({form})))

	every item in opened {
		not regex.match(_group, item)
	}
}

_open(forms) := {opened |
	some form in forms
	some opened in _opened(form)
}

_opened(form) := {form} if not regex.match(_group, form)

_opened(form) := {concat("", [before, alternative, behind]) | some alternative in _alternatives_of(group)} if {
	group := _pieces(_group, form)[0]
	at := indexof(form, group)
	before := substring(form, 0, at)
	behind := substring(form, at + count(group), -1)
}

# Alternatives of shells, in braces or parentheses, and a bracket that holds a separator.
_group := concat("|", [
	`[!@+?*]?\([^(){}]*\|[^(){}]*\)|[!@+?*]\([^(){}|]+\)`,
	`\{[^(){}]*(,|\.\.)[^(){}]*\}`,
	`\[[!^]?\]?[^\]]*[/,;|][^\]]*\]`,
])

_alternatives_of(group) := {"?", "/"} if startswith(group, "[")

_alternatives_of(group) := {"*"} if regex.match(`^[!+*]\(|^\{[^,]*\}$`, group)

_alternatives_of(group) := {trim(part, " ") | some part in split(trim(group, "{}"), ",")} if {
	regex.match(`^\{.*,`, group)
}

_alternatives_of(group) := {part | some part in split(trim(group, "()"), "|")} if startswith(group, "(")

_alternatives_of(group) := {part | some part in split(trim(group, "@()"), "|")} if startswith(group, "@")

_alternatives_of(group) := {""} | {part | some part in split(trim(group, "?()"), "|")} if startswith(group, "?")

# METADATA
# description: |
#   The names by which a list of places may know `text`: each run of up to three segments;
#   `*.<ending>`; and for what is hidden and no template `.<name>.*`. All in lower case.
names(text) := {name | some reading in readings; some name in _names(_segments(reading))} if {
	readings := _readings(skeleton(text))
}

# METADATA
# description: |
#   The names by which a list of places may know `text`, a word of code, in which an `@` sets off a file
names_in_code(text) := {name |
	some reading in readings
	some name in _names(_segments(replace(reading, "@", "/")))
} if {
	readings := _readings(skeleton(text))
}

_names(segments) := (_runs(segments) | _endings(segments)) | _beginnings(segments)

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

# A segment that climbs, a short name, a stream of Windows, a wildcard for hidden names,
# alternatives of four shells, a bracket that is not closed within its segment (but for the address
# of a URL).
_unsteady := concat("|", [
	`(^|[/:]) *\.\. *($|[/:])`,
	`(^|[/:])[. ]*\. +\.[. ]*($|[/:])`,
	`(^|[/:])[^/:.]{1,6}~[0-9]{1,6}(\.[^/:.]{0,3})?[. ]*($|[/:])`,
	`:\$`,
	`(^|[/:])\.[^/:]*[*?\[\]{}]`,
	`\{.*(,|\.\.)`,
	`[!@+?*]\(`,
	`\(.*\|`,
	`((^|[^/])/?|(^|[^:])//)\[[!^]?\]?[^\]/:]*([/:]|$)`,
])

# A root, a home, a variable, a drive, or a folder above, behind what separates; the colon of a scheme does not.
_another := concat("", [
	`([\s,;|&<>'"\x60] *|^[^:]*[^a-z0-9+.:-][^:]*:|:.*:)`,
	`['"]?(/|~|\$|[a-z]:/|\.\.([/\s]|$))`,
])

# Nothing that separates, nor that `_unsteady` or `_of_process` looks for, as most ids are: an engine
# that compiles a pattern at every question pays most for these two.
_is_plain(form) if {
	trim(form, "abcdefghijklmnopqrstuvwxyz0123456789_/.-") == ""
	not contains(form, "..")
	not contains(form, "proc")
	not contains(form, "dev")
	not contains(form, ".vol")
}

# Links of a process to what it has open, and of a volume to what lies on it.
_of_process := concat("|", [
	`(^|/)proc/(.*[*?\[\]{}]|[^/]+/(task/[^/]+/)?(root|cwd|exe|fd|fdinfo|map_files|mem|environ)(/|$))`,
	`(^|/)dev/fd(/|$)`,
	`^dev/(fd?)?[*?\[\]{}]`,
	`(^|/)\.vol(/|$)`,
])

_endless(form) if {
	is_pattern(form)
	count(form) > 4096
}

# Each run of up to three segments in which a wildcard looks for a name.
_pattern_runs(segments) := {run |
	some start, _ in segments
	some length in [1, 2, 3]
	run := array.slice(segments, start, start + length)
	is_pattern(concat("/", run))
	some segment in run
	not regex.match(`^\*+$`, segment)
}

_lines(names) := concat("", ["\n", concat("\n", names), "\n"])

_segments_in_code(text) := _segments(replace(replace(skeleton(text), ":", "/"), "@", "/"))

# Not any name (`*`, `.*`), nor any of an ending.
_looks_for_a_name(run) if {
	not regex.match(`^\.?\*+(\.[^*?\[]*)?$`, run[0])
	regex.match(`[a-z_]{2}|(^|/)\.[^/]*[a-z0-9]|(^|/)\.\?{3,}$`, _one_sign(concat("/", run)))
	some segment in run
	is_pattern(segment)
	not regex.match(`^\*+$`, segment)
}

_beginnings_of(run) := {concat("", ["/", _body([beginning])]) |
	count(run) == 1
	parts := split(run[0], ".")
	some end, _ in parts
	beginning := concat(".", array.slice(parts, 0, end))
	regex.match(`[a-z0-9]`, beginning)
}

_lengths(prefixes) := {count(_segments(prefix)) | some prefix in prefixes}

_may_be(run, name) if {
	not contains(name, "*")
	regex.match(_expression(run), name)
}

# A name by its ending, which what follows the last `*` may be, or go on in.
_may_be([segment], name) if {
	startswith(name, "*")
	parts := split(_one_sign(segment), "*")
	_ends_alike(parts[count(parts) - 1], trim_prefix(name, "*"), count(parts) > 1)
}

# A name by its beginning, which any part of the segment before a dot may be.
_may_be([segment], name) if {
	endswith(name, ".*")
	parts := split(_one_sign(segment), ".")
	some end, _ in parts
	beginning := concat(".", array.slice(parts, 0, end))
	not regex.match(`^\*+$`, beginning)
	regex.match(_whole(beginning), trim_suffix(name, ".*"))
}

_ends_alike(tail, ending, _) if {
	count(tail) >= count(ending)
	regex.match(_whole(substring(tail, count(tail) - count(ending), -1)), ending)
}

_ends_alike(tail, ending, true) if {
	count(tail) < count(ending)
	regex.match(_whole(tail), substring(ending, count(ending) - count(tail), -1))
}

_expression(run) := _whole(concat("/", [_one_sign(segment) | some segment in run]))

# Which sign a bracket stands for is not looked at.
_one_sign(segment) := strings.replace_n(
	{found[0]: "?" | some found in regex.find_all_string_submatch_n(`\[[!^]?\]?[^\]]*\]+`, segment, -1)},
	segment,
)

_whole(pattern) := concat("", ["^", strings.replace_n(_signs, pattern), "$"])

# What is within one line.
_body(run) := strings.replace_n(
	object.union(_signs, {"*": `[^/\n]*`, "?": `[^/\n]`}),
	concat("/", [_one_sign(segment) | some segment in run]),
)

_signs := {
	".": `\.`, "+": `\+`, "(": `\(`, ")": `\)`, "|": `\|`, "^": `\^`, "$": `\$`, "[": `\[`, "]": `\]`,
	"*": "[^/]*", "?": "[^/]",
}

# What stands after the folder that is not written out.
_from_elsewhere(form) := array.slice(segments, 1, count(segments)) if {
	regex.match(`^(~|\$[a-z_])`, form)
	segments := _segments(form)
	count(segments) > 1
}

_from_elsewhere(form) := _segments(parts[count(parts) - 1]) if {
	not regex.match(`^(~|\$[a-z_])`, form)
	parts := split(replace(form, `\`, "/"), "../")
	count(parts) > 1
}

# A colon sets off a drive, a remote, a revision or a stream; after a scheme, a query may follow.
_apart(form) := replace(replace(replace(form, ":", "/"), "?", "/"), "#", "/")

# A text with a colon, by what the colon sets off: another name, or a stream, behind which the place goes on.
_readings(form) := {form} if not contains(form, ":")

_readings(form) := {_apart(form), _apart(_without(`:[^/]*/`, plain)), _apart(_without(`:[^/:]*/`, plain))} if {
	contains(form, ":")
	plain := replace(form, `\`, "/")
}

_without(stream, form) := strings.replace_n({found: "/" | some found in _pieces(stream, form)}, form)

# The paths within a text that also says where: a URL, a drive, a share of another host.
_located(form) := {concat("", ["/", concat("/", _segments(reading))]) |
	# A share begins with two separators; no form holds the end of a line. An expression would be compiled.
	begun := concat("", ["\n", replace(form, `\`, "/")])
	contains(replace(begun, "\n//", ":"), ":")
	some reading in _readings(form)
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

# Some systems drop dots and spaces at the end of a name, some tools spaces before it, and others
# the braces around one.
_segments(text) := [name |
	some segment in split(strings.replace_n({`\`: "/", "{": "", "}": ""}, text), "/")
	name := trim_left(trim_right(segment, ". "), " ")
	name != ""
]
