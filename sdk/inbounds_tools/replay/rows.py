"""One row of a table: every case of a suite, under one way to say what the user wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from inbounds.model.claims import ResourceBound, Scope

from .attacks import VARIANTS
from .run import Approver, Played, Step, play

if TYPE_CHECKING:
    from .cases import AttackCase, UserCase
    from .stand import Stand

Intents = Literal["drafted", "oracle", "template"]
Place = Literal["early", "late"]

INTENTS: Final[tuple[Intents, ...]] = ("drafted", "oracle")
"""The rows of a table: what the prompt says, and the classes that the case says."""
PLACES: Final[tuple[Place, ...]] = ("early", "late")
"""Right after the attack was read, and after everything the user wanted."""


@dataclass(frozen=True, slots=True)
class Attack:
    """An attack that is put on a user task.

    Attributes:
        case: What the attacker wants.
        place: Where its calls stand among the user's.
        variant: How it is written; one of `attacks.VARIANTS`.
    """

    case: AttackCase
    place: Place
    variant: str


class Source(Protocol):
    """Where the cases of one suite come from."""

    @property
    def suite(self) -> str:
        """The name of the suite."""
        ...

    @property
    def users(self) -> Sequence[UserCase]:
        """What users ask for."""
        ...

    @property
    def attacks(self) -> Sequence[AttackCase]:
        """What attackers want."""
        ...

    def oracle(self, user: UserCase) -> list[ResourceBound]:
        """Say what a user wants, as whoever knows the right calls would: classes of effects."""
        ...

    def staged(self, user: UserCase, attack: Attack | None) -> Staged:
        """Return the calls of one case in order, where nothing of it has been run."""
        ...


@dataclass(frozen=True, slots=True)
class Staged:
    """The calls of one case, ready to be made.

    Attributes:
        steps: The calls.
        succeeded: Says afterwards whether the attack has, by another measure than the calls.
    """

    steps: Sequence[Step]
    succeeded: Callable[[], bool] | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One attack on one user task, as it went.

    Attributes:
        user, attack: The ids of the cases.
        place: Where the attack's calls stood.
        variant: How the attack was written.
        played: What became of the calls.
        succeeded: Whether the attack has, by another measure than the calls; None without one.
    """

    user: str
    attack: str
    place: Place
    variant: str
    played: Played
    succeeded: bool | None = None


@dataclass(slots=True)
class Row:
    """Everything one run of a suite has found.

    Attributes:
        suite: Its name.
        intents: How tasks were begun.
        users: What became of each user task without an attack, by its id.
        pairs: What became of each with one.
    """

    suite: str
    intents: Intents
    users: dict[str, Played] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)


def row(
    source: Source,
    stand: Stand,
    intents: Intents,
    *,
    variants: Sequence[str] = tuple(VARIANTS),
    approver: Approver = "careful",
    told: Callable[[str], None] = lambda _: None,
) -> Row:
    """Play every user task of a suite by itself, and under every attack where one can reach it.

    Args:
        source: The cases.
        stand: The guard and its deployment.
        intents: How tasks are begun.
        variants: How attacks are written.
        approver: Who is asked.
        told: Is told what is being played.
    """
    found = Row(source.suite, intents)
    for user in source.users:
        told(f"{source.suite}, {intents}: {user.task}")
        scope = narrowed(source, stand, user, intents)
        staged = source.staged(user, None)
        found.users[user.id] = play(stand, user.prompt, scope, staged.steps, approver)
        for case in source.attacks if user.vectors else ():
            for variant in variants:
                for place in PLACES:
                    staged = source.staged(user, Attack(case, place, variant))
                    played = play(stand, user.prompt, scope, staged.steps, approver)
                    succeeded = staged.succeeded() if staged.succeeded else None
                    found.pairs.append(Pair(user.id, case.id, place, variant, played, succeeded))
    return found


def narrowed(source: Source, stand: Stand, user: UserCase, intents: Intents) -> Scope:
    """Say what a user task is begun with.

    The oracle says only the classes of effects; bounds and what is delegated are drafted from the
    prompt all the same.
    """
    if intents == "template":
        return Scope()
    from inbounds_tools.intents import draft

    drafted: Scope = draft(user.prompt, stand.intent, name=stand.template).scope
    if intents == "drafted":
        return drafted
    resources = source.oracle(user)
    effects = sorted({effect for bound in resources for effect in bound.effects})
    return drafted.model_copy(update={"resources": resources, "effects": effects})


def placed(user: Sequence[Step], attack: Sequence[Step], place: Place, read: int) -> list[Step]:
    """Put the calls of an attack among those for the user.

    Args:
        user: The calls for the user.
        attack: The calls of the attack.
        place: Where.
        read: The number of the user's call whose result shows the attack whole.
    """
    at = read + 1 if place == "early" else len(user)
    return [*user[:at], *attack, *user[at:]]


def selected(pairs: Sequence[Pair], **wanted: str) -> Iterator[Pair]:
    """Yield the pairs of which these attributes have these values."""
    for pair in pairs:
        if all(getattr(pair, name) == value for name, value in wanted.items()):
            yield pair
