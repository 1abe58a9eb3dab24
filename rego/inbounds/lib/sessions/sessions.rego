# METADATA
# description: |
#   The session's next state, whole. A permitted call takes its labels and budgets at once;
#   any other changes the count of refusals only. Undefined where the question holds no
#   session to go on from.
package inbounds.lib.sessions

import data.inbounds.lib.clock
import data.inbounds.lib.labels
import data.inbounds.lib.spending
import data.inbounds.lib.stores
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: The state after a call that is permitted
after_permit := object.union(
	object.remove(_following, ["tasks", "approvals"]),
	{
		"trust": _trust,
		"label": data.deployment.labels.order[_rank],
		"effects": sort({effect | some effect in _state.effects} | tools.effects),
		"spent": spending.together(_state.spent, spending.taken),
		"tasks": tasks,
		"approvals": _approvals,
		"last": call,
		"repeats": repeats,
		"tainted_stores": stores.tainted,
	},
)

# METADATA
# description: |
#   The same, with the approvals that the call was permitted by; `used` is what lib/approvals
#   says has to be remembered of each
after_permit_by(used) := object.union(after_permit, {"approvals": used})

# METADATA
# description: The state after a call that is not permitted
after_refusal := object.union(_following, {"refusals": _state.refusals + 1})

# METADATA
# description: What each task in progress and each of its hops will have spent, this call included
tasks := object.union(
	{id: entry | some id, entry in _state.tasks; entry.deadline > clock.now; not _accounts[id]},
	_accounts,
) if {
	count(task.accounts) > 0
	count(_accounts) == count(task.accounts)
}

# The delegating agent names the next hop, possibly by a name that the session knows already. An
# account is never forgotten before its own deadline, or its spent budget would be free again.
_accounts[account.id] := object.union(spending.after[account.id], {"deadline": max(deadlines)}) if {
	some account in task.accounts
	deadlines := {account.authority.deadline} | {known | known := _state.tasks[account.id].deadline}
}

# METADATA
# description: This call, as the next one of the session is compared with it
call := concat(" ", [input.action.name, input.action.properties.digest]) if {
	is_string(input.action.name)
	is_string(input.action.properties.digest)
}

# METADATA
# description: How often this very call was permitted right before
# scope: document
repeats := _state.repeats + 1 if _state.last == call

repeats := 0 if _state.last != call

_approvals[id] := used if {
	some id, used in _state.approvals
	used.until > clock.now
}

# Arithmetic on anything but a number would fail instead of saying no.
_state := state if {
	state := input.context.session
	is_array(state.decisions)
	is_array(state.effects)
	is_object(state.tasks)
	is_object(state.approvals)
	is_array(state.tainted_stores)
	is_string(state.last)

	spending.reckoned(state.spent)

	# In the order of all values, numbers stand between booleans and texts.
	min([state.version, state.refusals, state.repeats]) > true
	max([state.version, state.refusals, state.repeats]) < ""
}

# What every decision changes: the version, and the last eight ids.
_following := object.union(_state, {
	"version": _state.version + 1,
	"decisions": array.slice(_ids, max([0, count(_ids) - 8]), count(_ids)),
})

_ids := array.concat(_state.decisions, [input.context.decision.id])

_rank := max([
	labels.ceiling(_state.label),
	labels.resource,
	labels.returned,
])

default _trust := "untrusted"

# A result that a third party wrote ends the session's trust, and so does one out of a store that
# a third party's words were written to.
_trust := "trusted" if {
	_state.trust == "trusted"
	stores.is_clean
	tools.entry.returns.party == "first"
	not _third_party_field
}

_third_party_field if {
	some field in tools.entry.returns.fields
	object.get(field, "party", "third") != "first"
}
