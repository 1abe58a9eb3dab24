"""What must be done for an allow to hold. What cannot be done makes it no answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbounds.errors import DecisionUnavailable, InvalidAnswer

from . import results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inbounds.model.question import Obligation, Returns

NOTIFY = "notify"
"""Tell an address that a tool is about to run; discharged before it does."""

KNOWN = (NOTIFY,)
"""The types that a guard can be told how to discharge; those of `results` it knows."""

Notify = Callable[[str, str], None]
"""Takes whom to tell and the name of the tool. Raising means: not told."""


@dataclass(frozen=True, slots=True)
class Discharger:
    """Knows how to discharge each type of obligation.

    Attributes:
        notify: How somebody is told that a tool is about to run. Without it nobody can be.
    """

    notify: Notify | None = None

    def supported(self, returns: Returns) -> tuple[str, ...]:
        """The types that can be discharged, as the question about a tool states them.

        Those on a result always can; they are stated where the registry says something of the
        tool's results that can bring them about, and only then does a PEP need to be set up
        for them.
        """
        return (*(() if self.notify is None else (NOTIFY,)), *results.owed(returns))

    def accept(self, obligations: Sequence[Obligation]) -> None:
        """Make sure that every obligation can be discharged, before anything is spent.

        Raises:
            InvalidAnswer: One of a type that is not known here, or without what it needs.
        """
        for obligation in obligations:
            if obligation.type in results.TYPES:
                from .result_changes import require_known

                require_known(obligation)
                continue
            if obligation.type != NOTIFY or self.notify is None:
                raise InvalidAnswer(
                    f"the policy obliges to `{obligation.type}`, which this guard cannot do",
                    code="obligation.unknown",
                    hint="say how somebody is told: Guard(notify=…)"
                    if obligation.type == NOTIFY
                    else "a newer SDK, or a PEP entitled to fewer obligations",
                )
            if not isinstance(obligation.properties.get("to"), str):
                raise InvalidAnswer(
                    f"the obligation `{obligation.type}` does not say whom to tell",
                    code="obligation.malformed",
                )

    def before(self, tool: str, obligations: Sequence[Obligation]) -> None:
        """Discharge what is due before the tool runs.

        Raises:
            DecisionUnavailable: `obligation.failed`. The tool must not run.
        """
        for obligation in obligations:
            if obligation.type in results.TYPES:
                continue
            if self.notify is None:
                raise DecisionUnavailable(
                    f"nothing discharges the obligation `{obligation.type}`",
                    code="obligation.failed",
                )
            try:
                self.notify(str(obligation.properties["to"]), tool)
            except Exception as error:  # noqa: BLE001 -- a function of the user's
                raise DecisionUnavailable(
                    f"the obligation `{obligation.type}` failed with {type(error).__name__}",
                    code="obligation.failed",
                    hint="fix the `notify` function, then call again",
                ) from None
