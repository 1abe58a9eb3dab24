# METADATA
# description: |
#   The session's next state, whole. A permitted call takes its labels and budgets at once;
#   any other changes the count of refusals only. Undefined where the question holds no
#   session to go on from.
package inbounds.lib.sessions

import data.inbounds.lib.labels
import data.inbounds.lib.tools

# METADATA
# description: The state after a call that is permitted
after_permit := object.union(_following, {
	"trust": _trust,
	"label": data.deployment.labels.order[_rank],
	"effects": sort({effect | some effect in _state.effects} | tools.effects),
	"spent": {
		"calls": _state.spent.calls + 1,
		"writes": _state.spent.writes + _one_if(_writing),
		"exports": _state.spent.exports + _one_if({"export"}),
	},
})

# METADATA
# description: The state after a call that is not permitted
after_refusal := object.union(_following, {"refusals": _state.refusals + 1})

# Arithmetic on anything but a number would fail instead of saying no.
_state := state if {
	state := input.context.session
	is_array(state.decisions)
	is_array(state.effects)

	every number in [state.version, state.refusals, state.spent.calls, state.spent.writes, state.spent.exports] {
		is_number(number)
	}
}

# What every decision changes: the version, and the last eight ids.
_following := object.union(_state, {
	"version": _state.version + 1,
	"decisions": array.slice(_ids, max([0, count(_ids) - 8]), count(_ids)),
})

_ids := array.concat(_state.decisions, [input.context.decision.id])

_writing := {"write", "delete", "execute", "spend", "administer"}

_one_if(effects) := 1 if count(effects & tools.effects) > 0

_one_if(effects) := 0 if count(effects & tools.effects) == 0

_rank := max([
	labels.ceiling(_state.label),
	labels.resource,
	labels.returned,
])

default _trust := "untrusted"

# A result that a third party wrote ends the session's trust.
_trust := "trusted" if {
	_state.trust == "trusted"
	tools.entry.returns.party == "first"
}
