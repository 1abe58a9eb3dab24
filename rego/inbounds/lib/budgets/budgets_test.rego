package inbounds.lib.budgets_test

import data.inbounds.lib.budgets

_spent := {"calls": 0, "writes": 5, "exports": 0, "rows": 0, "bytes": 0, "money": {}}

_covers(set_by_task, name, taken) if {
	budgets.covers(name, taken) with data.inbounds.lib.task.authority as {"budgets": set_by_task}
}

_open(set_by_task, name) if {
	budgets.open(name) with data.inbounds.lib.task.authority as {"budgets": set_by_task}
}

_exceeded(set_by_task, name) := said if {
	said := budgets.exceeded(name) with data.inbounds.lib.task.authority as {"budgets": set_by_task}
}

# What a call takes that writes, after `writes` of which five were before it, with a budget.
_kept(effects, taken, after, most) if {
	budgets.kept("writes") with data.inbounds.lib.task.accounts as [_account("task-1", most)]
		with data.inbounds.lib.tools.effects as effects
		with data.inbounds.lib.spending.taken as object.union(_spent, {"writes": taken})
		with data.inbounds.lib.spending.after as {"task-1": object.union(_spent, {"writes": after})}
}

_account(id, most) := {"id": id, "authority": {"budgets": {"writes": most}}}

# Whether the budget `name` is kept where a call takes `taken` of EUR, and what is said of it.
_of_money(name, taken, after, most) := {"kept": kept, "said": said} if {
	accounts := [{"id": "task-1", "authority": {"budgets": {name: most}}}]
	kept := {name | budgets.kept(name)} with data.inbounds.lib.task.accounts as accounts
		with data.inbounds.lib.tools.effects as {"spend"}
		with data.inbounds.lib.spending.taken as object.union(_spent, {"money": {"EUR": taken}})
		with data.inbounds.lib.spending.after as {"task-1": object.union(_spent, {"money": after})}
	said := {each | each := budgets.overdrawn(name)} with data.inbounds.lib.task.accounts as accounts
		with data.inbounds.lib.tools.effects as {"spend"}
		with data.inbounds.lib.spending.taken as object.union(_spent, {"money": {"EUR": taken}})
		with data.inbounds.lib.spending.after as {"task-1": object.union(_spent, {"money": after})}
}

_kept_by(accounts) if {
	budgets.kept("writes") with data.inbounds.lib.task.accounts as accounts
		with data.inbounds.lib.tools.effects as {"write"}
		with data.inbounds.lib.spending.taken as object.union(_spent, {"writes": 1})
		with data.inbounds.lib.spending.after as {"task-1": object.union(_spent, {"writes": 1})}
}

# The least that is said of what a task, and the hops after it, do not cover.
_overdrawn(task, hops) := said if {
	accounts := [_account("task-1", task[1]), _account("d-1", hops[1])]
	said := budgets.overdrawn("writes") with data.inbounds.lib.task.accounts as accounts
		with data.inbounds.lib.tools.effects as {"write"}
		with data.inbounds.lib.spending.taken as object.union(_spent, {"writes": 1})
		with data.inbounds.lib.spending.after as {
			"task-1": object.union(_spent, {"writes": task[0]}),
			"d-1": object.union(_spent, {"writes": hops[0]}),
		}
}

# The same of a task that was delegated: what it and the hops after it will have taken.
_both_keep(task, hops) if {
	budgets.kept("writes") with data.inbounds.lib.task.accounts as [_account("task-1", task[1]), _account("d-1", hops[1])]
		with data.inbounds.lib.tools.effects as {"write"}
		with data.inbounds.lib.spending.taken as object.union(_spent, {"writes": 1})
		with data.inbounds.lib.spending.after as {
			"task-1": object.union(_spent, {"writes": task[0]}),
			"d-1": object.union(_spent, {"writes": hops[0]}),
		}
}

test_a_budget_is_kept_by_all_the_hops_that_the_task_went_through if {
	_both_keep([5, 5], [2, 2])
	not _both_keep([6, 5], [2, 2])
	not _both_keep([5, 5], [3, 2])
	not _both_keep([5, "5"], [2, 2])
	not _both_keep([5, 5], [2, null])
}

