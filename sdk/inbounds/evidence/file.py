"""Reading an evidence log without being able to change it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.files import sqlite_file, sqlite_steps
from inbounds.files.sqlite_steps import StepBudget

from .records import Decided, Executed, Record, kind
from .tables import APPLICATION, SCHEMA, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST = 64 * 1024 * 1024
"""The most bytes of one value that are read."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads one consistent state of the log, while others write on.

    Raises:
        ConfigurationError: There is no evidence log at `path`.
        DecisionUnavailable: `evidence.unavailable`: it is there and cannot be read.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"there is no evidence log at {path}",
            code="evidence.missing",
            hint="set INBOUNDS_EVIDENCE to the log's file",
        )
    try:
        with sqlite_file.reading(path):
            yield from _reading(path)
    except sqlite3.Error as error:
        raise unreadable(error) from error


def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    connection = _connect(path)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    try:
        found = tuple(
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        )
        # A view, a computed column or an index of another expression could be without end.
        if found != (APPLICATION, VERSION) or not is_as_made(connection, triggers=False):
            raise ConfigurationError(
                f"{path.name} is not an evidence log of this version",
                code="evidence.not_a_log",
                hint="set INBOUNDS_EVIDENCE to the log's file",
            )
        connection.execute("BEGIN")
        yield connection
    finally:
        connection.close()


def is_as_made(connection: sqlite3.Connection, *, triggers: bool = True) -> bool:
    """Whether tables and indexes, and the triggers, are those that a log is made with."""
    rows = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
    present, made = (
        {" ".join(str(text).split()) for text in texts}
        for texts in ((text for (text,) in rows), SCHEMA)
    )
    return all(text.startswith("CREATE TRIGGER ") and not triggers for text in present ^ made)


def unreadable(error: sqlite3.Error) -> DecisionUnavailable:
    """What is said of a log that is there and cannot be read."""
    from inbounds.text.printable import printable

    endless = sqlite_steps.is_exceeded(error)
    cause = "it has more rows than its size allows" if endless else printable(str(error))
    return DecisionUnavailable(
        f"the evidence log cannot be read: {cause}",
        code="evidence.unavailable",
        hint="see that the file is whole and readable, or bring a copy back",
    )


def _connect(path: Path) -> sqlite3.Connection:
    name = f"file:{quote(str(path.absolute()))}"
    budget = StepBudget(path)
    connection = sqlite3.connect(f"{name}?mode=ro", uri=True, isolation_level=None, timeout=5)
    budget.bound(connection)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        connection.close()
        if not isinstance(error, sqlite3.OperationalError) or _has_wal(path):
            raise
        # On a medium that nobody can write, the index of a WAL cannot be made.
        connection = sqlite3.connect(f"{name}?immutable=1", uri=True, isolation_level=None)
        budget.bound(connection)
    return connection


def _has_wal(path: Path) -> bool:
    return path.with_name(path.name + "-wal").exists()


def parse(text: str) -> tuple[Record, int, str]:
    """Read a body back.

    Returns:
        The record, its `seq` and its `prev`.

    Raises:
        ValueError: It is not a record of a kind known here.
    """
    try:
        fields = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    keys = ("kind", "seq", "prev")
    found, seq, prev = (fields.pop(k, None) for k in keys) if type(fields) is dict else (None,) * 3
    if type(seq) is not int or type(prev) is not str:
        raise ValueError("no place in the chain")
    if found == "decided.v1":
        return Decided.model_validate(fields), seq, prev
    if found == "executed.v1":
        return Executed.model_validate(fields), seq, prev
    raise ValueError("not a kind of record")


def parse_row(seq: object, columns: Sequence[object], text: str) -> Record:
    """Read the body of a row back, which has to say the same as the row.

    The columns are under no seal, so that a genuine record could stand in the place of another.

    Args:
        seq: Of the row.
        columns: Its kind, the id of its decision and its task.
        text: Its body.

    Raises:
        ValueError: It is not a record, or not that of this row.
    """
    record, place, _ = parse(text)
    # Which task an `Executed` counts for stands in its column, which its seal covers.
    task = record.task if isinstance(record, Decided) else columns[2]
    if place != seq or [*columns] != [kind(record), record.decision_id, task]:
        raise ValueError("not the record of this row")
    return record
