# METADATA
# description: |
#   The words of a text that is run: a command, a script, a query. What runs it is not known, so it
#   is taken apart in two ways, as programs are, whose quotes end a word, and as commands are, whose
#   quotes are dropped. Code can put a name together that none of its words shows.
package inbounds.lib.code

import data.inbounds.lib.paths

# METADATA
# description: |
#   The words of `text`. Undefined for what is no text, and for one too long to be looked through.
words(text) := written | attached if {
	is_string(text)
	count(text) <= _longest

	# What follows a bracket that closes is a member of what stands before it, and no hidden name.
	plain := strings.replace_n({").": " ", "].": " ", "}.": " ", "!.": " "}, text)
	dropped := strings.replace_n(_dropped, replace(plain, "\\\n", ""))
	in_commands := _split(dropped, _ends) | _split(dropped, _ends_in_programs)
	written := (_split(plain, _ends_in_programs) | in_commands) - {""}
	attached := {rest |
		some word in written
		rest := _attached(word)
		rest != ""
	}
}

# METADATA
# description: |
#   The hosts that the words of `text` name: in a URL, a share, a remote or as an address, in lower
#   case and as they stand there. Undefined as `words`.
hosts(text) := {host |
	some word in words(text)
	form := paths.skeleton(word)
	some pattern in _naming
	some found in regex.find_all_string_submatch_n(pattern, form, -1)
	host := _host(found[1])
	host != ""
} if {
	words(text)
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

_split(text, ends) := {word | some word in split(strings.replace_n(ends, text), " ")}

# The value of an option of one letter, and a file that is told by `@`.
_attached(word) := trim_left(substring(word, 2, -1), "@") if {
	startswith(word, "-")
	not startswith(word, "--")
}

_attached(word) := trim_left(word, "@") if startswith(word, "@")

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

_dropped := {"\"": "", "'": "", "\\": "", "^": "", "{": "", "}": ""}

# A URL, with any number of slashes where readers of the Web take them for two; a remote; a share; an address.
_naming := [
	`[a-z][a-z0-9+.-]+:[/\\][/\\]([^/\\?#]*)`,
	`(?:https?|wss?|ftps?):[/\\]+([^/\\?#]+)`,
	`^[^/\\@:]+@([a-z0-9._-]+):`,
	`^([a-z0-9-]+(?:\.[a-z0-9-]+)+):[/~]`,
	`^[/\\][/\\]+([a-z0-9-]+(?:\.[a-z0-9-]+)+)[/\\]`,
	`^([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:[:/]|$)`,
]

# Without the user before it and the port after it.
_host(authority) := trim_suffix(whole, port) if {
	parts := split(authority, "@")
	whole := parts[count(parts) - 1]
	port := _port(whole)
}

_port(whole) := regex.find_all_string_submatch_n(`:[0-9]*$`, whole, 1)[0][0] if {
	regex.match(`:[0-9]*$`, whole)
}

_port(whole) := "" if not regex.match(`:[0-9]*$`, whole)
