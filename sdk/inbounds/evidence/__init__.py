"""What is left behind of every decision, so that somebody can tell afterwards.

Two records share a decision's id: `Decided`, durable before the tool runs, and `Executed`,
after it. They hold names, codes, pointers and digests; never a value of an argument, a
result or a credential.
"""

from __future__ import annotations

from typing import Protocol

from inbounds.evidence.records import Decided, Executed, Granted

__all__ = ["Decided", "EvidenceLog", "Executed", "Granted", "NoEvidence"]


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


class NoEvidence:
    """Keeps nothing. For measuring what a decision costs without its evidence."""

    def decided(self, record: Decided) -> None:
        """Forget it."""

    def executed(self, record: Executed) -> None:
        """Forget it."""

    def close(self) -> None:
        """Do nothing."""
