"""What the evidence log says of one decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence import chain
from inbounds.evidence.file import reading
from inbounds.evidence.records import Decided, Executed, parse


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of one decision.

    Attributes:
        decided: What was decided.
        executed: What became of it, in order; nothing where it did not run.
    """

    decided: Decided
    executed: tuple[Executed, ...]


def recorded(log: Path, decision: str) -> Recorded:
    """Read the records of a decision, each held against its own hash.

    Args:
        log: The evidence log's file.
        decision: The PEP's id of the decision.

    Raises:
        ConfigurationError: There is no such log (`evidence.missing`), or nothing of this
            decision in it (`evidence.no_such_decision`).
        DecisionUnavailable: The log cannot be read, or a record of this decision was edited.
    """
    with reading(log) as connection:
        rows = connection.execute(
            "SELECT body, hash FROM records WHERE decision_id = ? ORDER BY seq", (decision,)
        ).fetchall()
    records = []
    for body, digest in rows:
        if not isinstance(body, str) or chain.link(body.encode()) != digest:
            raise _edited()
        try:
            records.append(parse(body)[0])
        except ValueError:
            raise _edited() from None
    decided = next((record for record in records if isinstance(record, Decided)), None)
    if decided is None:
        raise ConfigurationError(
            f"nothing is recorded of a decision {decision}",
            code="evidence.no_such_decision",
            hint="an id as `AccessDenied.decision_id` and spans give it; INBOUNDS_EVIDENCE names "
            "the log; a question is a file",
        )
    executed = tuple(record for record in records if isinstance(record, Executed))
    return Recorded(decided, executed)


def _edited() -> DecisionUnavailable:
    return DecisionUnavailable(
        "a record of this decision was edited",
        code="evidence.edited",
        hint="`inbounds evidence verify` says what else was",
    )
