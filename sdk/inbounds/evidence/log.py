"""The evidence log: an append-only SQLite file, chained and signed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic_core import PydanticSerializationError

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence import chain
from inbounds.evidence.keys import key_id
from inbounds.evidence.outcome_queue import OutcomeQueue
from inbounds.evidence.records import Decided, Executed, body, kind
from inbounds.evidence.tables import APPLICATION, SCHEMA, VERSION
from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.evidence.records import Record

T = TypeVar("T")

_REMEMBERED = 1024
"""How many tasks and decisions a process knows without asking its file."""

_FLUSH_SECONDS = 0.05
"""How long an outcome may wait for a decision to be flushed along with."""

_FIND_HEAD = "SELECT log, count, hash, mac FROM head"
_FIND_TASK = "SELECT task, count, hash, mac FROM tasks WHERE task = ?"
_REPLACE_HEAD = (
    "UPDATE head SET count = ?, hash = ?, mac = ? "
    "WHERE log = ? AND count = ? AND hash = ? AND mac = ?"
)
_REPLACE_TASK = (
    "UPDATE tasks SET count = ?, hash = ?, mac = ? "
    "WHERE task = ? AND count = ? AND hash = ? AND mac = ?"
)
_FIND_DECIDED = "SELECT task FROM records WHERE decision_id = ? AND kind = 'decided.v1'"


class _Last(Generic[T]):
    """What was kept last, by name. Threads share it."""

    def __init__(self) -> None:
        self._kept: dict[str, T] = {}
        self._lock = ProcessLock()

    def get(self, name: str) -> T | None:
        return self._kept.get(name)

    def keep(self, name: str, value: T) -> None:
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = value
            if len(self._kept) > _REMEMBERED:
                # A signal's handler may have removed the same one.
                self._kept.pop(next(iter(self._kept)), None)


class SqliteEvidence:
    """One chain of records, written by every thread and process that names the file.

    A record is committed before the call returns, where every process sees it and the end of this
    one cannot undo it. A decision is flushed to the disk as well; an outcome is flushed with the
    next decision, within 50 ms or at `close`, whichever is first. Before a record is added, the
    head must carry the deployment's signature: a log whose end was changed takes no more records,
    so that nobody's change is ever signed over. Nor does one that has become shorter while
    this process wrote to it.

    Args:
        path: The file, on a local disk.
        key: The evidence key: `keys.subkey(…, "evidence")`.
        timeout: How long a decision may wait for other writers, in seconds.
        patience: How long the outcome of what has run may wait for them, in seconds. Nobody is
            served by giving it up as early: the task would take no more calls.

    Raises:
        ConfigurationError: The file cannot be written, is something else, or was begun with
            another key.
    """

    def __init__(
        self, path: str | Path, *, key: bytes, timeout: float = 5.0, patience: float = 10.0
    ) -> None:
        self._key = key
        self._timeout = timeout
        self._patience = patience
        # Of what threads read and write in one step; a transaction has a lock of its own.
        self._lock = ProcessLock()
        self._reached = 0
        self._flushed = 0
        self._flusher: threading.Timer | None = None
        # What was said amid transactions of their own threads.
        self._late = OutcomeQueue()
        self._last: chain.Head | None = None
        self._tasks = _Last[chain.TaskHead]()
        self._decisions = _Last[str]()
        self._file = SqliteFile(
            Path(path), application=APPLICATION, version=VERSION, schema=SCHEMA, durable=True
        )
        try:
            self._transact(self._begin)
        except BaseException:
            self._file.close()
            raise
        _opened.add(self)

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @property
    def key(self) -> bytes:
        """The evidence key, by which a `report` knows this log's records. A secret."""
        return self._key

    def decided(self, record: Decided) -> None:
        """Keep what was decided; see `EvidenceLog.decided`."""
        reached = self._append(record)
        with self._lock:
            self._flushed = max(self._flushed, reached)

    def executed(self, record: Executed) -> None:
        """Keep what became of an action; see `EvidenceLog.executed`.

        Where a finaliser says so amid a transaction of its own thread, it is written right after.
        """
        if self._file.is_mine:
            self._late.keep(record)
        else:
            self._append(record)

    def anchor(self) -> chain.Head:
        """The signed head as it is now, to be kept where the log's writer cannot reach.

        Raises:
            DecisionUnavailable: `evidence.unavailable`.
        """
        return self._transact(self._flushed_head)

    def close(self) -> None:
        """Flush what is not, and close the file of this process."""
        with contextlib.suppress(DecisionUnavailable):
            self._late.write(self._add)
        self._flush()
        self._file.close()

    def _write_late(self) -> None:
        """Write what finalisers said while the process forked; the next record meets an error."""
        if self._late and not self._file.is_mine:
            with contextlib.suppress(DecisionUnavailable):
                self._late.write(self._add)

    def _flush(self) -> None:
        # First this: an outcome that comes later has a flusher of its own.
        self._flusher = None
        if self._flushed < self._reached:
            # The next record meets the same error, in front of somebody who is told.
            with contextlib.suppress(DecisionUnavailable):
                flushed = self._transact(self._flushed_head).count
                with self._lock:
                    self._flushed = max(self._flushed, flushed)

    def _flushed_head(self, connection: sqlite3.Connection) -> chain.Head:
        # A commit that writes nothing flushes nothing.
        connection.execute(f"PRAGMA user_version={VERSION}")
        return self._head(connection)

    def _append(self, record: Record) -> int:
        self._late.write(self._add)
        reached = self._add(record)
        if self._late:  # what came meanwhile; the next record meets an error again
            with contextlib.suppress(DecisionUnavailable):
                self._late.write(self._add)
        return reached

    def _add(self, record: Record) -> int:
        def run(connection: sqlite3.Connection) -> int:
            # What this process signed last is the head again, unless others wrote meanwhile:
            # equal to the letter, it carries the signature.
            head = self._last
            if head is None or not self._follow(connection, head, record):
                head = self._head(connection)
                if not self._follow(connection, head, record):
                    raise _unavailable("its head cannot be replaced")
            return head.count + 1

        if isinstance(record, Decided):
            reached = self._transact(run)
            self._decisions.keep(record.decision_id, record.task)
        else:
            patience = self._timeout if record.executed == "no" else self._patience
            reached = self._transact(run, patience, durable=False)
        # Threads may get here out of order; what counts is the furthest.
        with self._lock:
            self._reached = max(self._reached, reached)
        if not isinstance(record, Decided):
            self._flush_soon()
        return reached

    def _flush_soon(self) -> None:
        flusher = self._flusher
        if flusher is not None and flusher.is_alive():  # in a child, it is gone with the fork
            return
        # It must not keep the log, whose file is settled where nothing holds it any more.
        self._flusher = flusher = threading.Timer(_FLUSH_SECONDS, _flush, [weakref.ref(self)])
        flusher.daemon = True
        try:
            flusher.start()
        except RuntimeError:  # no thread can be had, as at the end of the interpreter
            self._flush()

    def _follow(self, connection: sqlite3.Connection, head: chain.Head, record: Record) -> bool:
        """Add a record as the next one after `head`; false where the log's head is another."""
        seq = head.count + 1
        text = body(record, seq=seq, prev=head.hash)
        following = chain.Head.sign(self._key, log=head.log, count=seq, last=chain.link(text))
        replaced = connection.execute(
            _REPLACE_HEAD,
            (seq, following.hash, following.mac, head.log, head.count, head.hash, head.mac),
        )
        if replaced.rowcount != 1 or head.count < self._reached:
            return False
        task = self._task_of(connection, record)
        mac = chain.seal(self._key, log=head.log, task=task, digest=following.hash)
        connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
            (seq, kind(record), record.decision_id, task, text.decode(), following.hash, mac),
        )
        if task:
            self._count(connection, log=head.log, task=task, last=following.hash)
        self._last = following
        return True

    def _count(self, connection: sqlite3.Connection, *, log: str, task: str, last: str) -> None:
        known = self._tasks.get(task)
        if known is not None:
            # As with the head of the log.
            signed = self._counted(log=log, after=known, last=last)
            replaced = connection.execute(
                _REPLACE_TASK,
                (signed.count, last, signed.mac, task, known.count, known.hash, known.mac),
            )
            if replaced.rowcount == 1:
                self._tasks.keep(task, signed)
                return
        found = connection.execute(_FIND_TASK, (task,)).fetchone()
        counted = chain.TaskHead(task, 0, "", "") if found is None else chain.TaskHead(*found)
        if found is not None and not counted.signed_by(self._key, log=log):
            raise _unavailable("the count of a task does not carry the deployment's signature")
        signed = self._counted(log=log, after=counted, last=last)
        connection.execute(
            "INSERT INTO tasks VALUES (?, ?, ?, ?) ON CONFLICT (task) DO UPDATE "
            "SET count = excluded.count, hash = excluded.hash, mac = excluded.mac",
            (signed.task, signed.count, signed.hash, signed.mac),
        )
        self._tasks.keep(task, signed)

    def _counted(self, *, log: str, after: chain.TaskHead, last: str) -> chain.TaskHead:
        count = after.count + 1
        return chain.TaskHead.sign(self._key, log=log, task=after.task, count=count, last=last)

    def _task_of(self, connection: sqlite3.Connection, record: Record) -> str:
        """The task that a record counts for; what became of an action, for its decision's."""
        if isinstance(record, Decided):
            return record.task
        known = self._decisions.get(record.decision_id)
        if known is not None:
            return known
        found = connection.execute(_FIND_DECIDED, (record.decision_id,)).fetchone()
        return "" if found is None else str(found[0])

    def _begin(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("SELECT key FROM head").fetchone()
        if found is None:
            log = str(uuid.uuid4())
            head = chain.Head.sign(self._key, log=log, count=0, last=chain.genesis(log))
            connection.execute(
                "INSERT INTO head VALUES (1, ?, ?, ?, ?, ?)",
                (log, key_id(self._key), head.count, head.hash, head.mac),
            )
        elif found[0] != key_id(self._key):
            raise ConfigurationError(
                f"{self.path.name} was begun with another key",
                code="evidence.other_key",
                hint="bring back the deployment's key, or name another file for the log",
            )

    def _head(self, connection: sqlite3.Connection) -> chain.Head:
        found = connection.execute(_FIND_HEAD).fetchone()
        if found is None:
            raise _unavailable("it has no head")
        head = chain.Head(*found)
        if not head.signed_by(self._key):
            raise _unavailable("its head does not carry the deployment's signature")
        if head.count < self._reached:
            raise _unavailable("it has become shorter")
        return head

    def _transact(
        self,
        run: Callable[[sqlite3.Connection], T],
        seconds: float | None = None,
        *,
        durable: bool = True,
    ) -> T:
        latest = clock.monotonic() + (self._timeout if seconds is None else seconds)
        try:
            return self._file.write(run, latest, durable=durable)
        except sqlite3.Error as error:
            raise _unavailable(str(error)) from error
        except OSError as error:
            raise _unavailable(error.strerror or str(error)) from error
        except PydanticSerializationError:
            raise _unavailable("the record holds text that has no UTF-8") from None


_opened: weakref.WeakSet[SqliteEvidence] = weakref.WeakSet()


def _after_fork_in_parent() -> None:
    for log in list(_opened):
        log._write_late()  # noqa: SLF001 -- of this module


if hasattr(os, "register_at_fork"):
    # Later than that of `SqliteFile`, which gives the files back.
    os.register_at_fork(after_in_parent=_after_fork_in_parent)


def _flush(of: weakref.ref[SqliteEvidence]) -> None:
    log = of()
    if log is not None:
        log._flush()  # noqa: SLF001


def _unavailable(why: str) -> DecisionUnavailable:
    return DecisionUnavailable(
        f"the evidence log does not take records: {why}",
        code="evidence.unavailable",
        hint="`inbounds evidence verify` tells whether the log is whole",
    )
