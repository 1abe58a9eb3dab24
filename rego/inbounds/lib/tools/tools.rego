# METADATA
# description: |
#   What the tool registry says about the tool. The agent's own word is never asked. What a tool
#   sets in motion counts as done by its call.
package inbounds.lib.tools

import data.inbounds.lib.addresses

# METADATA
# description: The registered tool; undefined for one that is not registered
entry := data.deployment.tools[input.action.name]

# METADATA
# description: |
#   The effects of the call: those stated and, where an argument names somewhere, `export`. A
#   request carries data to where it goes, also one that only reads.
effects := stated | _implied

# METADATA
# description: |
#   The effects by the registry: of the tool, for the arguments it is called with, and of all that
#   it sets in motion. Undefined for a tool that is not registered, empty for one whose effects
#   nobody has set: `every` over nothing is true, so rules count them first.
stated := _judged | _caused(_stated(entry), input.action.name) if entry

default _implied := set()

_implied := {"export"} if {
	count(stated) > 0
	count(stated & {"export", "spend", "delegate"}) == 0
	count(addresses.named) > 0
}

# METADATA
# description: The most that any call of the tool of that name does, by itself or by others
most(name) := own | _caused(own, name) if {
	own := _stated(data.deployment.tools[name])
}

# METADATA
# description: |
#   What the called tool sets in motion, over any number of others: names of tools, or effects.
#   Undefined where there is more of it, or a longer chain, than is followed.
reached := _reached_from(input.action.name)

# METADATA
# description: |
#   Of what the called tool sets in motion, what cannot be followed any further: neither an effect
#   nor a registered tool whose effects are set. Undefined as `reached`.
lost := {word |
	some word in reached
	not _followed(word)
} if {
	reached
}

# METADATA
# description: The effects that there are
known := {"read", "write", "delete", "export", "execute", "spend", "delegate", "administer"}

# Empty where nobody has set them.
# regal ignore:narrow-argument
_stated(tool) := {effect | some effect in tool.effects}

# A tool whose effects nobody has set stays one of those.
_caused(own, _) := set() if count(own) == 0

# Reading is the least of it: a tool that acts has leave for more.
_caused(own, name) := (known & (words | {effect |
	some word in words
	some effect in data.deployment.tools[word].effects
})) - {"read"} if {
	count(own) > 0
	words := _reached_or_all(name)
}

_reached_or_all(name) := _reached_from(name)

_reached_or_all(name) := known if not _reached_from(name)

_reached_from(name) := set() if {
	is_object(data.deployment.tools[name])
	object.get(data.deployment.tools[name], "reaches", []) == []
}

# Rego has no recursion: eight steps are taken, and a ninth has to find nothing more.
_reached_from(name) := whole if {
	is_array(data.deployment.tools[name].reaches)
	near := _further(_further(_further(_next({name}))))
	whole := _further(_further(_further(_further(near))))
	count(_next(whole) - whole) == 0
}

_further(names) := more if {
	more := names | _next(names)
	count(more) <= 64
}

_next(names) := {word |
	some name in names
	some word in data.deployment.tools[name].reaches
}

_followed(word) if {
	word in known
	not data.deployment.tools[word]
}

_followed(word) if {
	tool := data.deployment.tools[word]
	count(_stated(tool)) > 0
	count(_stated(tool) - known) == 0
	is_array(object.get(tool, "reaches", []))
}

# --- effects by an argument ------------------------------------------------------------------

# Whatever is not named for this very value may be anything that the tool does.
_judged := named if {
	named := union(_named)
	count(named) > 0
	count(named - _stated(entry)) == 0
} else := _stated(entry)

# By each word that the argument holds; undefined where one of them is not named.
_named := {{effect | some effect in entry.effects_by.values[word]} | some word in _words} if {
	count(_words) > 0

	every word in _words {
		is_array(entry.effects_by.values[word])
		entry.effects_by.values[word] != []
	}
}

_words := _words_of(_argument(pointer), object.get(entry.effects_by, "kind", "text")) if {
	is_object(entry.effects_by)
	pointer := entry.effects_by.argument
	is_object(entry.arguments[pointer])
}

_argument(pointer) := object.get(properties.arguments, path, null) if {
	properties := input.action.properties
	is_object(properties.arguments)
	path := [replace(replace(step, "~1", "/"), "~0", "~") | some step in array.slice(split(pointer, "/"), 1, 64)]
	count(path) > 0
}

_words_of(text, "text") := {text} if is_string(text)

# As the SDK has read the statement.
_words_of(text, "sql") := {verb | some verb in verbs} if {
	is_string(text)
	verbs := object.get(input.action.properties, ["statements", entry.effects_by.argument], [])
	is_array(verbs)
}

_words_of(text, "command") := {split(text, " ")[0]} if {
	is_string(text)
	regex.match(_plain_command, text)
}

# Words that every shell takes as they stand, or between quotes that hold nothing else.
_plain_command := concat("", [
	`^[A-Za-z0-9_./-]+`,
	`( +([A-Za-z0-9_./:=,@+-]|'[A-Za-z0-9_./:=,@+ -]*'|"[A-Za-z0-9_./:=,@+ -]*")+)*$`,
])
