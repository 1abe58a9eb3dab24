"""A lock that a forked child finds open, whichever thread of its parent held it."""

from __future__ import annotations

import _thread
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


class ProcessLock(_thread.RLock):  # type: ignore[misc]  # final to type checkers only
    """A `threading.RLock` for a `with` block, of one process.

    A fork copies a lock as it is, and only the thread that forked: what another thread of the
    parent held then would never be given back in the child.

    A signal's handler runs in the midst of what its thread was doing, also within a block. It
    may enter the block once more, since the thread cannot leave it before the handler is done.
    """

    __slots__ = ()

    def __init__(self) -> None:
        _made.add(self)

    @property
    def mine(self) -> bool:
        """Whether this thread is within the block already, as a signal's handler may be."""
        return bool(self._is_owned())  # type: ignore[attr-defined]  # as `Condition` asks

    @contextmanager
    def within(self, seconds: float) -> Iterator[bool]:
        """Wait so long at most, and say whether it was taken for the block."""
        taken = self.acquire(timeout=max(0.0, seconds))
        try:
            yield taken
        finally:
            if taken:
                self.release()


_made: weakref.WeakSet[ProcessLock] = weakref.WeakSet()


def _after_fork() -> None:
    for lock in list(_made):
        # The thread that forked, and is the child's only one, gives back what it holds itself.
        if not lock.mine:
            lock._at_fork_reinit()  # type: ignore[attr-defined]  # noqa: SLF001 -- as `threading`


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
