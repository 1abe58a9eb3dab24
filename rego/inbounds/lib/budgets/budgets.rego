# METADATA
# description: |
#   The budgets of the task: the most that all its calls together may take. One that is not
#   set bounds nothing; one that is set has to be a number.
package inbounds.lib.budgets

import data.inbounds.lib.spending
import data.inbounds.lib.task
import data.inbounds.lib.tools

# METADATA
# description: |
#   The budgets by name. Undefined where the task has no place for any: that is not the same as
#   having set none.
set_by_task := task.authority.budgets if is_object(task.authority.budgets)

# METADATA
# description: Whether the task leaves the budget `name` open
open(name) if not name in object.keys(set_by_task)

# METADATA
# description: |
#   Whether each account that sets the budget `name` covers what the call takes of it. Where the
#   task was delegated, there is one for each hop and one for the task itself, so that
#   nobody spends what somebody else has spent. What a tool without effects takes is not known.
# scope: document
kept(name) if _open_everywhere(name)

kept(name) if {
	count(tools.effects) > 0
	count(task.accounts) > 0

	every account in task.accounts {
		_kept(account, name)
	}
}

# METADATA
# description: What is said of a budget that an account does not cover, the least of them
overdrawn(name) := {"budget": name, "most": min(_overdrawn[name])}

# METADATA
# description: Whether `taken` is no more than the budget `name`
covers(name, taken) if {
	is_number(set_by_task[name])
	is_number(taken)
	taken <= set_by_task[name]
}

# METADATA
# description: What is said of a budget that is not kept
exceeded(name) := {"budget": name, "most": set_by_task[name]} if is_number(set_by_task[name])

_open_everywhere(name) if {
	count(task.accounts) > 0

	every account in task.accounts {
		_open(account.authority.budgets, name)
	}
}

_open(budgets, name) if {
	is_object(budgets)
	not name in object.keys(budgets)
}

_kept(account, name) if _open(account.authority.budgets, name)

_kept(account, name) if {
	is_number(account.authority.budgets[name])
	_taken(spending.taken, name) == 0
}

_kept(account, name) if {
	most := account.authority.budgets[name]
	is_number(most)
	after := _taken(spending.after[account.id], name)
	is_number(after)
	after <= most
}

_taken(spent, name) := spent[name]

_taken(spent, name) := object.get(spent.money, trim_prefix(name, "money."), 0) if startswith(name, "money.")

# No comprehension of a function's argument: OPA 1.22.2 fails at one that holds a negation.
_overdrawn[name] contains most if {
	some account in task.accounts
	some name, most in account.authority.budgets
	is_number(most)
	not _kept(account, name)
}
