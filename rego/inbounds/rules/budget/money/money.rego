# METADATA
# title: Budget of money used up
# description: |
#   A task with a budget of money spends no more than that, in minor units of each currency. In such a
#   task, spending that cannot be counted is denied: in a currency without a budget, by a tool without
#   a currency, or without an amount. An amount that is not a number is denied in every task.
# custom:
#   severity: high
#   remedy: The agent can spend less; the user can begin a task with a greater budget in this currency
#   controls: ["owasp_asi:ASI02", "owasp_aisvs:v1.0-C9.1.2", "csa_atf:S-4", "mitre_atlas:AML.T0034"]
#   depends_on:
#     - request.malformed
#     - task.unverified
#     - delegation.chain_unverified
#     - capability.unregistered_tool
#     - capability.effects_unset
package inbounds.rules.budget.money

import data.inbounds.lib.budgets
import data.inbounds.lib.spending
import data.inbounds.lib.steering
import data.inbounds.lib.tools

# METADATA
# description: Nothing is spent, nothing bounds it, or no more will be spent than may be
# scope: document
ruled_out if {
	_reckoned
	not "spend" in tools.effects
}

ruled_out if {
	_reckoned
	count(_set) == 0
}

ruled_out if {
	_reckoned
	steering.states_amount
	_bounded
	budgets.kept(_name)
}

# METADATA
# description: |
#   The budget that would be exceeded, or that the amount, or its currency, cannot be counted
# scope: document
details contains budgets.overdrawn(_name) if {
	_reckoned
	steering.states_amount
	not budgets.kept(_name)
}

details contains {"uncounted": "amount"} if not _reckoned

details contains {"uncounted": "amount"} if not steering.states_amount

details contains {"uncounted": "currency"} if not _bounded

# A document that cannot be reckoned with is not the same as one that sets nothing.
_reckoned if {
	count(tools.effects) > 0
	is_object(spending.taken)
	is_object(budgets.set_by_task)
}

_set contains name if {
	some name, _ in budgets.set_by_task
	startswith(name, "money.")
}

_name := concat("", ["money.", tools.entry.currency]) if is_string(tools.entry.currency)

_bounded if {
	tools.entry.currency != ""
	budgets.set_by_task[_name]
}
