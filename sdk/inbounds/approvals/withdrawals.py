"""Erasing the questions of tasks that are over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from inbounds.errors import InboundsError
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from .queue import ApprovalQueue

logger = logging.getLogger(__name__)


class Withdrawals:
    """The tasks that are over, until their questions are erased from a queue.

    Args:
        queue: Where the questions wait.
    """

    def __init__(self, queue: ApprovalQueue) -> None:
        self._queue = queue
        self._lock = ProcessLock()
        # Whose questions are to be erased, and when each ends by itself: a file can fail.
        self._over: dict[tuple[str, str | None], float] = {}

    def withdraw(self, task: str, agent: str | None, until: float) -> None:
        """Erase the questions of a task that is over. Raises nothing.

        Those that cannot be erased now are when the next task ends, or they end by themselves.

        Args:
            task: The id of the task.
            agent: The agent whose questions they are; None for those of the whole task.
            until: When they end by themselves, in Unix seconds.
        """
        with self._lock:
            self._over[task, agent] = until
            over = [*self._over]
        try:
            for whose in over:
                self._queue.withdraw(*whose)
                with self._lock:
                    self._over.pop(whose, None)
        except InboundsError as error:
            # Without the traceback, in which values of an application's frames might stand.
            logger.error("the questions of the task %s stay in the queue: %s", task, error)  # noqa: TRY400 -- see above
            now = clock.now()
            with self._lock:
                self._over = {whose: end for whose, end in self._over.items() if end > now}
