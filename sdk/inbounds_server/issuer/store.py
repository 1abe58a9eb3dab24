"""What an issuer's service remembers: the tasks it has begun, and the proofs it has seen."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from inbounds.canonical.strict_json import NotStrictJson, read_model
from inbounds.errors import DecisionUnavailable
from inbounds.files.sqlite_file import SqliteFile
from inbounds.live.store import TASKS
from inbounds.model.claims import Authority, IssuanceQuestion
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

FILE = TASKS
_APPLICATION = 0x49424953  # "IBIS"
_SCHEMA = (
    """
    CREATE TABLE tasks (
        task TEXT PRIMARY KEY, sid TEXT NOT NULL, holder TEXT NOT NULL, asked TEXT NOT NULL,
        authority TEXT NOT NULL, depth INTEGER NOT NULL, deadline INTEGER NOT NULL,
        ended INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX tasks_deadline ON tasks (deadline)",
    "CREATE TABLE proofs (jti TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX proofs_until ON proofs (until)",
)
# Not in the schema: a file that was begun without it gets it as well.
_HOP_ENDS = (
    "CREATE TABLE IF NOT EXISTS hop_ends "
    "(name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID"
)
_ENDED, _RECORDED = 1, 2
"""What `ended` holds of a task that was ended, and of one whose end was recorded as well."""
_PATIENCE = 2.0  # seconds
_DROPPED_AT_ONCE = 64
"""How many rows that have served are dropped with each new one, so that none grows old."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A task that was begun.

    Attributes:
        task: Its id.
        sid: The session it belongs to.
        holder: The thumbprint of the key that it is held by (RFC 7638).
        asked: For whom and to what end; how far it reaches is in `authority`.
        authority: What was approved, at first or with the last renewal.
        depth: How often it may be delegated.
        ended: Whether its holder has ended it.
        end_recorded: Whether there is a record of that.
    """

    task: str
    sid: str
    holder: str
    asked: IssuanceQuestion
    authority: Authority
    depth: int
    ended: bool = False
    end_recorded: bool = False


