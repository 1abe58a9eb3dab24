"""Outcomes of permits that were dropped, until the evidence log has taken them."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.evidence.records import Executed


class AbandonedPermits:
    """A queue that a finaliser may write to.

    A finaliser runs amid anything, also while its own thread writes to the evidence log; were it
    to write there itself, it would wait for itself. So the next call writes for it.

    Args:
        record: Writes to the evidence log.
    """

    def __init__(self, record: Callable[[Executed], None]) -> None:
        self._record = record
        self._kept: deque[tuple[int, Executed]] = deque()

    def keep(self, outcome: Executed) -> None:
        """Keep an outcome. Waits for nothing."""
        self._kept.append((os.getpid(), outcome))

    def write(self) -> None:
        """Write what is kept.

        Raises:
            DecisionUnavailable: The evidence log does not take it; it is kept.
        """
        while self._kept:
            try:
                process, outcome = self._kept.popleft()
            except IndexError:
                return  # another thread was faster
            if process != os.getpid():
                continue  # a fork copied it; its own process writes it
            try:
                self._record(outcome)
            except BaseException:
                self._kept.appendleft((process, outcome))
                raise
