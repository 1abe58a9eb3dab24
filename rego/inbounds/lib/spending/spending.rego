# METADATA
# description: |
#   What one call takes of each budget, and what has been taken before: by its task, and in each hop
#   that the task went through. Money and rows are
#   taken by their upper bounds when a call is permitted.
package inbounds.lib.spending

import data.inbounds.lib.arguments
import data.inbounds.lib.destinations
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The effects that count as a write
writing := {"write", "delete", "execute", "spend", "administer"}

# METADATA
# description: |
#   What this call takes. Undefined for a tool that is not registered, and where an amount is
#   not a number or cannot be told in minor units: such a call is never permitted.
taken := {
	"calls": 1,
	"writes": _one_if(writing),
	"exports": _exports,
	"rows": _rows,
	"bytes": _bytes,
	"money": _money,
} if {
	is_object(arguments.leaves)

	every amount in _amounts {
		is_number(amount)
	}
}

# METADATA
# description: |
#   What had been taken before, by account; nothing where the session does not know it yet
before[id] := object.get(
	input.context.session.tasks,
	id,
	{"calls": 0, "writes": 0, "exports": 0, "rows": 0, "bytes": 0, "money": {}},
) if {
	is_object(input.context.session.tasks)
	some account in task.accounts
	id := account.id
}

# METADATA
# description: What will have been taken with this call, by account
after[id] := together(earlier, taken) if some id, earlier in before

# METADATA
# description: Two things taken together
together(one, other) := {
	"calls": one.calls + other.calls,
	"writes": one.writes + other.writes,
	"exports": one.exports + other.exports,
	"rows": one.rows + other.rows,
	"bytes": one.bytes + other.bytes,
	"money": {currency: amount |
		some currency in (object.keys(one.money) | object.keys(other.money))
		amount := object.get(one.money, currency, 0) + object.get(other.money, currency, 0)
	},
} if {
	reckoned(one)
	reckoned(other)
}

# METADATA
# description: Whether every part of what was taken is a number
reckoned(spent) if {
	counted := counts(spent)

	# In the order of all values, numbers stand between booleans and texts.
	min(counted) > true
	max(counted) < ""
}

# METADATA
# description: All that was taken, of each budget and each currency; undefined where a part is missing
counts(spent) := array.concat(
	[spent.calls, spent.writes, spent.exports, spent.rows, spent.bytes],
	[amount | some amount in spent.money],
) if {
	is_object(spent.money)
}

_one_if(effects) := 1 if count(effects & tools.effects) > 0

_one_if(effects) := 0 if count(effects & tools.effects) == 0

# Whatever else a call does, what it takes out is an export.
_exports := 1 if destinations.sends

_exports := 0 if {
	is_set(tools.effects)
	not destinations.sends
}

_rows := 0 if not "read" in tools.effects

# How many there are is not known where the registry does not say; there is one at least.
_rows := max([1, stated]) if {
	"read" in tools.effects
	stated := object.get(tools.entry, ["returns", "rows"], 1)
	is_number(stated)
}

# What leaves is what the arguments say, all of them.
_bytes := 0 if not destinations.sends

_bytes := input.action.properties.size if {
	destinations.sends
	is_number(input.action.properties.size)
}

_money := {} if not _costs

# An amount below zero would give back what was spent. Undefined where it cannot be told how
# many minor units it is.
_money := {tools.entry.currency: sum([_minor(abs(amount * _units)) | some amount in _amounts])} if {
	_costs
	is_number(_units)
}

# A part of a minor unit counts as a whole one, or many small amounts would cost nothing. What is
# next to a whole number is one that was not a binary fraction.
_minor(amount) := round(amount) if abs(amount - round(amount)) < _next_to

_minor(amount) := ceil(amount) if abs(amount - round(amount)) >= _next_to

_next_to := 0.000001

_costs if {
	"spend" in tools.effects
	object.get(tools.entry, "currency", "") != ""
}

_units := [1, 10, 100, 1000, 10000][object.get(tools.entry, "decimals", 0)]

_amounts[pointer] := leaf.value if {
	some pointer, leaf in arguments.leaves
	arguments.spec(leaf.pattern).role == "amount"
	leaf.value != null
}
