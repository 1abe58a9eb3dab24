"""What costs: whether it can be counted, and is."""

from __future__ import annotations

from collections.abc import Iterator

from inbounds.model.deployment import Deployment

from .check import Check, Place, check

_MONEY = "money."


@check(
    "money.currency_unset",
    "warning",
    title="A tool that spends has no currency",
    why="Its amounts count for no budget, and are denied where the task has one.",
    now="Set `currency`, and `decimals` if an amount of 1 is not one minor unit.",
)
def currency_unset(deployment: Deployment) -> Iterator[Place]:
    """Tools that spend and have no currency."""
    for name, tool in deployment.tools.items():
        if "spend" in tool.effects and not tool.currency:
            yield Place("tools", (name,), f"`{name}` spends, and has no `currency`")


@check(
    "money.amount_unnamed",
    "warning",
    title="A tool that spends has no argument with the role `amount`",
    why="Its amounts cannot be counted, and no bound on the amount applies.",
    now="Give the argument that holds the amount the role `amount`.",
)
def amount_unnamed(deployment: Deployment) -> Iterator[Place]:
    """Tools that spend and have no argument of the role amount."""
    for name, tool in deployment.tools.items():
        roles = {argument.role for argument in tool.arguments.values()}
        if "spend" in tool.effects and "amount" not in roles:
            yield Place(
                "tools", (name,), f"`{name}` spends, and has no argument of the role `amount`"
            )


@check(
    "money.budget_for_nothing",
    "warning",
    title="A budget is in a currency that no tool spends",
    why="It limits nothing.",
    now="Write the currency as the tools do, or remove the budget.",
)
def budget_for_nothing(deployment: Deployment) -> Iterator[Place]:
    """Budgets `money.<currency>` of which no tool has the currency."""
    known = {tool.currency for tool in deployment.tools.values()}
    of_all = [("budgets", (budget,)) for budget in deployment.budgets]
    of_intents = [
        ("intents", (name, "budgets", budget))
        for name, intent in deployment.intents.items()
        for budget in intent.budgets
    ]
    for field, path in [*of_all, *of_intents]:
        budget = path[-1]
        if budget.startswith(_MONEY) and budget.removeprefix(_MONEY) not in known:
            yield Place(field, path, f"no tool has the currency of the budget `{budget}`")


@check(
    "money.unbounded",
    "warning",
    title="An intent spends without a limit",
    why="One task can spend any amount.",
    now="Give the intent `budgets: {money.<currency>: …}` in minor units, or `bounds.amount`.",
)
def unbounded(deployment: Deployment) -> Iterator[Place]:
    """Intents that spend, with neither a budget of money nor bounds of the amount."""
    for name, intent in deployment.intents.items():
        bounded = "amount" in intent.bounds.model_fields_set
        budgets = [*intent.budgets, *deployment.budgets]
        budgeted = any(budget.startswith(_MONEY) for budget in budgets)
        if "spend" in intent.effects and not bounded and not budgeted:
            yield Place(
                "intents", (name, "effects", "spend"), f"`{name}` may spend, and nothing limits it"
            )


CHECKS: tuple[Check, ...] = (currency_unset, amount_unnamed, budget_for_nothing, unbounded)
