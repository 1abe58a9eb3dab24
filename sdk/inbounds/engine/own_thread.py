"""A thread of the engine's own, which does for the main thread what must not be broken off.

Python runs the handlers of signals in the main thread, between any two of its steps. What they
raise, as Ctrl-C does, would come amid an evaluation: in a function that ctypes calls it is lost,
and a turn that was taken is never given back. So the main thread has another one evaluate, and
waits: it can be interrupted at any time, and the other one goes on to the end.
"""

from __future__ import annotations

import sys
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from inbounds.errors import Timeout, Unreachable
from inbounds.process import clock as clocks

GRACE: Final = 0.02
"""How much longer than the deadline it is waited for, in seconds: the module ends by then."""
_GLANCE: Final = 0.1
"""How often it is looked whether the thread is still there, in seconds."""
_LONGEST_END: Final = 5.0
"""How long the end of the interpreter waits for work that nobody waits for, in seconds."""
_NOTHING: Final = object()

T = TypeVar("T")


class _Errand:
    """What is to be done, and how it went."""

    __slots__ = ("_error", "_result", "_work", "done")

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work: Callable[[], Any] | None = work
        self._result: Any = _NOTHING
        self._error: BaseException | None = None
        self.done = allocate_lock()
        self.done.acquire()

    def do(self) -> None:
        """Do it, in whichever thread this is."""
        work, self._work = self._work, None
        try:
            if work is not None:
                self._result = work()
        except BaseException as error:  # noqa: BLE001 -- it is raised where it is waited for
            self._error = error
        finally:
            del work
            self.done.release()

    def outcome(self) -> Any:
        """What it returned; raises what it raised."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
            if self._result is _NOTHING:
                raise Unreachable("the embedded policy was broken off")
            return self._result
        finally:
            del error  # the exception refers to this frame


class EngineThread:
    """Does what the main thread asks for, one after the other; other threads do it themselves.

    The thread begins with the first errand. It belongs to one process: a child makes another.
    """

    def __init__(self) -> None:
        self._asked: SimpleQueue[_Errand | None] = SimpleQueue()
        self._working = allocate_lock()
        self._threads: list[threading.Thread] = []
        self._ended: list[int] | None = None
        self._over = False

    def do(self, work: Callable[[], T], *, deadline: float) -> T:
        """Do it where it cannot be broken off, and wait for it.

        Where the interpreter ends there are no other threads: then it is done here.

        Args:
            work: Ends by the deadline. It goes on where the wait for it was interrupted, and
                what it returns or raises is dropped.
            deadline: When to give up, on the clock of `time.monotonic`, in seconds.

        Raises:
            Timeout: The deadline passed.
            Unreachable: The thread ended before this was done.
            BaseException: What `work` raised, or what interrupted the wait.
        """
        if get_ident() != threading.main_thread().ident or not self._begun():
            return work()
        errand = _Errand(work)
        self._asked.put(errand)
        while not errand.done.acquire(timeout=self._patience(deadline)):
            if clocks.monotonic() > deadline + GRACE:
                raise Timeout("the embedded policy was busy until the deadline")
            if self._ended:
                raise Unreachable("the embedded policy was closed meanwhile")
        found: T = errand.outcome()
        return found

    def stop(self) -> None:
        """End the thread, once what it does is done."""
        self._over = True
        self._asked.put(None)
        if self._is_here():
            return
        # Nothing but the end of the interpreter comes here while it works.
        if self._working.acquire(timeout=_LONGEST_END):
            self._working.release()

    def join(self) -> None:
        """Wait until the thread has ended, after `stop`."""
        if self._is_here():
            return
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(timeout=_LONGEST_END)

    def _is_here(self) -> bool:
        return get_ident() in {thread.ident for thread in self._threads}

    def _begun(self) -> bool:
        if self._over or sys.is_finalizing():
            return False
        # Not `Thread.is_alive`: interrupted, it can take a thread for ended (CPython 3.11).
        if self._ended is None or self._ended:
            ended: list[int] = []
            thread = threading.Thread(
                target=_serve,
                args=(self._asked, self._working, ended),
                name="inbounds-engine",
                daemon=True,
            )
            # Where this is interrupted there may be two: they share the errands, and the end.
            self._threads.append(thread)
            try:
                thread.start()
            except RuntimeError:  # none can be started, as at the end of the interpreter
                return False
            self._ended = ended
        return True

    @staticmethod
    def _patience(deadline: float) -> float:
        return max(0.0, min(deadline + GRACE - clocks.monotonic(), _GLANCE))


def _serve(asked: SimpleQueue[_Errand | None], working: Any, ended: list[int]) -> None:
    # It must not refer to the policy while it waits, or that would never be freed.
    try:
        while True:
            errand = asked.get()
            if errand is None:
                asked.put(None)
                return
            with working:
                errand.do()
            del errand
    finally:
        ended.append(get_ident())
