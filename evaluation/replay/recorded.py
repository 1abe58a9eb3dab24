"""The packed cases of one suite: each call returns its recorded result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from inbounds.model.claims import ResourceBound

from .cases import fill_vectors, find_vectors
from .run import Side, Step
from .sources import Source

if TYPE_CHECKING:
    from .cases import AttackCase, Pack, RecordedCall, UserCase

Classes = Mapping[str, ResourceBound]
"""The resource bound of each class of an oracle intent, such as `mail.read`."""


class RecordedSource(Source):
    """One suite of a pack.

    Args:
        pack: The cases of a folder.
        suite: The name of the suite.
        classes: The bounds of the classes of its oracle intents.
    """

    def __init__(self, pack: Pack, suite: str, classes: Classes) -> None:
        super().__init__(suite, pack.template)
        self._pack = pack
        self._classes = classes

    @property
    def users(self) -> Sequence[UserCase]:
        """The user tasks."""
        return [case for case in self._pack.users if case.suite == self.suite]

    @property
    def attacks(self) -> Sequence[AttackCase]:
        """The attacks."""
        return [case for case in self._pack.attacks if case.suite == self.suite]

    def oracle_bounds(self, user: UserCase) -> list[ResourceBound]:
        """Return the bounds of the classes of a case's own intent."""
        return [self._classes[name] for name in user.intent.classes if name in self._classes]

    def first_reads(self, user: UserCase) -> Mapping[str, int]:
        """Return the vectors that a task reads, each with the number of the call that reads it."""
        reads = find_vectors(self._pack.results.get(call.result_ref) for call in user.calls)
        shown = {name: number for name, number in reads.items() if name in user.vectors}
        # Where no result shows a vector, the first tainted call counts as the one that reads it.
        first = next((n for n, call in enumerate(user.calls) if call.tainted), len(user.calls) - 1)
        return shown or dict.fromkeys(user.vectors or ["nowhere"], first)

    def new_state(self, task: str, texts: Mapping[str, str]) -> Mapping[str, str]:
        """Return the text of every vector."""
        del task
        return {**self._pack.vectors.get(self.suite, {}), **texts}

    def step(
        self, side: Side, call: RecordedCall, state: Mapping[str, str], texts: Mapping[str, str]
    ) -> Step:
        """Return a call that returns its recorded result, with texts in its vectors."""
        del texts
        result = partial(fill_vectors, self._pack.results.get(call.result_ref), state)
        return Step(side, call.tool, dict(call.args), result, call.harm)

    def has_succeeded(self, attack: AttackCase, before: Any, after: Any) -> None:
        """Return None: recorded results show no state."""
        del attack, before, after
