"""Taking turns at an engine, so that one thread evaluates while another prepares."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from typing import Final, Self

_LONGEST_HANDOVER: Final = 0.001
"""How long one who leaves waits for the next to begin, in seconds; the machine may be busy."""
_GLANCE: Final = 0.2
"""How often who waits looks whether the holder's thread is still there, in seconds."""


class _Life:
    """Is there for as long as its thread, whose number another thread may have soon after."""


class _Lives(threading.local):
    def __init__(self) -> None:
        self.own = _Life()


_LIVES: Final = _Lives()


class _Turn:
    """Two locks that are open once the turn has come, and once it was taken up."""

    __slots__ = ("came", "taken_up", "thread")

    def __init__(self) -> None:
        self.thread = weakref.ref(_LIVES.own)
        self.came, self.taken_up = threading.Lock(), threading.Lock()
        self.came.acquire()
        self.taken_up.acquire()


class FairLock:
    """A lock, first come, first served, whose holder waits on leaving until the next has begun.

    An evaluation runs without Python's lock, but needs it for a moment to begin. Whoever leaves
    a plain lock goes on holding Python's until it comes back for its next turn, so that nothing
    happens at the same time. It is not re-entrant.

    What breaks into a thread, as another thread can, may come between any two steps: whoever
    is broken off while taking or leaving is forgotten, at the latest when its thread has ended.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._holder: _Turn | None = None
        self._waiting: deque[_Turn] = deque()

    def take(self, *, timeout: float = -1) -> bool:
        """Wait for a turn; say whether it came.

        Args:
            timeout: How long to wait, in seconds; for ever by default.
        """
        turn = _Turn()
        try:
            with self._mutex:
                if not self._taken:
                    self._holder = turn
                    self._taken = True
                    return True
                self._waiting.append(turn)
            # It may have come in the very moment in which the time was up.
            if not self._come(turn, timeout) and self._withdraw(turn):
                return False
            turn.taken_up.release()
        except BaseException:
            if not self._withdraw(turn) and self._holder is turn:
                self.leave()
            raise
        return True

    def leave(self) -> None:
        """End the turn."""
        holder = self._holder
        try:
            self._pass_on(holder)
        except BaseException:
            self._pass_on(holder)
            raise

    def _pass_on(self, holder: _Turn | None) -> None:
        """Let the next one begin, where nobody has done so since `holder` held the turn."""
        with self._mutex:
            if self._holder is not holder:
                return
            if not self._waiting:
                self._taken = False
                self._holder = None
                return
            self._holder = following = self._waiting.popleft()
        following.came.release()
        following.taken_up.acquire(timeout=_LONGEST_HANDOVER)

    def _come(self, turn: _Turn, timeout: float) -> bool:
        """Wait until the turn has come, or the time is up."""
        left = timeout if timeout >= 0 else float("inf")
        while not turn.came.acquire(timeout=min(left, _GLANCE)):
            if self._holder is turn:  # who passed it on was broken off before it could say so
                return True
            left -= _GLANCE
            if left <= 0:
                return False
            holder = self._holder
            if holder is not None and holder.thread() is None:
                self._pass_on(holder)
        return True

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def _withdraw(self, turn: _Turn) -> bool:
        """Wait no longer; false where the turn has come."""
        with self._mutex:
            if turn not in self._waiting:
                return False
            self._waiting.remove(turn)
            return True
