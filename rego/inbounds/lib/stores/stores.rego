# METADATA
# description: |
#   Where tools keep what they write. A store that a third party's words may have been written to
#   gives them back in whatever form: in parts, put together, encoded. So it is the store that the
#   session remembers and not the value, and what any later call returns from it is a third
#   party's, but for the fields that no call can write.
package inbounds.lib.stores

import data.inbounds.lib.arguments
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: |
#   The tainted stores once this call is permitted, in order, or `*` alone for every store.
#   Undefined where the session says nothing of them.
# scope: document
tainted := sort(_before) if _spares_stores

tainted := _listed(_before | _written) if not _spares_stores

# METADATA
# description: Whether what this call returns comes from a store that is not tainted
# scope: document
is_clean if tainted == []

is_clean if {
	store := of(tools.entry)
	store != "*"

	every name in tainted {
		not name in {store, "*"}
	}
}

# METADATA
# description: |
#   The store that a tool of the registry writes to and reads from. `*` for a tool that executes,
#   administers or delegates, and whose entry names no store: it may reach any.
# scope: document
of(tool) := tool.store if tool.store != ""

of(tool) := tool.resource if {
	object.get(tool, "store", "") == ""
	_acts_in_place(object.get(tool, "effects", []))
}

of(tool) := "*" if {
	object.get(tool, "store", "") == ""
	not _acts_in_place(object.get(tool, "effects", []))
}

_acts_in_place(effects) if {
	count(effects) > 0
	count({effect | some effect in effects} & {"execute", "administer", "delegate"}) == 0
}

# METADATA
# description: |
#   The stores whose content this call may run, by itself or by what it sets in motion; `*` for any.
# scope: document
run := _run_by(tools.entry) | _run_further if {
	"execute" in tools.effects
}

run := set() if {
	count(tools.effects) > 0
	not "execute" in tools.effects
}

# METADATA
# description: |
#   Those of them that are tainted before this call; `*` where any store may be run and every store
#   is tainted. Undefined where the session says nothing of them.
# scope: document
run_tainted := _before if "*" in run

run_tainted := run if {
	not "*" in run
	"*" in _before
}

run_tainted := run & _before if {
	not "*" in run
	not "*" in _before
}

_run_by(tool) := set() if {
	count(tool.effects) > 0
	not "execute" in tool.effects
} else := {name | some name in tool.runs_from} if {
	is_array(tool.runs_from)
	every name in tool.runs_from {
		is_string(name)
	}
} else := {"*"}

default _run_further := {"*"}

_run_further := union({_run_by_word(word) | some word in names}) if {
	names := tools.reached
}

_run_by_word(word) := _run_by(data.deployment.tools[word])

_run_by_word(word) := set() if {
	not data.deployment.tools[word]
	word in tools.known
	word != "execute"
}

_run_by_word(word) := {"*"} if {
	not data.deployment.tools[word]
	not word in (tools.known - {"execute"})
}

# A session would remember without end.
_most := 16

_listed(names) := ["*"] if "*" in names

_listed(names) := ["*"] if count(names) > _most

_listed(names) := sort(names) if {
	not "*" in names
	count(names) <= _most
}

_before := {name | some name in input.context.session.tainted_stores} if {
	is_array(input.context.session.tainted_stores)
}

# --- whether a third party's words may be kept -------------------------------------------------

default _spares_stores := false

# Nothing that the session has seen is a third party's, nor is what the call is known to hold.
_spares_stores if {
	count(tools.effects) > 0
	input.context.session.trust == "trusted"
	every pointer, _ in arguments.leaves {
		steering.grade(pointer) in _not_known
	}
	every links in object.get(input.action.properties, "links", {}) {
		every link in links {
			link.grade in _not_known
		}
	}
}

# What a tool reads with may be in its history.
_spares_stores if {
	tools.effects == {"read"}
	count(_reached) == 0
	_leaves_no_history
}

_leaves_no_history if {
	object.get(tools.entry, "stateless", false) == true
	object.get(tools.entry, "memory", false) == false
}

_leaves_no_history if {
	is_object(arguments.leaves)
	count(_unfirm) == 0
}

_unfirm contains pointer if {
	some pointer, leaf in arguments.leaves
	not type_name(leaf.value) in {"null", "boolean"}
	not leaf.value in [[], {}]
	not steering.grade(pointer) in steering.firm
}

_not_known := steering.firm | {"none"}

# --- where ------------------------------------------------------------------------------------

_written := {of(tools.entry)} | _reached

_reached := {of(data.deployment.tools[word]) |
	some word in names
	_acts(object.get(data.deployment.tools[word], "effects", []))
} | {"*" |
	some word in names
	not data.deployment.tools[word]
	not word in _keeps_nothing
} if {
	names := tools.reached
}

# Nobody knows all that it sets in motion.
_reached := {"*"} if {
	tools.entry
	not tools.reached
}

# Effects by which no store of this deployment is written to.
_keeps_nothing := {"read", "export", "spend"}

_acts(effects) if {effect | some effect in effects} != {"read"}
