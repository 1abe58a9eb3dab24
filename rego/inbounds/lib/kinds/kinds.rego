# METADATA
# description: |
#   Kinds of argument. The SDK takes a value apart, so that no rule parses text; here its
#   parts must make up the value again, so that what was judged is what is sent.
package inbounds.lib.kinds

import data.inbounds.lib.arguments
import data.inbounds.lib.paths

# METADATA
# description: Whether `leaf` has been read as `kind`, and reads as nothing else
# scope: document
read_as(_, kind) if not kind in {"email", "url", "host", "path"}

read_as(leaf, "email") if {
	leaf.parsed.kind == "email"
	is_string(leaf.value)
	_local_part(leaf)
	is_string(leaf.parsed.domain)
	regex.match(_domain, leaf.parsed.domain)
	split(leaf.value, "@") == [leaf.parsed.local, leaf.parsed.domain]
}

read_as(leaf, "host") if {
	leaf.parsed.kind == "host"
	leaf.parsed.host != ""
	leaf.parsed.host == leaf.value
}

read_as(leaf, "url") if {
	leaf.parsed.kind == "url"
	is_string(leaf.value)
	leaf.parsed.scheme in _schemes
	leaf.parsed.host != ""

	scheme := concat("", [leaf.parsed.scheme, "://"])
	startswith(leaf.value, scheme)
	_of_host(_authority(trim_prefix(leaf.value, scheme)), leaf.parsed.host)
}

read_as(leaf, "path") if {
	leaf.parsed.kind == "path"
	paths.canonical(leaf.value)
}

# What no mail server takes for a route, an option or a command: no `%`, `!`, `|`, `/`, no backquote, no
# leading `-`. More than the plain ones is admitted where the registry says so of the argument.
_local_part(leaf) if {
	is_string(leaf.parsed.local)
	regex.match(`^[A-Za-z0-9_+][A-Za-z0-9_+-]*(?:\.[A-Za-z0-9_+-]+)*$`, leaf.parsed.local)
	count(leaf.parsed.local) <= 64
}

_local_part(leaf) if {
	arguments.spec(leaf.pattern).local_part == "atom"
	is_string(leaf.parsed.local)
	regex.match(
		`^[A-Za-z0-9_+#$&'*=?^{}~][A-Za-z0-9_+#$&'*=?^{}~-]*(?:\.[A-Za-z0-9_+#$&'*=?^{}~-]+)*$`,
		leaf.parsed.local,
	)
	count(leaf.parsed.local) <= 64
}

# A DNS name in its canonical form.
_domain := `^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$`

# Those whose host all readers find alike. In others some take the scheme itself for a host.
_schemes := {"http", "https", "ws", "wss"}

# RFC 3986, section 3.2. A backslash, which others take for its end, leaves no host.
_authority(rest) := split(replace(replace(rest, "?", "/"), "#", "/"), "/")[0]

_of_host(authority, host) if authority == host

# A port, and no user information.
_of_host(authority, host) if {
	is_string(host)
	startswith(authority, concat("", [host, ":"]))
	regex.match(`^:[0-9]{1,5}$`, trim_prefix(authority, host))
}

# METADATA
# description: |
#   Whether a text names another host, as whoever opens it would see: a URL of any scheme, a
#   share (`//host/x`, `\\\\host\\x`) or a remote (`user@host:path`). Signs around it that open
#   nothing are passed over. A file of this machine (`file:///x`) names none.
# scope: document
names_host(value) if {
	is_string(value)
	contains(value, ":")
	regex.match(_reaching, _joined(value))
	not regex.match(_local_file, _joined(value))
}

names_host(value) if {
	is_string(value)
	regex.match(_share, _joined(value))
}

# METADATA
# description: |
#   Whether a text begins with the scheme of a message, a call or a directory that needs no slashes,
#   such as `mailto:bob@acme.example` or `sip:bob`. Text with a space behind its colon is prose. Other
#   schemes without slashes, such as `urn:`, are names, as the ids of many tools are.
# scope: document
has_scheme(value) if {
	is_string(value)
	contains(value, ":")
	regex.match(_reaching_without_slashes, lower(_joined(value)))
}

# METADATA
# description: |
#   Whether a path names another host. A name with a dot, or an address, before a colon does as
#   well (`host.example:path`).
# scope: document
path_names_host(value) if names_host(value)

path_names_host(value) if {
	is_string(value)
	regex.match(`^[^/\\]*[.\]][^/\\]*:`, value)
}

# METADATA
# description: |
#   Whether a text names another host behind a blank, a bracket, a quotation mark, what separates
#   the items of a list or a character beyond ASCII: it is several values, and a reader may follow any of them.
# scope: document
names_host_within(value) if {
	is_string(value)
	some text in {value, _joined(value)}
	regex.match(_reaching_within, lower(text))
}

# METADATA
# description: |
#   What stands between the slashes of a URL, whatever its scheme. Undefined for what is not a URL, for
#   more than one, and where the scheme could be read as a host itself.
authority(value) := split(trim_prefix(value, prefix), "/")[0] if {
	is_string(value)
	regex.match(`^[a-z][a-z0-9+-]*://[^/\x00-\x20][^\x00-\x20]*$`, value)
	not names_host_within(value)
	prefix := concat("", [split(value, "://")[0], "://"])
}

# URL readers drop tabs and line breaks wherever they stand.
_joined(value) := replace(replace(replace(value, "\t", ""), "\n", ""), "\r", "")

# No class and no flag that two engines read differently.
_reaching := concat("", [
	`^[^0-9A-Za-z/\\]*`,
	`([^\x00-\x20]*:[/\\][/\\]`,
	`|([hH][tT][tT][pP]|[wW][sS]|[fF][tT][pP])[sS]?:`,
	`|[^\x00-\x20/\\]+@[^\x00-\x20/\\]+:)`,
])

# Nothing may stand behind it that a reader of lists takes for a second place.
_local_file := `^[^0-9A-Za-z/\\]*[fF][iI][lL][eE]:///([A-Za-z]:/?)?[^/\\:,\x00-\x20][^:,\x00-\x20]*$`

_reaching_without_slashes := concat("", [`^[^0-9a-z/\\{\[]*`, _scheme_without_slashes])

_scheme_without_slashes := concat("", [
	`(callto|dict|facetime|finger|gopher|im|ircs?|jabber|ldaps?|mailto|msrp|news|nntp|sftp|sips?`,
	`|skype|smb|sms|ssh|tel|telnet|tftp|xmpp):[^\x00-\x20]`,
])

_reaching_within := concat("", [
	`[\x00-\x20;,|<>"'()\[\]{}\x60\x7f-\x{10ffff}]([^\x00-\x20]*:[/\\][/\\]|(http|ws|ftp)s?:[^\x00-\x20]|[/\\][/\\]`,
	`|[^\x00-\x20/\\]+@[^\x00-\x20/\\]+:|`, _scheme_without_slashes, `)`,
])

_share := `^[^0-9A-Za-z/\\]*[/\\][/\\]`
