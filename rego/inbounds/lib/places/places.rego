# METADATA
# description: |
#   The places a call reaches, by the id of its resource and by the arguments that name one,
#   and whether they are clear of places that are kept from agents. Such places are listed
#   by name in this folder's data, and by type and prefix in the deployment's settings.
package inbounds.lib.places

import data.inbounds.lib.arguments
import data.inbounds.lib.code
import data.inbounds.lib.paths
import data.inbounds.lib.resources
import data.inbounds.lib.tools

# METADATA
# description: |
#   Whether the resource, and every argument that names a place, is clear of the names in
#   `listed` and of `bounds`
clear(listed, bounds) if {
	resource_clear(listed, bounds)

	every leaf in arguments.leaves {
		leaf_clear(leaf, listed, bounds)
	}
}

# METADATA
# description: Whether the resource is clear of the names in `listed` and of `bounds`
resource_clear(listed, bounds) if {
	is_string(input.resource.type)
	_unlisted(input.resource.id, listed)
	is_array(bounds)

	every bound in bounds {
		_apart(bound)
	}
}

# METADATA
# description: |
#   Whether one leaf of the arguments names no place, or one that is clear of the names in
#   `listed` and of those `bounds` that are paths; of code, whether each of its words is
# scope: document
leaf_clear(leaf, _, _) if not is_string(leaf.value)

leaf_clear(leaf, _, _) if _names_none(leaf.pattern)

leaf_clear(leaf, listed, bounds) if {
	_is_code(leaf.pattern)
	is_object(listed)
	count(listed) > 0
	is_array(bounds)
	count(object.keys(listed) & _names_in_code[leaf.pattern][leaf.value]) == 0

	paths.none_stands_for(_sought[leaf.pattern][leaf.value], paths.lines_of_names(listed))
	paths.none_stands_for(_windows(leaf.value, _prefixes(bounds)), paths.lines_of_prefixes(_prefixes(bounds)))

	every name, _ in listed {
		not _holds_blank(leaf.value, name)
	}
	every word in _words_of[leaf.value].options {
		count(paths.ended(word, listed)) == 0
	}
	every bound in bounds {
		every prefix in resources.prefixes(bound) {
			_free_of_words(leaf.value, prefix)
		}
	}
}

leaf_clear(leaf, listed, bounds) if {
	not _is_code(leaf.pattern)
	not leaf.pattern in arguments.possible_paths
	_unlisted(leaf.value, listed)
	is_array(bounds)

	every bound in bounds {
		every prefix in resources.prefixes(bound) {
			_free_of(leaf.value, prefix)
		}
	}
}

# A text that may be a path is one in each folder that the call names.
leaf_clear(leaf, listed, bounds) if {
	leaf.pattern in arguments.possible_paths
	is_object(listed)
	count(listed) > 0
	is_array(bounds)

	every item in _items[leaf.pattern][leaf.value] {
		_item_clear(item, listed, bounds)
	}
}

_item_clear(item, listed, bounds) if {
	not paths.climbs(item)

	every folder in resources.folders {
		not paths.item_listed(folder, item, listed)

		every bound in bounds {
			every prefix in resources.prefixes(bound) {
				_item_outside(folder, item, prefix)
			}
		}
	}
}

# Where not even a role says that it is looked for, each word may be one as well.
_items[pattern][text] := items if {
	some pattern, texts in _possible_paths
	some text in texts
	spec := arguments.spec(pattern)
	spec.role != "none"
	items := paths.items(text)
}

_items[pattern][text] := items | words if {
	some pattern, texts in _possible_paths
	some text in texts
	spec := arguments.spec(pattern)
	spec.role == "none"
	items := paths.items(text)
	words := {word |
		spec.kind == "none"
		some item in items
		some word in paths.words_of_item(item)
	}
}

_possible_paths[pattern] contains leaf.value if {
	some leaf in arguments.leaves
	is_string(leaf.value)
	pattern := leaf.pattern
	pattern in arguments.possible_paths
}

# A prefix without a separator speaks of ids.
_item_outside(_, _, prefix) if {
	is_string(prefix)
	not contains(prefix, "/")
}

_item_outside(folder, item, prefix) if {
	is_string(prefix)
	not paths.item_reaches(folder, item, prefix)
	not _item_around(item, prefix)
}

_item_around(item, prefix) if {
	paths.leads_out(item)
	resources.covers_below
	paths.item_encloses(item, prefix)
}

# What no registry knows may be anything, a place as well.
_of_another_kind(spec) if {
	spec.kind != "path"
	spec.role != "target"
}

_of_another_kind(spec) if not spec.kind in {"path", "none", "id", "text"}

_unlisted(text, listed) if {
	is_object(listed)
	count(listed) > 0
	found := _found[text]

	every part in found.parts {
		count(paths.matching(part, listed)) == 0
	}
	every name in found.names {
		not listed[name]
	}
}

# By which each text of this call may be listed, found once for all lists.
_found[text] := paths.found(text) if some text in _texts

_texts contains input.resource.id

_texts contains leaf.value if {
	some leaf in arguments.leaves
	not _names_none(leaf.pattern)
	not _is_code(leaf.pattern)
	not leaf.pattern in arguments.possible_paths
}

