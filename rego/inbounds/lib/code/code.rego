# METADATA
# description: |
#   The words of a text that is run: a command, a script, a query. What runs it is not known, so it
#   is taken apart in two ways, as programs are, whose quotes end a word, and as commands are, whose
#   quotes are dropped. Code can put a name together that none of its words shows.
package inbounds.lib.code

import data.inbounds.lib.paths

# METADATA
# description: |
#   The words of `text`. Undefined for what is not text, and for one too long to be looked through.
words(text) := (_written(text) | _looked_for(text)) | union({_wildcards(strings.replace_n(_quotes, reading)) |
	some reading in _readings(_apart(text))
})

# METADATA
# description: |
#   The hosts that the words of `text` name: in a URL, a share, a remote, a socket or as an address, in
#   lower case and as they stand there. An authority that is not certain stands for itself, so that it
#   equals no host. Undefined as `words`.
hosts(text) := ({host |
	some word in ((_written(text) | _with_brackets(text)) | _urls_in_quotes(text))
	form := paths.skeleton(word)
	some host in (_named(form) | _addresses(form))
} | _behind_users(text)) - {""} if {
	_written(text)
}

# METADATA
# description: Whether `text` names a host, or is too long to be looked through
# scope: document
names_host(text) if count(hosts(text)) > 0

names_host(text) if {
	is_string(text)
	not hosts(text)
}

_longest := 65536

_written(text) := written | attached if {
	is_string(text)
	count(text) <= _longest
	plain := _apart(text)
	in_commands := {word |
		some reading in _readings(plain)
		dropped := strings.replace_n(_dropped, reading)
		some word in (_split(dropped, _ends) | _split(dropped, _ends_in_programs))
	}
	written := ((_split(plain, _ends_in_programs) | in_commands) | _expanded(text)) - {""}
	attached := {rest |
		some word in written
		some value in _attached(word)
		rest := trim_left(value, "@")
		rest != ""
	}
}

# As commands go on in the next line, and also without a `$` that belongs to a quotation mark. Where a command is
# within another one's quotes, it may as well begin a variable.
_readings(text) := {joined, strings.replace_n({"$'": "", "$\"": ""}, joined)} if {
	joined := replace(text, "\\\n", "")
}

# The words that shells make of those with alternatives (`.{x,env}`), or one that may be any.
_expanded(text) := set() if not contains(text, "{")

_expanded(text) := {part |
	some word in _opened_wholly({found[0] |
		some found in regex.find_all_string_submatch_n(_chunk, ranged, -1)
		regex.match(_group, found[0])
	})
	some part in _split_but_any(word)
	part != ""
} if {
	contains(text, "{")
	ranged := _collapsed(_unquoted(text), `\{[A-Za-z]\.\.[A-Za-z](?:\.\.[^{},\s]*)?\}`, "", "{?,?}")
}

_unquoted(text) := strings.replace_n(_quotes, strings.replace_n({"$'": "", "$\"": ""}, replace(text, "\\\n", "")))

# A word without a skeleton.
_any := "/\u0000"

_split_but_any(word) := {word} if word == _any

_split_but_any(word) := _split(word, _ends) if word != _any

# Alternatives by which shells look for files (`.@(x|env)`), expanded like those of braces. No URL is made of them.
_looked_for(text) := set() if not contains(text, "(")

_looked_for(text) := _expanded(_in_braces(_in_braces(_unquoted(text)))) if contains(text, "(")

_in_braces(text) := strings.replace_n(
	{found[0]: concat("", ["{", replace(found[2], "|", ","), _or_none[found[1]], "}"]) |
		some found in regex.find_all_string_submatch_n(`([@?*+]?)\(([^()\s]*)\)`, text, -1)
		regex.match(`^[^(]|\|`, found[0])
	},
	text,
)

_or_none := {"": "", "@": ",", "?": ",", "*": ",", "+": ","}

# A group in each word and round, from the outermost: what is in braces of a program is added up, not multiplied.
_opened_wholly(words) := {word |
	some opened in _opened(_opened(_opened(_opened(_opened(_opened(_opened(_opened(words))))))))
	word := _opened_or_any(opened)
}