class TaskStore:
    """One file, written durably; several processes may share it.

    Args:
        path: The file; made where there is none.

    Raises:
        ConfigurationError: It is another one's, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, application=_APPLICATION, version=1, schema=_SCHEMA)

    def begin(self, begun: Begun) -> None:
        """Remember a task, or what it was renewed to."""
        row = (
            begun.task,
            begun.sid,
            begun.holder,
            begun.asked.model_dump_json(),
            begun.authority.model_dump_json(),
            begun.depth,
            begun.authority.deadline,
            _RECORDED if begun.end_recorded else int(begun.ended),
        )

        def add(connection: sqlite3.Connection) -> None:
            connection.execute(
                "DELETE FROM tasks WHERE task IN "
                "(SELECT task FROM tasks WHERE deadline < ? ORDER BY deadline LIMIT ?)",
                (int(clock.now()), _DROPPED_AT_ONCE),
            )
            # One that was ended meanwhile stays so.
            connection.execute(
                "INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task) DO UPDATE "
                "SET authority = excluded.authority, deadline = excluded.deadline",
                row,
            )

        self._transact(self._file.write, add)

    def task(self, task: str) -> Begun | None:
        """Return a task that was begun and whose time is not up; None for any other."""

        def find(connection: sqlite3.Connection) -> Any:
            return connection.execute(
                "SELECT task, sid, holder, asked, authority, depth, ended FROM tasks "
                "WHERE task = ? AND deadline > ?",
                (task, int(clock.now())),
            ).fetchone()

        row = self._transact(self._file.read, find)
        if row is None:
            return None
        try:
            asked, authority = read_model(IssuanceQuestion, row[3]), read_model(Authority, row[4])
        except NotStrictJson:
            raise _unavailable("a task in it cannot be read") from None
        # A column takes a value of any type.
        task, sid, holder, *_, depth, end = row
        types = [str, str, str, str, str, int, int]
        if [*map(type, row)] != types or end not in (0, _ENDED, _RECORDED):
            raise _unavailable("a task in it cannot be read")
        return Begun(task, sid, holder, asked, authority, depth, end > 0, end == _RECORDED)

    def end(self, task: str) -> None:
        """Note that a task was ended: it is not renewed."""

        def note(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE tasks SET ended = ? WHERE task = ? AND ended = 0", (_ENDED, task)
            )

        self._transact(self._file.write, note)

    def end_hop(self, name: str, until: int) -> None:
        """Note that a hop is about to end, of which there is no record yet.

        Args:
            name: The task and all hops down to it.
            until: When the time of the task is up, in Unix seconds.
        """

        def note(connection: sqlite3.Connection) -> None:
            connection.execute(_HOP_ENDS)
            connection.execute(
                "DELETE FROM hop_ends WHERE name IN "
                "(SELECT name FROM hop_ends WHERE until < ? ORDER BY until LIMIT ?)",
                (int(clock.now()), _DROPPED_AT_ONCE),
            )
            connection.execute("INSERT OR IGNORE INTO hop_ends VALUES (?, ?)", (name, until))

        self._transact(self._file.write, note)

    def end_recorded(self, name: str) -> None:
        """Note that the end of a task or a hop needs no record any more: one is enough."""

        def note(connection: sqlite3.Connection) -> None:
            connection.execute(_HOP_ENDS)
            connection.execute("UPDATE tasks SET ended = ? WHERE task = ?", (_RECORDED, name))
            connection.execute("DELETE FROM hop_ends WHERE name = ?", (name,))

        self._transact(self._file.write, note)

    def lacks_end_record(self, name: str) -> bool:
        """Return whether the end of a task or a hop is still to be recorded."""

        def find(connection: sqlite3.Connection) -> bool:
            connection.execute(_HOP_ENDS)
            row = connection.execute(
                "SELECT 1 FROM tasks WHERE task = ? AND ended <> ? "
                "UNION SELECT 1 FROM hop_ends WHERE name = ?",
                (name, _RECORDED, name),
            ).fetchone()
            return row is not None

        return self._transact(self._file.write, find)

    def ended(self) -> tuple[str, ...]:
        """Return the tasks that were ended before their time was up."""

        def find(connection: sqlite3.Connection) -> tuple[str, ...]:
            rows = connection.execute(
                "SELECT task FROM tasks WHERE ended > 0 AND deadline > ?", (int(clock.now()),)
            )
            return tuple(task for (task,) in rows)

        return self._transact(self._file.read, find)

    def first(self, jti: str, until: int) -> bool:
        """Note a proof by its id; tell whether it was seen for the first time.

        Args:
            jti: Its id.
            until: From when on it is refused for its age, in Unix seconds.
        """

        def note(connection: sqlite3.Connection) -> bool:
            connection.execute(
                "DELETE FROM proofs WHERE jti IN "
                "(SELECT jti FROM proofs WHERE until < ? ORDER BY until LIMIT ?)",
                (int(clock.now()), _DROPPED_AT_ONCE),
            )
            added = connection.execute("INSERT OR IGNORE INTO proofs VALUES (?, ?)", (jti, until))
            return added.rowcount == 1

        return self._transact(self._file.write, note)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _transact(
        self,
        how: Callable[[Callable[[sqlite3.Connection], T], float], T],
        run: Callable[[sqlite3.Connection], T],
    ) -> T:
        try:
            return how(run, clock.monotonic() + _PATIENCE)
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(type(error).__name__) from error


def _unavailable(why: str) -> DecisionUnavailable:
    return DecisionUnavailable(
        f"the issuer's memory of its tasks cannot be used: {why}",
        code="issuer.unavailable",
        hint=f"see that {FILE} in the issuer's folder is there, writable and not full",
    )
