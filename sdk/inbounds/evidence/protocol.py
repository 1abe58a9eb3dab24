"""What an evidence log is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .records import Decided, Executed


class EvidenceLog(Protocol):
    """Takes the records: `SqliteEvidence`, or a log of one's own.

    Every method is called from many threads, and may be called after a fork.
    """

    def decided(self, record: Decided) -> None:
        """Keep what was decided. It is durable once this returns.

        Raises:
            DecisionUnavailable: `evidence.unavailable`: it may not have been kept, so the
                action must not run.
        """
        ...

    def executed(self, record: Executed) -> None:
        """Keep what became of an action. It outlives this process once this returns.

        A power cut may take it for as long as the log says. The decision is then left without an
        outcome, as where the process ended while the tool ran.

        Raises:
            DecisionUnavailable: `evidence.unavailable`. The action has run or not as `record`
                says; that is for the caller to tell (`OutcomeUnrecorded`).
        """
        ...

    def close(self) -> None:
        """Release what the log holds. A closed log is unavailable."""
        ...