test_the_least_of_what_does_not_cover_a_call_is_said if {
	_overdrawn([6, 5], [3, 2]) == {"budget": "writes", "most": 2}
	_overdrawn([6, 5], [2, 2]) == {"budget": "writes", "most": 5}
	_overdrawn([6, 5], [9, "2"]) == {"budget": "writes", "most": 5}
	not _overdrawn([5, 5], [2, 2])
	not _overdrawn([5, "4"], [2, 2])
}

test_money_is_counted_by_its_currency if {
	every after, kept in {4: true, 5: true, 6: false} {
		answer := _of_money("money.EUR", 2, {"EUR": after}, 5)
		answer.kept == {"money.EUR" | kept == true}
		answer.said == {{"budget": "money.EUR", "most": 5} | kept == false}
	}
}

test_money_that_a_call_does_not_take_keeps_a_budget_that_is_used_up if {
	_of_money("money.GBP", 2, {"EUR": 9, "GBP": 6}, 5) == {"kept": {"money.GBP"}, "said": set()}
}

test_money_of_no_currency_or_no_amount_is_not_kept if {
	_of_money("money.EUR", 2, {"EUR": null}, 5).kept == set()
	_of_money("money", 2, {"EUR": 1}, 5).kept == set()
}

test_nothing_is_kept_where_nobody_keeps_account if {
	_kept_by([_account("task-1", 1)])
	_kept_by([{"id": "task-1", "authority": {"budgets": {}}}])

	every accounts in [[], [{"id": "task-1"}], [{"id": "task-1", "authority": {}}], [_account("task-2", 1)]] {
		not _kept_by(accounts)
	}

	every none in [null, true, 0, "", "writes", [], ["writes"]] {
		not _kept_by([{"id": "task-1", "authority": {"budgets": none}}])
	}
}

test_what_will_have_been_taken_is_a_number if {
	every after in [null, false, "0", []] {
		not _kept({"write"}, 1, after, 6)
	}
}

test_a_budget_covers_what_is_no_more if {
	every taken in [0, 4, 5, -1] {
		_covers({"calls": 5}, "calls", taken)
	}

	every taken in [5.5, 6] {
		not _covers({"calls": 5}, "calls", taken)
	}
}

test_a_budget_covers_nothing_that_is_no_number if {
	every taken in [null, true, false, "0", [], {}, set()] {
		not _covers({"calls": 5}, "calls", taken)
	}

	every most in [null, true, false, "9", [9], {"calls": 9}] {
		not _covers({"calls": most}, "calls", 0)
		not _exceeded({"calls": most}, "calls")
	}
}

test_a_budget_that_is_not_set_is_open_and_covers_nothing if {
	_open({}, "calls")
	_open({"calls": 5}, "writes")
	not _open({"calls": 5}, "calls")
	not _open({"calls": null}, "calls")
	not _covers({"writes": 5}, "calls", 0)
	not _exceeded({"writes": 5}, "calls")
}

test_where_a_task_has_no_place_for_budgets_none_is_open if {
	every none in [null, true, 0, "", []] {
		not _open(none, "calls")
		not _covers(none, "calls", 0)
	}
}

test_says_which_budget_and_how_much_it_is if {
	_exceeded({"calls": 5, "writes": 6}, "calls") == {"budget": "calls", "most": 5}
	_exceeded({"calls": 0}, "calls") == {"budget": "calls", "most": 0}
}

test_a_call_that_takes_nothing_keeps_a_budget_that_is_used_up if {
	_kept({"read"}, 0, 5, 4)
	not _kept({"write"}, 1, 6, 4)
	_kept({"write"}, 1, 6, 6)
	not _kept({"write"}, 1, 6, 5)
}

test_what_a_tool_without_effects_takes_is_not_known if {
	not _kept(set(), 0, 5, 4)
	not _kept(set(), 1, 6, 6)
}

test_what_nobody_sets_a_budget_for_may_be_taken_by_any_tool if {
	budgets.kept("writes") with data.inbounds.lib.task.accounts as [{"id": "task-1", "authority": {"budgets": {}}}]
		with data.inbounds.lib.tools.effects as set()
}

test_a_budget_that_is_no_number_is_not_kept_by_a_call_that_takes_nothing if {
	every most in [null, true, "9", [9]] {
		not _kept({"read"}, 0, 5, most)
	}
}
