"""Asking a person. What the channel brings is put before the policy, which says if it will do."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from inbounds.errors import (
    AccessDenied,
    ApprovalRequired,
    ConfigurationError,
    DecisionUnavailable,
)
from inbounds.model.access_request import AccessRequest
from inbounds.model.question import Reason
from inbounds.process import clock

if TYPE_CHECKING:
    from .cache import ApprovalCache
    from .queue import ApprovalQueue

    Channel = Callable[[AccessRequest], Any] | ApprovalQueue | None

ApprovalCallback = Callable[[AccessRequest], "str | Awaitable[str | None] | None"]
"""Asks a person, and returns the approval as an approver signed it; None where there is none."""

_PAUSE = 0.2
"""How many seconds lie between two looks at the queue."""


def obtain(channel: Channel, kept: ApprovalCache, required: ApprovalRequired, wait: float) -> None:
    """Ask a person, and keep the answer.

    Args:
        channel: A function that asks a person, a queue, or None where nobody is asked.
        kept: Where an approval is kept.
        required: What has to be asked.
        wait: How many seconds to wait for an answer.

    Raises:
        ApprovalRequired: Nobody has answered yet.
        AccessDenied: `approval.denied` or `approval.timed_out`.
        DecisionUnavailable: `approvals.unreachable`.
    """
    if channel is None or required.request is None:
        raise required
    if not callable(channel):
        waiting = _Waiting(channel, required, wait, kept)
        while not waiting.answered():
            time.sleep(waiting.pause())
        return
    begun = clock.monotonic()
    try:
        said = channel(required.request)
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
    _take(kept, required, said, late=0 < wait < clock.monotonic() - begun)


async def aobtain(
    channel: Channel, kept: ApprovalCache, required: ApprovalRequired, wait: float
) -> None:
    """Async twin of `obtain`; the event loop waits for neither the disk nor a person."""
    import asyncio

    from inbounds.process.threads import run_in_thread

    if channel is None or required.request is None:
        raise required
    if not callable(channel):
        waiting = _Waiting(channel, required, wait, kept)
        while not await run_in_thread(waiting.answered):  # noqa: ASYNC110 -- another process answers
            await asyncio.sleep(waiting.pause())
        return
    try:
        async with asyncio.timeout(wait or None):
            said = await _said(channel, required.request)
    except TimeoutError:
        raise _denied(required, code="approval.timed_out") from None
    _take(kept, required, said, late=False)


async def _said(channel: Callable[[AccessRequest], Any], request: AccessRequest) -> object:
    import asyncio

    try:
        if inspect.iscoroutinefunction(channel):
            return await channel(request)
        said = await asyncio.to_thread(channel, request)
        return await said if inspect.isawaitable(said) else said
    except Exception as error:  # noqa: BLE001 -- a function of the user's may raise anything
        raise _failed(error) from None


def _take(kept: ApprovalCache, required: ApprovalRequired, said: object, *, late: bool) -> None:
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
    kept.keep(_request(required), said)


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
