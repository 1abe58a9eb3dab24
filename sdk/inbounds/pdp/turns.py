"""Taking turns at an engine, so that one thread evaluates while another prepares."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final, Self

_LONGEST_HANDOVER: Final = 0.001
"""How long one who leaves waits for the next to begin, in seconds; the machine may be busy."""


class _Turn:
    """Two locks that are open once the turn has come, and once it was taken up."""

    __slots__ = ("came", "taken_up")

    def __init__(self) -> None:
        self.came, self.taken_up = threading.Lock(), threading.Lock()
        self.came.acquire()
        self.taken_up.acquire()


class Turns:
    """A lock, first come, first served, whose holder waits on leaving until the next has begun.

    An evaluation runs without Python's lock, but needs it for a moment to begin. Whoever leaves
    a plain lock goes on holding Python's until it comes back for its next turn, so that nothing
    happens at the same time. It is not re-entrant.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[_Turn] = deque()

    def take(self, *, timeout: float = -1) -> bool:
        """Wait for a turn; say whether it came.

        Args:
            timeout: How long to wait, in seconds; for ever by default.
        """
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            turn = _Turn()
            self._waiting.append(turn)
        try:
            came = turn.came.acquire(timeout=timeout)
        except BaseException:  # a signal's, in the main thread
            if not self._withdraw(turn):
                self.leave()
            raise
        # It may have come in the very moment in which the time was up.
        if not came and self._withdraw(turn):
            return False
        turn.taken_up.release()
        return True

    def leave(self) -> None:
        """End the turn."""
        with self._mutex:
            if not self._waiting:
                self._taken = False
                return
            following = self._waiting.popleft()
        following.came.release()
        following.taken_up.acquire(timeout=_LONGEST_HANDOVER)

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
