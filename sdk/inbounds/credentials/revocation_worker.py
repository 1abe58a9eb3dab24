"""The thread that revokes what is over, and what could not be revoked before."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING, Final

from inbounds.errors import InboundsError
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from .store import LeaseStore

logger = logging.getLogger(__name__)

SHORTEST: Final = 0.5
LONGEST: Final = 60.0
"""How many seconds pass before a revocation that failed is tried again: twice as many each time."""


class RevocationWorker:
    """Runs while there is anything to revoke, now or later, and no longer than who holds it.

    Args:
        held: The leases it sees to.
    """

    def __init__(self, held: LeaseStore) -> None:
        self._held = weakref.ref(held)
        self._lock = ProcessLock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        # Handles of leases, and names of tasks and hops, whose rows are to be revoked. They stay
        # until the outbox was read and has none of them left: a file can fail, memory does not.
        self._ending: set[str] = set()
        self._stopped = False
        self._pause = SHORTEST

    def watch(self) -> None:
        """See to the rows of the outbox from here on."""
        with self._lock:
            if self._stopped or (self._thread is not None and self._thread.is_alive()):
                self._wake.set()
                return
            thread = threading.Thread(target=self._run, name="inbounds-leases", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more of them, or the interpreter ends
                logger.error("no thread could be begun to revoke leases")  # noqa: TRY400
                return
            self._thread = thread

    def revoke(self, name: str) -> None:
        """Revoke a lease by its handle, or those of a hop by its `ends`, until none is left."""
        with self._lock:
            self._ending.add(name)
        self.watch()

    def stop(self) -> None:
        """Stop, without waiting for what is under way."""
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            seconds = self._round()
            if seconds is None:
                with self._lock:
                    if not self._wake.is_set():
                        self._thread = None
                        return
                continue
            self._wake.wait(seconds)

    def _round(self) -> float | None:
        """Revoke what is due; return after how many seconds to look again, None for never."""
        held = self._held()
        if held is None:
            return None
        with self._lock:
            ending, self._ending = self._ending, set()
        left = ending
        try:
            outbox = held.outbox()
            rows, mine = outbox.rows(), outbox.own()
            due = {row.handle: row for row in outbox.left_over() if held.sees_to(row)}
            # One of another guard may be among what was to end with a task of this one.
            due |= {row.handle: row for row in rows if ending.intersection(row.names)}
            failed = [row for row in due.values() if self._stopped or not held.revoke(row)]
            left = ending.intersection(name for row in failed for name in row.names)
        except InboundsError as error:
            if self._stopped:
                return None
            logger.error("what must be revoked cannot be read: %s", error)  # noqa: TRY400
            return self._later()
        finally:
            # What was added meanwhile is of rows that may not have been among those that were read.
            with self._lock:
                self._ending |= left
        if failed:
            return self._later()
        self._pause = SHORTEST
        ahead = [row.until for row in mine if row.handle not in due]
        return min(LONGEST, max(SHORTEST, min(ahead) - clock.now())) if ahead else None

    def _later(self) -> float:
        seconds, self._pause = self._pause, min(LONGEST, self._pause * 2)
        return seconds
