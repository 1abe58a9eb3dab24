"""Outcomes that wait until the evidence log can take them."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.evidence.records import Executed


class OutcomeQueue:
    """A queue that a finaliser may write to.

    A finaliser runs amid anything, also while its own thread writes to the evidence log; were it
    to write there itself, it would wait for itself. So whoever comes next writes for it.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[int, Executed]] = deque()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, outcome: Executed) -> None:
        """Keep an outcome. Waits for nothing."""
        self._kept.append((os.getpid(), outcome))

    def write(self, record: Callable[[Executed], object]) -> None:
        """Write what is kept.

        Args:
            record: Writes to the evidence log.

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
                record(outcome)
            except BaseException:
                self._kept.appendleft((process, outcome))
                raise
