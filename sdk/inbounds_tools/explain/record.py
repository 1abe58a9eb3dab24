"""What the evidence log says of one decision."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence import chain
from inbounds.evidence.file import parse_row, reading
from inbounds.evidence.records import Decided, Executed, Record

_Row = tuple[Any, ...]

_ROW = "seq, kind, decision_id, task, body, hash, mac"
_OF_DECISION = f"SELECT {_ROW} FROM records WHERE decision_id = ? ORDER BY seq"  # noqa: S608 -- constants
_TASK_HEAD = "SELECT task, count, hash, mac FROM tasks WHERE task = ?"
# By the index, so that the cost is that of the task and not of the log.
_OF_TASK = f"""
    SELECT {_ROW} FROM records INDEXED BY records_by_task
    WHERE task = ? AND task <> '' ORDER BY seq
"""  # noqa: S608 -- constants


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of one decision.

    Attributes:
        decided: What was decided.
        executed: What became of it, in order; nothing where it did not run.
        verified: Whether the deployment's key showed that this is what was written. Without
            the key anybody who can write the file can have written it.
    """

    decided: Decided
    executed: tuple[Executed, ...]
    verified: bool


def recorded(log: Path, decision: str, *, key: bytes | None) -> Recorded:
    """Read the records of a decision, each held against its hash and its seal.

    The log's last record is held against the signed head as well, and how many records the
    decision's task has against their signed count: nothing of it is left out.

    Args:
        log: The evidence log's file.
        decision: The PEP's id of the decision.
        key: The evidence key: `keys.subkey(…, "evidence")`; None where nobody has it.

    Raises:
        ConfigurationError: There is no such log (`evidence.missing`), or nothing of this
            decision in it (`evidence.no_such_decision`).
        DecisionUnavailable: The log cannot be read; or `evidence.edited`: a record of this
            decision, or the log around it, is not as it was written.
    """
    with reading(log) as connection:
        rows = connection.execute(_OF_DECISION, (decision,)).fetchall()
        if key is not None and rows:
            _require_genuine(connection, rows, key)
    records = [*map(_record, rows)]
    decided = next((record for record in records if isinstance(record, Decided)), None)
    if decided is None:
        raise ConfigurationError(
            f"nothing is recorded of a decision {decision}",
            code="evidence.no_such_decision",
            hint="an id as `AccessDenied.decision_id` and spans give it; INBOUNDS_EVIDENCE names "
            "the log; a question is a file",
        )
    executed = tuple(record for record in records if isinstance(record, Executed))
    return Recorded(decided, executed, verified=key is not None)


def _require_genuine(connection: sqlite3.Connection, rows: list[_Row], key: bytes) -> None:
    found = connection.execute("SELECT log, count, hash, mac FROM head").fetchone()
    head = chain.Head(*found) if found is not None else None
    if head is None or not head.signed_by(key):
        raise _edited("the log's head is not signed with the key of this deployment")
    last = connection.execute("SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1").fetchone()
    if last != (head.count, head.hash):
        raise _edited("the log does not end where it was signed")
    for row in rows:
        _require_sealed(row, head.log, key)
    for task in {row[3] for row in rows if row[3]}:
        _require_whole(connection, head.log, task, key)


def _record(row: _Row) -> Record:
    seq, *columns, body, digest, _ = row
    if not isinstance(body, str) or chain.link(body.encode(errors="surrogateescape")) != digest:
        raise _edited()
    try:
        return parse_row(seq, columns, body)
    except ValueError:
        raise _edited() from None


def _require_sealed(row: _Row, log: str, key: bytes) -> None:
    *_, task, _, digest, mac = row
    if not isinstance(task, str) or not isinstance(digest, str):
        raise _edited()
    if not chain.sealed(key, mac, log=log, task=task, digest=digest):
        raise _edited()


def _require_whole(connection: sqlite3.Connection, log: str, task: str, key: bytes) -> None:
    found = connection.execute(_TASK_HEAD, (task,)).fetchone()
    signed = chain.TaskHead(*found) if found is not None else None
    if signed is None or not signed.signed_by(key, log=log):
        raise _edited("the count of its task's records is not signed with this key")
    # Each by itself: one could be overwritten with another, and neither count nor end would tell.
    count, last = 0, None
    for row in connection.execute(_OF_TASK, (task,)):
        _require_sealed(row, log, key)
        _record(row)
        count, last = count + 1, row[5]
    if (signed.count, signed.hash) != (count, last):
        raise _edited("a record of its task is missing, or is not one of it")


def _edited(what: str = "a record of this decision was edited") -> DecisionUnavailable:
    return DecisionUnavailable(
        what,
        code="evidence.edited",
        hint="`inbounds evidence verify` says what else was; INBOUNDS_HOME names the folder of "
        "the log's key",
    )
