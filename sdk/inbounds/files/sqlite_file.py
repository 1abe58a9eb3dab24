"""One SQLite file, shared by many threads and processes, with a deadline on every wait."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sqlite3
import stat
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeVar

from inbounds.errors import ConfigurationError
from inbounds.files.safe_files import make_folder
from inbounds.files.sqlite_companions import Companions, require_regular_companions
from inbounds.files.sqlite_steps import StepBudget
from inbounds.files.sqlite_turns import Turn, Turns
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

_NONE = (0, 0)
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.0002, 0.002
_PATIENT_SECONDS = 0.05
"""How long a transaction waits with the longest pauses."""
_OPENING_SECONDS = 5.0
_AWAKE_SECONDS = 0.05
"""How often a waiting thread looks by itself; it is woken where nothing goes wrong."""
_SYNCHRONOUS = {True: "FULL", False: "NORMAL"}
"""Whether each commit is flushed to the disk (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
_TOO_LATE = "other threads kept the file busy until the deadline"
_FORK_SECONDS = 5.0
"""How long a fork waits for what other threads do with files, in all."""
_FORKED = "this process was forked while its parent used the file"


class SqliteFile:
    """A file in WAL mode, one connection per process, one transaction at a time.

    SQLite's own busy handler sleeps in growing steps of up to 100 ms and knows no deadline,
    so a transaction that finds the file busy is run again after a short random pause, the shorter
    the longer it has waited: among processes, the one that was there before others goes first,
    as a rule. What is given to `read` and `write` must bear being run again.

    What threads want written while another one writes is committed together, in the order in
    which they came: the flush to the disk is what a transaction costs, and a lock by itself
    knows no order.

    A finaliser runs amid anything, also amid a transaction of its own thread, which would wait for
    itself. So a transaction within one of the same thread fails at once (`is_mine`).

    No connection is open while the process forks (https://www.sqlite.org/howtocorrupt.html
    §2.6). SQLite would count the parent's locks, which a child does not have, among the child's,
    even for a connection of the child's own: what the child commits could be lost without a
    word. So connections are closed before and opened again after, on both sides. A file that a
    thread does not give up in time is of no use to the child.

    WAL needs a local file system, since its index is shared memory.

    Args:
        path: The file; it is made, readable by its owner alone, where it does not exist.
        application: What marks the file as ours (`PRAGMA application_id`).
        version: The layout (`PRAGMA user_version`); another one is refused.
        schema: Statements that make the tables of an empty file.
        durable: Whether a commit survives a power loss, or only the end of the process.

    Raises:
        ConfigurationError: Not writable, not SQLite, another application's, another layout,
            or on a file system without shared memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        application: int,
        version: int,
        schema: Sequence[str],
        durable: bool = True,
    ) -> None:
        self.path = path.absolute()
        self._application = application
        self._version = version
        self._schema = tuple(schema)
        self._durable = durable
        self._mutex = threading.Lock()
        self._turns = Turns()
        # The threads that are about a transaction. Each that holds the mutex is among them, so
        # that a finaliser of its own does not wait for it.
        self._inside: set[int] = set()
        self._entered_for_fork = False
        self._connection: sqlite3.Connection | None = None
        self._flushing = durable
        self._companions: Companions | None = None
        self._identity = _NONE
        self._closed = False
        self._budget = StepBudget(self.path)
        try:
            self._create()
            self._open(clock.monotonic() + _OPENING_SECONDS)
        except (OSError, sqlite3.Error) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
                raise _not_ours(f"{self.path.name} is not a SQLite file") from error
            raise ConfigurationError(
                f"{self.path.name} cannot be opened for writing: {_cause(error)}",
                code="configuration.not_writable",
                hint=f"make {self.path} writable for this user, or name another path",
            ) from error
        _opened.add(self)

    def write(
        self,
        run: Callable[[sqlite3.Connection], T],
        deadline: float,
        *,
        durable: bool | None = None,
    ) -> T:
        """Run `run` in a transaction that no other writer can come between, and commit.

        Args:
            run: Works on the connection; its result is returned once the commit is made. What
                it raises undoes what it did.
            deadline: When to give up waiting, in seconds on `clock.monotonic`.
            durable: Whether the commit survives a power loss; `None`: as the file. One that does
                not is flushed with the next one that does.

        Raises:
            sqlite3.Error: Nothing was committed, unless the commit itself failed.
            OSError: The file or one that SQLite keeps beside it is gone, or another has taken its
                place; nothing was committed, unless that happened during the commit itself.
        """
        turn = Turn(run, durable=self._durable if durable is None else durable)
        with self._within():
            self._turns.add(turn)
            try:
                while not turn.done:
                    if self._mutex.acquire(blocking=False):
                        with self._released():
                            if not turn.done:  # another thread may have been quicker
                                self._commit(turn, deadline)
                    else:
                        self._wait(turn, deadline)
            except BaseException:
                self._turns.withdraw(turn)
                raise
        return turn.result()

    @property
    def is_mine(self) -> bool:
        """Whether this thread is about a transaction: then another one of its own fails."""
        return threading.get_ident() in self._inside

    @contextmanager
    def _within(self) -> Iterator[None]:
        thread = threading.get_ident()
        if thread in self._inside:
            raise sqlite3.OperationalError("this thread is amid a transaction of its own")
        self._inside.add(thread)
        try:
            yield
        finally:
            self._inside.discard(thread)

    def read(self, run: Callable[[sqlite3.Connection], T], deadline: float) -> T:
        """Run `run` on one consistent state of the file; see `write` for the rest."""
        with self._within():
            if not self._mutex.acquire(timeout=max(0.0, deadline - clock.monotonic())):
                raise sqlite3.OperationalError(_TOO_LATE)
            with self._released():
                return self._transact(run, "BEGIN", deadline)

    def settle(self) -> None:
        """Bring what was committed into the file itself, so that what it replaced is gone.

        Until then the file holds the older pages, and its log the newer. It is left for the next
        time where others are reading or writing.
        """
        with contextlib.suppress(sqlite3.Error), self._within():
            self._mutex.acquire()
            with self._released():
                if self._connection is not None:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection of this process. A closed file takes no transactions."""
        self._closed = True
        if self.is_mine:
            return  # amid a transaction, which is the last
        with self._within():
            self._mutex.acquire()
            with self._released():
                pass

    def _wait(self, turn: Turn[T], deadline: float) -> None:
        """Wait until a turn is done, or may be made by its own thread."""
        left = deadline - clock.monotonic()
        # Whoever makes it just now will say what became of it.
        if left <= 0 and self._turns.withdraw(turn):
            raise sqlite3.OperationalError(_TOO_LATE)
        turn.wait(min(left, _AWAKE_SECONDS) if left > 0 else _AWAKE_SECONDS)

    def _commit(self, turn: Turn[T], deadline: float) -> None:
        with (batch := self._turns.batch(turn, self._budget.begin)):
            self._transact(batch.make, "BEGIN IMMEDIATE", deadline, durable=batch.durable)

    @contextmanager
    def _released(self) -> Iterator[None]:
        """Give the connection up at the end, to whoever has waited longest."""
        try:
            yield
        finally:
            if self._closed:
                self._drop()
            self._mutex.release()
            self._turns.wake_first()

    def _transact(
        self,
        run: Callable[[sqlite3.Connection], T],
        begin: Literal["BEGIN", "BEGIN IMMEDIATE"],
        deadline: float,
        *,
        durable: bool = False,
    ) -> T:
        self._budget.begin()
        connection, companions = self._connection, self._companions
        if connection is None or companions is None:
            connection, companions = self._open(deadline)
        self._require_same_file()
        if begin == "BEGIN IMMEDIATE" and durable != self._flushing:
            connection.execute(f"PRAGMA synchronous={_SYNCHRONOUS[durable]}")
            self._flushing = durable
        begun = clock.monotonic()
        while True:
            try:
                companions.require_same(connection)
                connection.execute(begin)
                result = run(connection)
                connection.execute("COMMIT")
                if begin == "BEGIN IMMEDIATE":
                    companions.require_kept()
            except sqlite3.OperationalError as error:
                self._roll_back(connection)
                if not _is_busy(error) or not _pause(begun, deadline):
                    raise
            except BaseException:
                self._roll_back(connection)
                raise
            else:
                return result

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()
            connection.close()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        companions, self._companions = self._companions, None
        if connection is None:
            return
        if companions is not None:
            companions.make_safe_to_close()
        connection.close()

    def _create(self) -> None:
        make_folder(self.path.parent, mode=0o700)
        try:
            # SQLite gives its companions (-wal, -shm) the mode of the file itself.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            # Never opened here: to close it again would give up the locks of every connection
            # that this process has to it, and another one could take itself for the last.
            if not stat.S_ISREG(self.path.lstat().st_mode):
                raise OSError("it is not a file") from None
            if not os.access(self.path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None

    def _open(self, deadline: float) -> tuple[sqlite3.Connection, Companions]:
        if self._closed:
            raise sqlite3.ProgrammingError("the file was closed")
        if self._identity != _NONE:  # opened again: never a file of the same name made anew
            self._require_same_file()
        identity = _identity(self.path)
        if identity in _unusable:
            raise OSError(_FORKED)
        require_regular_companions(self.path)
        connection = sqlite3.connect(
            self.path, timeout=0, isolation_level=None, check_same_thread=False
        )
        self._budget.bound(connection)
        begun = clock.monotonic()
        try:
            while True:
                try:
                    self._prepare(connection)
                    companions = Companions(self.path, connection)
                    break
                except sqlite3.OperationalError as error:
                    self._roll_back(connection)
                    if not _is_busy(error) or not _pause(begun, deadline):
                        raise
        except BaseException:
            connection.close()
            raise
        self._identity = identity
        self._connection, self._companions = connection, companions
        return connection, companions

    def _prepare(self, connection: sqlite3.Connection) -> None:
        def one(statement: str) -> object:
            return connection.execute(statement).fetchone()[0]

        # Both of one state: another process may be making the tables just now.
        connection.execute("BEGIN")
        found = (one("PRAGMA application_id"), one("PRAGMA user_version"))
        connection.execute("COMMIT")
        expected = (self._application, self._version)
        if found not in {(0, 0), expected}:
            raise _not_ours(f"{self.path.name} is not a file of this kind and version")
        # A commit writes every page that it touches, whole, and ours touch little of many.
        # Pages of a file that is there keep their size.
        connection.execute("PRAGMA page_size=1024")
        if one("PRAGMA journal_mode=WAL") != "wal":
            raise ConfigurationError(
                f"{self.path.name} is on a file system without shared memory",
                code="configuration.not_local",
                hint="keep it on a local disk",
            )
        connection.execute(f"PRAGMA synchronous={_SYNCHRONOUS[self._durable]}")
        self._flushing = self._durable
        connection.execute("PRAGMA fullfsync=ON")  # macOS: fsync alone leaves it in the drive
        connection.execute("PRAGMA checkpoint_fullfsync=ON")
        if found == expected:
            return
        connection.execute("BEGIN IMMEDIATE")
        if one("PRAGMA application_id") == 0:
            if one("SELECT count(*) FROM sqlite_master"):
                raise ConfigurationError(
                    f"{self.path.name} is a database of something else",
                    code="configuration.not_our_file",
                    hint="name another path",
                )
            for statement in self._schema:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={self._version}")
            connection.execute(f"PRAGMA application_id={self._application}")
        connection.execute("COMMIT")
        _sync_folder(self.path.parent)

    def _require_same_file(self) -> None:
        # Writing on to a file that was unlinked or replaced succeeds, and leaves nothing behind.
        if _identity(self.path) != self._identity:
            raise OSError("another file has taken its place")

    def _close_for_fork(self, deadline: float) -> bool:
        """Close the connection, and keep all others from opening one; false if it is too late."""
        thread = threading.get_ident()
        # A signal's handler may fork amid a transaction of this thread.
        entered = thread not in self._inside
        self._inside.add(thread)
        if not self._mutex.acquire(timeout=max(0.0, deadline - clock.monotonic())):
            if entered:
                self._inside.discard(thread)
            return False
        self._entered_for_fork = entered
        self._drop()
        return True

    def _begin_parent(self) -> None:
        """Give up what `_close_for_fork` has taken, in the process that forked."""
        entered, self._entered_for_fork = self._entered_for_fork, False
        self._mutex.release()
        if entered:
            self._inside.discard(threading.get_ident())

    def _begin_child(self) -> None:
        if self._connection is not None:
            _inherited.append(self._connection)
            self._connection = self._companions = None
        self._mutex = threading.Lock()
        self._inside, self._entered_for_fork = set(), False
        self._turns = Turns()  # those were of threads that the child does not have


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say that a connection of another kind is open to the file at `path`, for a fork to wait.

    Raises:
        sqlite3.Error: The file is gone, what lies beside it is not a regular file, or the parent of
            this process had it open at the fork.
    """
    try:
        identity = _identity(path)
        require_regular_companions(path)
    except OSError as error:
        raise sqlite3.OperationalError(_cause(error)) from error
    if identity in _unusable:
        raise sqlite3.OperationalError(_FORKED)
    with _gate:
        _read[identity] = _read.get(identity, 0) + 1
    try:
        yield
    finally:
        with _gate:
            _read[identity] = _read.get(identity, 0) - 1
            if _read[identity] <= 0:
                del _read[identity]


_opened: weakref.WeakSet[SqliteFile] = weakref.WeakSet()
_read: dict[tuple[int, int], int] = {}
"""How many connections of another kind are open to a file."""
_gate = threading.Lock()
"""For who changes the above; held while the process forks."""
_fork = threading.Lock()
"""Of the thread that forks."""
_held: list[SqliteFile] = []
"""The files whose connections are closed while the process forks."""
_unusable: set[tuple[int, int]] = set()
"""The files that the parent of this process had open when it forked."""
_inherited: list[sqlite3.Connection] = []
"""Their connections, kept so that the child never closes them."""


def _before_fork() -> None:
    deadline = clock.monotonic() + _FORK_SECONDS
    _fork.acquire()
    _held.extend(file for file in list(_opened) if file._close_for_fork(deadline))  # noqa: SLF001
    _gate.acquire()
    while _read and clock.monotonic() < deadline:
        _gate.release()
        time.sleep(_SHORTEST_PAUSE)
        _gate.acquire()


def _after_fork_in_parent() -> None:
    for file in _held:
        file._begin_parent()  # noqa: SLF001 -- of this module
    _held.clear()
    _gate.release()
    _fork.release()


def _after_fork_in_child() -> None:
    global _fork, _gate
    _unusable.update(_read)
    for file in list(_opened):
        if file._connection is not None:  # noqa: SLF001
            _unusable.add(file._identity)  # noqa: SLF001
        file._begin_child()  # noqa: SLF001
    _read.clear()
    _held.clear()
    _fork, _gate = threading.Lock(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )


def _identity(path: Path) -> tuple[int, int]:
    status = os.stat(path)  # noqa: PTH116 -- on the path of every call; Path.stat costs twice
    return status.st_dev, status.st_ino


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # Extended codes, such as SQLITE_BUSY_SNAPSHOT, keep the primary one in the low byte.
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _BUSY


def _pause(begun: float, deadline: float) -> bool:
    now = clock.monotonic()
    left = deadline - now
    if left <= 0:
        return False
    longest = _LONGEST_PAUSE * _PATIENT_SECONDS / max(now - begun, _PATIENT_SECONDS)
    pause = random.uniform(_SHORTEST_PAUSE, max(_SHORTEST_PAUSE, longest))  # noqa: S311 -- no secret
    time.sleep(min(left, pause))
    return True


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_ours(what: str) -> ConfigurationError:
    return ConfigurationError(
        what,
        code="configuration.not_our_file",
        hint="name another path, or use the version of Inbounds that wrote it",
    )


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