_opened_or_any(word) := _any if regex.match(_group, word)

_opened_or_any(word) := word if not regex.match(_group, word)

_opened(words) := {word |
	some group in groups
	some alternative in group.alternatives
	word := concat("", [group.before, alternative, group.behind])
} | {word | some word in words; not regex.match(_group, word)} if {
	groups := _groups(words)
	_size(groups) <= _most
} else := {_any}

_most := 16384

_size(groups) := sum([size |
	some group in groups
	size := count(group.alternatives) * ((count(group.before) + count(group.behind)) + 1)
])

_groups(words) := [group |
	some word in words
	some found in regex.find_all_string_submatch_n(_group, word, 1)
	start := indexof(word, found[0])
	group := {
		"before": substring(word, 0, start),
		"behind": substring(word, start + count(found[0]), -1),
		"alternatives": [alternative[1] |
			some alternative in regex.find_all_string_submatch_n(_alternative, concat("", [",", found[1]]), -1)
		],
	}
]

# Braces within braces, eight deep.
_nested := concat("", [
	`\{(?:[^{}\s]|\{(?:[^{}\s]|\{(?:[^{}\s]|\{(?:[^{}\s]|`,
	`\{(?:[^{}\s]|\{(?:[^{}\s]|\{(?:[^{}\s]|\{[^{}\s]*\})*\})*\})*\})*\})*\})*\})*\}`,
])

_chunk := concat("", ["(?:", _nested, "|[^\\x00-\\x20\\x7f`;|&()<>,=])+"])

_alternative := concat("", [`,((?:[^{},\s]|`, _nested, ")*)"])

_group := concat("", [`\{((?:[^{},\s]|`, _nested, ")*(?:", _alternative, `)+)\}`])

# URLs right behind a quotation mark, as their readers take them: without the tabs and ends of lines in them. One
# that ends in neither a path nor the mark has no host for them.
_urls_in_quotes(text) := set() if not regex.match(`[\t\n\r]`, text)

_urls_in_quotes(text) := {url |
	some mark in ["\"", "'", "`"]
	parts := split(text, mark)
	some part in array.slice(parts, 1, count(parts) - 1)
	some found in regex.find_all_string_submatch_n(_url_in_quotes, part, 1)
	regex.match(`[\t\n\r]`, found[1])
	url := concat("", [strings.replace_n({"\t": "", "\n": "", "\r": ""}, found[1]), "/"])
} if {
	regex.match(`[\t\n\r]`, text)
}

_url_in_quotes := concat("", [
	`^[\x00-\x20]*((?:[A-Za-z][A-Za-z0-9+.\t\n\r-]*:|[/\\][\t\n\r]*[/\\])[/\\\t\n\r]*[^/\\?# ]*)`,
	`(?:[\x00-\x20]*$|[/\\?#])`,
])

# What follows a bracket that closes is a member of what stands before it, and no hidden name.
_apart(text) := strings.replace_n({").": " ", "].": " ", "}.": " ", "!.": " "}, _without_magic(text))

_split(text, ends) := {word | some word in split(strings.replace_n(ends, text), " ")}

# What git is told in brackets before a path, as in `:(top)`.
_without_magic(text) := text if not contains(text, ":(")

_without_magic(text) := _collapsed(text, `:\([^()\s]*\)`, "", " ") if contains(text, ":(")

# Words with a wildcard in which signs stand that end words elsewhere: a bracket (`[v,x]`) is one sign, and
# alternatives (`{n,}`) are any. A bracket is taken from the last that opens, and from the first.
_wildcards(text) := set() if not regex.match(`[\[{]`, text)

_wildcards(text) := {word |
	some pattern in [_inner_bracket, _outer_bracket]
	outer := _collapsed(text, _alternatives, `,|\.\.`, "*")
	plain := _collapsed(outer, _alternatives, `,|\.\.`, "*")
	some word in _split(_collapsed(plain, pattern, _end_or_mark, "?"), _ends)
	regex.match(`[*?]`, word)
} if {
	regex.match(`[\[{]`, text)
}

_collapsed(text, pattern, holding, sign) := strings.replace_n(
	{found[0]: sign |
		some found in regex.find_all_string_submatch_n(pattern, text, -1)
		regex.match(holding, found[0])
	},
	text,
)