_names_none(pattern) if {
	_of_another_kind(arguments.spec(pattern))
	not _is_code(pattern)
	not pattern in arguments.possible_paths
}

_is_code(pattern) if {
	spec := arguments.spec(pattern)
	spec.role == "code"
	spec.kind != "path"
}

# Undefined where a word has no skeleton, or leads to what a process has open: it may be any name.
# Put together name by name: the module takes the square of their number for a union of many sets.
_names_in_code[pattern][text] := {name | some word in words; some name in _names_of_word(pattern, word)} if {
	some text, words in _words
	some leaf in arguments.leaves
	leaf.value == text
	pattern := leaf.pattern

	every word in words {
		paths.skeleton(word)
		not paths.of_process(word)
	}
}

_words[leaf.value] := code.words(leaf.value) if {
	some leaf in arguments.leaves
	_is_code(leaf.pattern)
}

# A bare `a.key` in a program is mostly a member of `a`; in a command it is a file.
_names_of_word(pattern, word) := paths.names_in_code(word) - {"*.key"} if {
	regex.match(`^[A-Za-z0-9_$?:.]+$`, word)
	not _is_command(pattern)
} else := paths.names_in_code(word)

_is_command(pattern) if {
	tools.entry.effects_by.kind == "command"
	tools.entry.effects_by.argument == pattern
}

# Words that begin with options of one letter, words with a wildcard, those with a separator, and those that are
# written as paths are. A `*` elsewhere is more often arithmetic.
_words_of[text] := {
	"options": {word | some word in words; regex.match(`^[-+][^-]`, word)},
	"patterns": {word | some word in words; paths.is_pattern(paths.skeleton(word))},
	"separated": {word | some word in words; regex.match(`[/\\]`, paths.skeleton(word))},
	"paths": {word |
		some word in words
		regex.match(`^[~$./\\]|^[A-Za-z]:|[/\\]\.|://|^[^*]*/[^*]*$`, word)
	},
} if {
	some text, words in _words
}

# In code a wildcard may as well be an operator, or look for any text: it has to look for a name.
_sought[pattern][text] := ({expression |
	some word in found.paths
	paths.seeks(word)
	some expression in paths.matched(word)
} | {expression |
	some word in found.patterns
	some expression in paths.sought(word)
}) | {expression |
	some word in found.patterns
	some expression in _endings(pattern, word)
} if {
	some text, found in _words_of
	some leaf in arguments.leaves
	leaf.value == text
	pattern := leaf.pattern
}

# In a program `2*key` and `x.p*2` are products, the latter unless the word begins as a path
# does or a wildcard stands before the dot.
_endings(pattern, word) := paths.sought_endings(word) | paths.sought_tails(word) if {
	_is_command(pattern)
} else := set() if {
	regex.match(`^[^~./\\*](.*[^*?\]])?\.[^.]*\*[^.]*$`, word)
} else := paths.sought_endings(word)

_prefixes(bounds) := {prefix |
	some bound in bounds
	some prefix in resources.prefixes(bound)
	is_string(prefix)
	contains(prefix, "/")
}

_windows(text, prefixes) := {expression |
	some word in (_words_of[text].paths & _words_of[text].patterns)
	some expression in paths.windows_at_start(word, prefixes)
} | {expression |
	some word in _words_of[text].patterns
	some expression in paths.windows_within(word, prefixes)
}

_free_of_words(_, prefix) if {
	is_string(prefix)
	not contains(prefix, "/")
}

_free_of_words(text, prefix) if {
	is_string(prefix)
	contains(prefix, "/")

	every word in _words_of[text].separated {
		not paths.holds(word, prefix)
	}
	every word in _words_of[text].paths {
		not paths.may_reach(word, prefix)
	}
}

# A name of two words, such as `Login Data`, as a path ends or a text in quotes begins.
_holds_blank(text, name) if {
	contains(name, " ")
	some before in ["/", `\`, "'", `"`]
	contains(lower(text), concat("", [before, name]))
}

# One of which a part is quoted: there without the quotes, and not with them.
_holds_blank(text, name) if {
	contains(name, " ")
	unquoted := strings.replace_n({"$\"": "", "$'": "", "\"": "", "'": "", `\`: "", "^": ""}, lower(text))
	count(split(unquoted, name)) > count(split(lower(text), name))
}

_apart(bound) if bound.type != input.resource.type

_apart(bound) if {
	bound.type == input.resource.type

	every prefix in resources.prefixes(bound) {
		_outside(input.resource.id, prefix)
	}
}

# A prefix without a separator speaks of ids, not of paths.
_free_of(_, prefix) if {
	is_string(prefix)
	not contains(prefix, "/")
}

_free_of(text, prefix) if _outside(text, prefix)

_outside(text, prefix) if {
	is_string(prefix)
	not resources.touches(text, prefix)

	every part in _found[text].parts {
		_part_outside(part, prefix)
	}
}

_part_outside(part, prefix) if not resources.touches(part, prefix)

# A mark or a bracket in a word of a name: as a wildcard, it stands for one name of the folder it is used in.
_part_outside(part, prefix) if {
	regex.match(`^[^*/\\:]*$`, part)
	paths.is_pattern(part)
	not paths.reaches(part, prefix)
	count(paths.matching(part, {segment | some segment in split(lower(prefix), "/")})) == 0
}
