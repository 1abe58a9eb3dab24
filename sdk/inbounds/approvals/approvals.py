"""Asking the policy, and once more where a person has to be asked first.

A call that needs a person ends in `ApprovalRequired`; nothing is held while somebody thinks.
`callback`, which asks, and `cache`, which keeps the answers, are loaded when somebody is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from inbounds.errors import ApprovalRequired, ConfigurationError
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .cache import ApprovalCache
    from .callback import ApprovalCallback
    from .queue import ApprovalQueue
    from .withdrawals import Withdrawals

T = TypeVar("T")


class Approvals:
    """How one guard asks, and what it was told.

    Args:
        channel: A function that asks a person, a queue, or None where nobody is asked.
        wait: How many seconds a call waits for an answer, where it does not say itself.
    """

    def __init__(
        self, channel: ApprovalCallback | ApprovalQueue | None = None, wait: float = 0.0
    ) -> None:
        self._channel = channel
        self._wait = wait
        self._lock = ProcessLock()
        self._kept: ApprovalCache | None = None
        self._withdrawals: Withdrawals | None = None

    @property
    def kept(self) -> ApprovalCache:
        """The approvals that this guard was told."""
        from .cache import ApprovalCache

        with self._lock:
            if self._kept is None:
                self._kept = ApprovalCache()
            return self._kept

    def holds(self, task: str) -> bool:
        """Whether any approval is kept for a task. See `ApprovalCache.holds`."""
        return self._kept is not None and self._kept.holds(task)

    def with_approval(
        self, begin: Callable[[], Callable[..., T]], wait: float | None, *about: Any
    ) -> T:
        """Ask the policy; where a person must be asked first, do, and ask the policy once more.

        Args:
            begin: Begins a call, and returns what asks the policy about it.
            wait: How many seconds to wait for an answer; None for as long as the guard's calls.
            about: What that takes.

        Raises:
            ApprovalRequired: Nobody has answered yet, or the answer was not enough.
            AccessDenied: As `Task.permit`; and `approval.denied` or `approval.timed_out`.
            DecisionUnavailable: As `Task.permit`; and `approvals.unreachable`.
        """
        __tracebackhide__ = True
        try:
            return begin()(*about)
        except ApprovalRequired as error:
            required = error
        from .callback import obtain

        obtain(self._channel, self.kept, required, self._seconds(wait))
        return begin()(*about)

    async def awith_approval(self, ask: Callable[[], Awaitable[T]], wait: float | None) -> T:
        """Async twin of `with_approval`; the event loop waits for neither the disk nor a person."""
        __tracebackhide__ = True
        try:
            return await ask()
        except ApprovalRequired as error:
            required = error
        from .callback import aobtain

        await aobtain(self._channel, self.kept, required, self._seconds(wait))
        return await ask()

    def withdraw(self, task: str, agent: str | None, until: float) -> None:
        """Erase the questions of a task that is over, as `Withdrawals.withdraw`. Raises nothing."""
        queue = self._channel
        if queue is None or callable(queue):
            return
        from .withdrawals import Withdrawals

        with self._lock:
            self._withdrawals = self._withdrawals or Withdrawals(queue)
        self._withdrawals.withdraw(task, agent, until)

    def close(self) -> None:
        """Close the queue, if there is one. What is pending in it stays."""
        close = getattr(self._channel, "close", None)
        if close is not None and not callable(self._channel):
            close()

    def _seconds(self, wait: float | None) -> float:
        seconds = self._wait if wait is None else wait
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
            raise ConfigurationError(
                "`wait` must be a number of seconds",
                code="configuration.wait",
                hint="such as wait=60; 0 does not wait",
            )
        return float(seconds)
