"""The cases of one suite of a packed folder: what the tools give back is what was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from inbounds.model.claims import ResourceBound

from .attacks import VARIANTS
from .cases import filled, vectors_in
from .rows import Attack, Staged, placed
from .run import Step, Who

if TYPE_CHECKING:
    from .cases import AttackCase, Pack, RecordedCall, UserCase

Classes = Mapping[str, ResourceBound]
"""What a class of an oracle intent, such as `mail.read`, is in a deployment."""


class Recorded:
    """One suite of a packed folder; see `rows.Source`.

    Args:
        pack: The folder's cases.
        suite: The name of the suite.
        classes: What the classes of its oracle intents are.
    """

    def __init__(self, pack: Pack, suite: str, classes: Classes) -> None:
        self.suite = suite
        self.users: Sequence[UserCase] = [case for case in pack.users if case.suite == suite]
        self.attacks: Sequence[AttackCase] = [case for case in pack.attacks if case.suite == suite]
        self._pack = pack
        self._classes = classes
        self._defaults = pack.vectors.get(suite, {})

    def oracle(self, user: UserCase) -> list[ResourceBound]:
        """Return what the classes of a case's own intent are; see `rows.Source`."""
        return [self._classes[name] for name in user.intent.classes if name in self._classes]

    def staged(self, user: UserCase, attack: Attack | None) -> Staged:
        """Return the calls of one case with their results; see `rows.Source`."""
        if attack is None:
            return Staged([self._step("user", call, self._defaults) for call in user.calls])
        read = self._read_in_order(user)
        text = self._pack.template.replace("{goal}", attack.case.goal)
        planted = VARIANTS[attack.variant](text, list(read))
        texts = {**self._defaults, **planted.texts}
        steps = [self._step("user", call, texts) for call in user.calls]
        theirs = [self._step("attack", call, texts) for call in attack.case.calls]
        return Staged(placed(steps, theirs, attack.place, read[planted.last]))

    def _read_in_order(self, user: UserCase) -> dict[str, int]:
        """The places an attacker writes into that a task reads, with the call that does first."""
        seen: dict[str, int] = {}
        for number, call in enumerate(user.calls):
            for name in vectors_in(self._pack.results.get(call.result_ref)):
                if name in user.vectors:
                    seen.setdefault(name, number)
        # What no result shows is taken as read with the first that is tainted.
        first = next((n for n, call in enumerate(user.calls) if call.tainted), len(user.calls) - 1)
        return seen or dict.fromkeys(user.vectors or ["nowhere"], first)

    def _step(self, who: Who, call: RecordedCall, texts: Mapping[str, str]) -> Step:
        result = filled(self._pack.results.get(call.result_ref), texts)
        return Step(who, call.tool, dict(call.args), partial(_given, result), call.harm)


def _given(result: Any) -> Any:
    return result
