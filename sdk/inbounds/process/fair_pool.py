"""Threads that several share fairly: one with many jobs does not hold up the others."""

from __future__ import annotations

from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from .locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

R = TypeVar("R")


class _Job(NamedTuple):
    work: Future[Any]
    function: Callable[..., Any]
    args: tuple[Any, ...]


class FairPool:
    """Threads on which the jobs of each owner take turns, a few at a time.

    Args:
        threads: How many there are at most. Each is made when it is first needed.
        of_one: How many of them one owner has at most at a time.
        names: What the names of the threads begin with.
    """

    def __init__(self, threads: int, of_one: int, names: str) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=names)
        self._most = threads
        self._of_one = of_one
        self._lock = ProcessLock()
        self._busy = 0
        self._running: Counter[Hashable] = Counter()
        # Jobs by owner: of those whose turn may come, and of those who have all they may have.
        self._ready: dict[Hashable, deque[_Job]] = {}
        self._full: dict[Hashable, deque[_Job]] = {}

    def submit(self, owner: Hashable, function: Callable[..., R], /, *args: Any) -> Future[R]:
        """Run a function on a thread once it is its owner's turn.

        Args:
            owner: Whose job it is; `None` is an owner for each job.
            function: What to run.
            args: What it takes.

        Returns:
            What it will bring.

        Raises:
            RuntimeError: The interpreter is shutting down; the function will not run.
        """
        work: Future[R] = Future()
        owner = object() if owner is None else owner
        with self._lock:
            full = self._running[owner] >= self._of_one
            if not full and self._busy < self._most:
                self._executor.submit(self._run)  # it takes a job once the lock is free
                self._busy += 1
            jobs = (self._full if full else self._ready).setdefault(owner, deque())
            jobs.append(_Job(work, function, args))
        return work

    def _run(self) -> None:
        """Run jobs until none may run, on this thread: no other can be had at the very end."""
        __tracebackhide__ = True
        owner: Hashable = None
        while (taken := self._next(owner)) is not None:
            owner, (work, function, args) = taken
            if work.set_running_or_notify_cancel():
                try:
                    result = function(*args)
                except BaseException as error:  # noqa: BLE001 -- for who waits, whatever it is
                    work.set_exception(error)
                else:
                    work.set_result(result)
                    del result
            del taken, work, function, args

    def _next(self, ended: Hashable) -> tuple[Hashable, _Job] | None:
        """Take the next job.

        Args:
            ended: Whose job this thread has just ended; `None` for no job.
        """
        with self._lock:
            if ended is not None:
                self._running[ended] -= 1
                if not self._running[ended]:
                    del self._running[ended]
                if ended in self._full:
                    self._ready[ended] = self._full.pop(ended)
            if not self._ready:
                self._busy -= 1
                return None
            owner = next(iter(self._ready))
            jobs = self._ready.pop(owner)
            job = jobs.popleft()
            self._running[owner] += 1
            if jobs:
                full = self._running[owner] >= self._of_one
                (self._full if full else self._ready)[owner] = jobs
            return owner, job
