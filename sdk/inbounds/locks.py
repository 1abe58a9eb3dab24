"""A lock that a forked child finds open, whichever thread of its parent held it."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager


class ProcessLock:
    """A `threading.Lock` for a `with` block, of one process.

    A fork copies a lock as it is, and only the thread that forked: what another thread of the
    parent held then would never be given back in the child.
    """

    __slots__ = ("__weakref__", "_held", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _made.add(self)

    def __enter__(self) -> None:
        lock = self._lock
        lock.acquire()
        self._held = lock

    def __exit__(self, *_: object) -> None:
        # The one that was taken: within the block there may have been a fork.
        self._held.release()

    @contextmanager
    def within(self, seconds: float) -> Iterator[bool]:
        """Wait so long at most, and say whether it was taken for the block."""
        lock = self._lock
        taken = lock.acquire(timeout=max(0.0, seconds))
        try:
            yield taken
        finally:
            if taken:
                lock.release()


_made: weakref.WeakSet[ProcessLock] = weakref.WeakSet()


def _after_fork() -> None:
    for lock in list(_made):
        lock._lock = threading.Lock()  # noqa: SLF001 -- one noun in one file


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
