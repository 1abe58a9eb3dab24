"""Transactions that threads of one process want made, several of them in one commit."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

T = TypeVar("T")

_TOGETHER = 64
"""How many transactions are made in one commit."""


class RolledBack(Exception):
    """One part failed in such a way that SQLite undid the whole transaction."""


class Turn(Generic[T]):
    """A transaction that waits to be made, by its own thread or along with another's.

    Args:
        run: Works on the connection. It must bear being run again.
        durable: Whether its commit must survive a power loss.
    """

    __slots__ = ("_error", "_result", "_wake", "done", "durable", "run")

    def __init__(self, run: Callable[[sqlite3.Connection], T], *, durable: bool) -> None:
        self.run = run
        self.durable = durable
        self.done = False
        self._result: T | None = None
        self._error: BaseException | None = None
        self._wake = threading.Lock()
        self._wake.acquire()

    def make(self, connection: sqlite3.Connection) -> None:
        """Run it as the only part of a transaction; what it raises undoes the transaction."""
        self._error = None
        self._result = self.run(connection)

    def make_part(self, connection: sqlite3.Connection) -> None:
        """Run it as a part of a transaction; what it raises undoes this part alone.

        Raises:
            RolledBack: SQLite undid the whole transaction. This turn is done, with its error.
        """
        self._error = None
        connection.execute("SAVEPOINT part")
        try:
            self._result = self.run(connection)
        except Exception as error:
            self._error = error
            if not connection.in_transaction:
                self.done = True
                raise RolledBack from error
            connection.execute("ROLLBACK TO part")
        connection.execute("RELEASE part")

    def fail(self, error: BaseException) -> None:
        """Have it end with an error: its commit failed, in the thread that made it."""
        self._error = error if isinstance(error, Exception) else _interrupted()
        self.done = True

    def wait(self, seconds: float) -> None:
        """Wait until `wake`, or so many seconds."""
        self._wake.acquire(timeout=max(0.0, seconds))

    def wake(self) -> None:
        """Have its thread look whether it is done, or has to be made by itself."""
        with contextlib.suppress(RuntimeError):  # awake already
            self._wake.release()

    def result(self) -> T:
        """What `run` returned, once it is done.

        Raises:
            Exception: What `run`, or the commit, raised.
        """
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # `None` only where `run` returned it


class Turns:
    """The turns that wait for a file, in the order of coming."""

    def __init__(self) -> None:
        self._waiting: deque[Turn[Any]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, turn: Turn[Any]) -> None:
        """Have a turn wait, behind all others."""
        self._waiting.append(turn)

    def withdraw(self, turn: Turn[Any]) -> bool:
        """Whether a turn was still waiting; then it is not made."""
        try:
            self._waiting.remove(turn)
        except ValueError:
            return False
        return True

    def wake_first(self) -> None:
        """Have the thread that has waited longest commit, now that nobody does."""
        with contextlib.suppress(IndexError):
            self._waiting[0].wake()

    def batch(self, own: Turn[Any], begin_part: Callable[[], None]) -> Batch:
        """What the thread of `own`, which waits here, makes in one commit.

        Args:
            own: Its turn. It is within the batch, or behind it.
            begin_part: Called before each part of several.
        """
        return Batch(self._waiting, own, begin_part)


class Batch:
    """Turns that are made in one commit: `with batch: …` around the transaction that runs `make`.

    If it fails as a whole, what it took waits again, unless it was the commit that failed: then
    nobody knows what became of it, and all fail with it.
    """

    def __init__(
        self, waiting: deque[Turn[Any]], own: Turn[Any], begin_part: Callable[[], None]
    ) -> None:
        self.durable = own.durable or waiting[0].durable
        self._waiting = waiting
        self._own = own
        self._begin_part = begin_part
        self._taken: list[Turn[Any]] = []
        self._made = False

    def make(self, connection: sqlite3.Connection) -> None:
        """Take the turns that wait, and run each as a part of the transaction."""
        self._made = False
        while len(self._taken) < _TOGETHER and self._waiting:
            if self._waiting[0].durable and not self.durable:
                break
            self._taken.append(self._waiting.popleft())
        if self._taken == [self._own]:
            self._own.make(connection)
        else:
            for turn in self._taken:
                self._begin_part()
                turn.make_part(connection)
        self._made = True

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> bool:
        """End each turn, or have it wait again; and wake its thread."""
        for turn in self._taken if self._made else ():
            if error is None:
                turn.done = True
            else:
                turn.fail(error)
        self._waiting.extendleft(turn for turn in reversed(self._taken) if not turn.done)
        for turn in self._taken:
            turn.wake()
        return isinstance(error, RolledBack)


def _interrupted() -> sqlite3.OperationalError:
    return sqlite3.OperationalError("the thread that committed it was interrupted")
