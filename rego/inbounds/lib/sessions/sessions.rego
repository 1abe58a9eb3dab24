# METADATA
# description: |
#   The session's next state, whole. A permitted call takes its labels and budgets at once;
#   any other changes the count of refusals only.
package inbounds.lib.sessions

import data.inbounds.lib.labels
import data.inbounds.lib.tools

# METADATA
# description: The state after a call that is permitted
after_permit := object.union(_following, {
	"trust": _trust,
	"label": data.deployment.labels.order[_rank],
	"effects": sort({effect | some effect in input.context.session.effects} | tools.effects),
	"spent": {
		"calls": input.context.session.spent.calls + 1,
		"writes": input.context.session.spent.writes + _one_if(_writing),
		"exports": input.context.session.spent.exports + _one_if({"export"}),
	},
})

# METADATA
# description: The state after a call that is not permitted
after_refusal := object.union(_following, {"refusals": input.context.session.refusals + 1})

# What every decision changes: the version, and the last eight ids.
_following := object.union(input.context.session, {
	"version": input.context.session.version + 1,
	"decisions": array.slice(_ids, count(_ids) - 8, count(_ids)),
})

_ids := array.concat(input.context.session.decisions, [input.context.decision.id])

_writing := {"write", "delete", "execute", "spend", "administer"}

_one_if(effects) := 1 if count(effects & tools.effects) > 0

_one_if(effects) := 0 if count(effects & tools.effects) == 0

_rank := max([
	labels.rank(input.context.session.label),
	labels.resource,
	labels.returned,
])

default _trust := "untrusted"

# A result that a third party wrote ends the session's trust.
_trust := "trusted" if {
	input.context.session.trust == "trusted"
	object.get(tools.entry, ["returns", "party"], "third") == "first"
}