_alternatives := `\{[^{}\s]*\}`

_inner_bracket := `\[*?\[(?:\[[:.=][a-z]*[:.=]\]|[^\[\]\s])*\]+`

_outer_bracket := `\[[!^]?\]?[^\]\s]*\]+`

_end_or_mark := "[`;|&()<>,=@:]"

# The hosts behind a user in whose name signs stand that end words, or escapes that others decode first. In
# quotes a blank is part of the name as well.
_behind_users(text) := set() if not contains(text, "@")

_behind_users(text) := {_host_behind_user(authority) |
	some reading in readings
	parts := split(_collapsed(reading, _any_scheme, "", "\u0000"), "\u0000")
	some position, part in parts
	position > 0
	before := parts[position - 1]
	authority := _authority(trim_left(part, `/\`), substring(before, max([0, count(before) - 1]), 1))
	contains(authority, "@")
} | {found[1] |
	some reading in dropped
	some found in regex.find_all_string_submatch_n(_remote_behind_sign, reading, -1)
} if {
	contains(text, "@")
	whole := replace(replace(lower(text), "\u0000", " "), "\\\n", "")
	dropped := {strings.replace_n(_quotes, reading) | some reading in _readings(whole)}
	readings := ({whole} | dropped) | {replace(lower(url), "\u0000", " ") | some url in _urls_in_quotes(text)}
}

_any_scheme := concat("", [`[a-z][a-z0-9+.-]+:[/\\]{2}|\b(?:`, _schemes, "):"])

_remote_behind_sign := `[&;,|=()<>]@(\[[^\]]*\]|[a-z0-9-]+(?:\.[a-z0-9-]+)+):`

# Until a blank or a quotation mark, or where a mark is open until that one. Readers of URLs drop what ends a line.
_authority(text, before) := strings.replace_n({"\t": "", "\n": "", "\r": ""}, found[0][0]) if {
	found := regex.find_all_string_submatch_n(_open_authorities[before], text, 1)
} else := regex.find_all_string_submatch_n(_shut_authority, text, 1)[0][0]

_open_authorities[mark] := concat("", [`^[^/\\?#`, mark, "]*"]) if some mark in ["\"", "'", "`"]

_shut_authority := concat("", [`^[^/\\?#\s"'`, "`]*"])

_host_behind_user(authority) := authority if {
	regex.match(`[{}\[\]*$].*@`, authority)
} else := _host(_form(parts[count(parts) - 1])) if {
	parts := split(authority, "@")
}

_form(text) := paths.skeleton(text)

_form(text) := text if not paths.skeleton(text)

# Readers of URLs expand brackets, or take them for part of the name.
_with_brackets(text) := {word |
	some reading in _readings(text)
	some word in _split(strings.replace_n(_quotes, reading), _ends)
	regex.match(`[\[\]{}!]`, word)
}

# The value of an option of one letter, and of several that stand together, as far as it begins with no letter.
_attached(word) := {substring(word, 2, -1), trim_prefix(word, options)} if {
	regex.match(`^[-+]([^-]|$)`, word)
	options := regex.find_all_string_submatch_n(`^[-+]([A-Za-z0-9]*[A-Za-z])?`, word, 1)[0][0]
}

# A file that is told by `@`.
_attached(word) := {word} if startswith(word, "@")

_ends[sign] := " " if {
	some sign in [
		"\u0000", "\u0001", "\u0002", "\u0003", "\u0004", "\u0005", "\u0006", "\u0007", "\u0008", "\t", "\n", "\u000b",
		"\u000c", "\r", "\u000e", "\u000f", "\u0010", "\u0011", "\u0012", "\u0013", "\u0014", "\u0015", "\u0016",
		"\u0017", "\u0018", "\u0019", "\u001a", "\u001b", "\u001c", "\u001d", "\u001e", "\u001f", "\u007f",
		"`", ";", "|", "&", "(", ")", "<", ">", ",", "=",
	]
}

# Brackets are of programs, and in commands also of what looks for names.
_ends_in_programs := object.union(_ends, {"\"": " ", "'": " ", "[": " ", "]": " ", "{": " ", "}": " ", "!": " "})

_dropped := object.union(_quotes, {"{": "", "}": ""})

_quotes := {"\"": "", "'": "", "\\": "", "^": ""}

_named(form) := {_host(found[1]) |
	some pattern in _naming
	some found in regex.find_all_string_submatch_n(pattern, form, -1)
}

# A URL; one with any number of slashes where some readers need no two; what stands behind a user; a remote;
# a share; a socket of a shell; one of socat; any address of this machine; a URL whose scheme is put together.
_naming := [
	`[a-z][a-z0-9+.-]+:[/\\][/\\]([^/\\?#]*)`,
	`(?:https?|wss?|ftps?):[/\\]+([^/\\?#]+)`,
	concat("", ["^(?:", _schemes, `):[/\\]*([^/\\?#]+)`]),
	`^[^/\\@]*[^/\\@:]@(\[[^\]]*\]|[^/\\?#@:\[\]]+)[/\\?#:]`,
	`^[^/\\@]+:@(\[[^\]]*\]|[^/\\?#@:\[\]]*[0-9.][^/\\?#@:\[\]]*)[/\\?#:]`,
	`^([a-z0-9-]+(?:\.[a-z0-9-]+)+):[0-9]*[/~]`,
	`^[/\\][/\\]+([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]+)?[/\\?#]`,
	`[/\\]dev[/\\]+(?:tcp|udp)[/\\]+([^/\\]+)`,
	concat("", ["^(?:", _sockets, `)[46]?(?:-[a-z0-9]+)*:(\[[^\]]*\]|[^:/\\]+):`]),
	`^(\[[0:]*::[0:]*\])[:/\\?#]`,
	`^(?:\$[0-9a-z_])?:[/\\][/\\](\$?[0-9a-z%][0-9a-z%$@._:-]*)(?:[/\\?#]|$)`,
]

# Those that reach a host when no slashes follow.
_schemes := concat("|", [
	"https?", "wss?", "ftps?", "dict", "finger", "gopher", "ircs?", "ldaps?", "mailto", "nntp", "rsync", "sftp", "sips?",
	"smb", "smtps?", "ssh", "telnet", "tftp", "xmpp",
])

_sockets := "tcp|udp|udplite|sctp|dccp|ssl|openssl|dtls|socks(?:4a?|5)|proxy"

# Without the user before it, the port after it and a bracket that something else has opened. Signs that
# are expanded leave no host that is certain.
_host(authority) := regex.find_all_string_submatch_n(_certain, authority, 1)[0][1] if {
	regex.match(_certain, authority)
} else := authority

_certain := concat("", [
	"^(?:[^{}\\[\\]*$,`]*@)?",
	"(\\[[0-9a-f:.]+\\]|[^{}\\[\\]*$,`@:]*)",
	"(?::[0-9]*)?[\\]}]*$",
])

# What stands by itself in a form that is read as an address.
_addresses(form) := {found[1] |
	some found in regex.find_all_string_submatch_n(`(?:^|[^0-9a-z._/\\-])([0-9][0-9a-z._-]*)`, form, -1)
	regex.match(_ipv4, found[1])
} | {concat("", ["[", found[1], "]"]) |
	some found in regex.find_all_string_submatch_n(`(?:^|[^0-9a-z._:/\\-])([0-9a-f:][0-9a-z._:-]*)`, form, -1)
	regex.match(_ipv6, found[1])
}

_ipv4 := `^(?:0x[0-9a-f]+|0[0-9]+|[0-9]{1,3})(?:\.(?:0x[0-9a-f]+|0[0-9]+|[0-9]{1,3})){3}\.*$`

# Loopback, an IPv4 address in one of IPv6, and any other that is not likely to be a slice or a name of a
# program.
_ipv6 := concat("|", [
	`^[0:]*::[0:]*1$`,
	`^[0:]*:ffff:[0-9a-f:.]+$`,
	`^(?:[0-9a-f]{4}|[0-9a-f]{1,4}:[0-9a-f]{1,4})(?::[0-9a-f]{1,4})*::[0-9a-f:.]*$`,
	`^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$`,
])
