"""Run every case of a suite, with one kind of intents: one row of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from inbounds.model.claims import Scope
from inbounds_tools.intents import draft

from .attacks import VARIANTS
from .run import Approver, CaseRun, run_case
from .sources import Attack, Place

if TYPE_CHECKING:
    from .cases import UserCase
    from .sources import Source
    from .testbed import Testbed

Intents = Literal["drafted", "oracle", "template"]
"""How tasks are begun: with a draft of the prompt, the effects of the right calls, or no scope."""

INTENTS: Final[tuple[Intents, ...]] = ("drafted", "oracle")
"""The kinds of intents in a table."""
PLACES: Final[tuple[Place, ...]] = ("early", "late")


@dataclass(frozen=True, slots=True)
class Pair:
    """A user task under an attack.

    Attributes:
        user, attack: The ids of the cases.
        place: Where the attack's calls stood.
        variant: How the attack was written.
        run: The outcomes of the calls.
        succeeded: Whether the attack succeeded, by the suite's own check; None without one.
    """

    user: str
    attack: str
    place: Place
    variant: str
    run: CaseRun
    succeeded: bool | None


@dataclass(slots=True)
class Row:
    """The results of one run of a suite.

    Attributes:
        suite: Its name.
        intents: How tasks were begun.
        users: The user tasks without an attack, by id.
        pairs: The user tasks under each attack.
    """

    suite: str
    intents: Intents
    users: dict[str, CaseRun] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)


def run_suite(
    source: Source,
    testbed: Testbed,
    intents: Intents,
    *,
    variants: Sequence[str] = tuple(VARIANTS),
    approver: Approver = "careful",
    progress: Callable[[str], None] = lambda _: None,
) -> Row:
    """Run every user task of a suite by itself, and under every attack that can reach it.

    Args:
        source: The cases.
        testbed: The guard and its deployment.
        intents: How tasks are begun.
        variants: How attacks are written.
        approver: Who is asked.
        progress: Is called with a line for each task.
    """
    row = Row(source.suite, intents)
    for user in source.users:
        progress(f"{source.suite}, {intents}: {user.task}")
        scope = make_scope(source, testbed, user, intents)
        steps = source.stage(user).steps
        row.users[user.id] = run_case(testbed, user.prompt, scope, steps, approver)
        for case in source.attacks if user.vectors else ():
            for variant in variants:
                for place in PLACES:
                    staged = source.stage(user, Attack(case, place, variant))
                    run = run_case(testbed, user.prompt, scope, staged.steps, approver)
                    row.pairs.append(
                        Pair(user.id, case.id, place, variant, run, staged.succeeded())
                    )
    return row


def make_scope(source: Source, testbed: Testbed, user: UserCase, intents: Intents) -> Scope:
    """Return the scope that a user task is begun with.

    The oracle gives only the classes of effects; bounds and what is delegated are drafted from the
    prompt all the same.
    """
    if intents == "template":
        return Scope()
    scope: Scope = draft(user.prompt, testbed.intent, name=testbed.template).scope
    if intents == "drafted":
        return scope
    resources = source.oracle_bounds(user)
    effects = sorted({effect for bound in resources for effect in bound.effects})
    return scope.model_copy(update={"resources": resources, "effects": effects})
