"""Asking a person, and asking the policy again with the answer.

A call that needs a person ends in `ApprovalRequired`; nothing is held while somebody thinks.
With a channel, what it brings is put before the policy, once: it says whether it will do.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from inbounds.errors import (
    AccessDenied,
    ApprovalRequired,
    ConfigurationError,
    DecisionUnavailable,
)
from inbounds.model.access_request import AccessRequest
from inbounds.model.question import Reason
from inbounds.process import clock

from .cache import ApprovalCache

if TYPE_CHECKING:
    from .queue import ApprovalQueue

ApprovalCallback = Callable[[AccessRequest], "str | Awaitable[str | None] | None"]
"""Asks a person, and returns the approval as an approver signed it; None where there is none."""

T = TypeVar("T")

_PAUSE = 0.2
"""How many seconds lie between two looks at the queue."""


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
        self.kept = ApprovalCache()

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
        self._obtain(required, self._seconds(wait))
        return begin()(*about)

    async def awith_approval(self, ask: Callable[[], Awaitable[T]], wait: float | None) -> T:
        """Async twin of `with_approval`; the event loop waits for neither the disk nor a person."""
        __tracebackhide__ = True
        try:
            return await ask()
        except ApprovalRequired as error:
            required = error
        await self._aobtain(required, self._seconds(wait))
        return await ask()

    def close(self) -> None:
        """Close the queue, if there is one. What is pending in it stays."""
        close = getattr(self._channel, "close", None)
        if close is not None and not callable(self._channel):
            close()

    # --- a function -----------------------------------------------------------------------

    def _obtain(self, required: ApprovalRequired, wait: float) -> None:
        if self._channel is None or required.request is None:
            raise required
        if not callable(self._channel):
            waiting = _Waiting(self._channel, required, wait, self.kept)
            while not waiting.answered():
                time.sleep(waiting.pause())
            return
        begun = clock.monotonic()
        try:
            said = self._channel(required.request)
        except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
            raise _failed(error) from None
        if inspect.isawaitable(said):
            if inspect.iscoroutine(said):
                said.close()
            raise ConfigurationError(
                "the function that asks for approvals is async, and this call is not",
                code="configuration.approvals_async",
                hint="`await task.acall(…)`, or a function that is not async",
            )
        self._take(required, said, late=0 < wait < clock.monotonic() - begun)

    async def _aobtain(self, required: ApprovalRequired, wait: float) -> None:
        import asyncio

        from inbounds.process.threads import run_in_thread

        if self._channel is None or required.request is None:
            raise required
        if not callable(self._channel):
            waiting = _Waiting(self._channel, required, wait, self.kept)
            while not await run_in_thread(waiting.answered):  # noqa: ASYNC110 -- another process answers
                await asyncio.sleep(waiting.pause())
            return
        try:
            async with asyncio.timeout(wait or None):
                said = await self._said(required.request)
        except TimeoutError:
            raise _denied(required, code="approval.timed_out") from None
        self._take(required, said, late=False)

    async def _said(self, request: AccessRequest) -> object:
        import asyncio

        channel = cast("ApprovalCallback", self._channel)
        try:
            if inspect.iscoroutinefunction(channel):
                return await channel(request)
            said = await asyncio.to_thread(channel, request)
            return await said if inspect.isawaitable(said) else said
        except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
            raise _failed(error) from None

    def _take(self, required: ApprovalRequired, said: object, *, late: bool) -> None:
        if late:
            raise _denied(required, code="approval.timed_out")
        if said is None:
            raise required
        if not isinstance(said, str):
            raise DecisionUnavailable(
                "the function that asks for approvals returned neither an approval nor None",
                code="approvals.unreachable",
                hint="an approval is the text that an approver has signed",
                decision_id=required.decision_id,
            )
        self.kept.keep(_request(required), said)

    def _seconds(self, wait: float | None) -> float:
        seconds = self._wait if wait is None else wait
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds >= 0:
            raise ConfigurationError(
                "`wait` must be a number of seconds",
                code="configuration.wait",
                hint="such as wait=60; 0 does not wait",
            )
        return float(seconds)


class _Waiting:
    """One question in the queue, and who waits for its answer."""

    def __init__(
        self, queue: ApprovalQueue, required: ApprovalRequired, wait: float, kept: ApprovalCache
    ) -> None:
        self._queue = queue
        self._required = required
        self._wait = wait
        self._kept = kept
        self._until = clock.monotonic() + wait
        self._id = ""

    def answered(self) -> bool:
        """Whether there is an answer that the policy can be asked with.

        Raises:
            ApprovalRequired: No approval exists, and the call does not wait.
            AccessDenied: The answer is no, or did not come in time.
        """
        request = _request(self._required)
        if not self._id:
            until = min(request.until, int(clock.now() + self._wait) + 1)
            asked = request.model_copy(update={"until": until}) if self._wait else request
            self._id = self._queue.submit(asked)
            self._required.request = asked.model_copy(update={"id": self._id})
        answer = self._queue.take(self._id)
        if answer.state == "denied":
            raise _denied(self._required, code="approval.denied")
        if answer.state in ("approved", "taken"):
            if answer.token:
                self._kept.keep(request, answer.token)
            return True
        if not self._wait:
            raise self._required
        if answer.state == "timed_out" or clock.monotonic() >= self._until:
            self._queue.give_up(self._id)
            raise _denied(self._required, code="approval.timed_out")
        return False

    def pause(self) -> float:
        """How long to wait before the next look, in seconds."""
        return max(0.0, min(_PAUSE, self._until - clock.monotonic()))


def _request(required: ApprovalRequired) -> AccessRequest:
    request = required.request
    assert request is not None  # noqa: S101 -- nobody is asked without one
    return request


_WORDS: dict[str, tuple[str, str]] = {
    "approval.denied": (
        "A person was asked, and said no",
        "Do without this call; the same one is not asked for again in this task",
    ),
    "approval.timed_out": (
        "A person was asked, and nobody answered in time",
        "Ask again when somebody is there, or wait longer",
    ),
}


def _denied(required: ApprovalRequired, *, code: str) -> AccessDenied:
    message, remedy = _WORDS[code]
    said = Reason(code=code, message=message, remedy=remedy, severity="high")
    decision = required.decision.model_copy(
        update={"outcome": "deny", "reasons": (said, *required.decision.reasons)}
    )
    return AccessDenied(
        decision,
        tool=required.tool,
        subject=required.subject,
        agent=required.agent,
        intent=required.intent,
    )


def _failed(error: Exception) -> Any:
    return DecisionUnavailable(
        f"the function that asks for approvals failed with {type(error).__name__}",
        code="approvals.unreachable",
        hint="nobody was asked; see why it raises",
    )
