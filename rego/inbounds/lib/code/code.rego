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
		some value in _attached(word)
		rest := trim_left(value, "@")
		rest != ""
	}
}

# METADATA
# description: |
#   The hosts that the words of `text` name: in a URL, a share, a remote, a socket or as an address, in
#   lower case and as they stand there. An authority that is not certain stands for itself, so that it
#   equals no host. Undefined as `words`.
hosts(text) := {host |
	some word in (words(text) | _with_brackets(text))
	form := paths.skeleton(word)
	some host in (_named(form) | _addresses(form))
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

# Readers of URLs expand brackets, or take them for part of the name.
_with_brackets(text) := {word |
	some word in _split(strings.replace_n(_quotes, replace(text, "\\\n", "")), _ends)
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
# a share; a socket of a shell; one of socat; any address of this machine.
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
