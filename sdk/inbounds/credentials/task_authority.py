"""The authority of a task: what was granted, renewed in time, and its end."""

from __future__ import annotations

import logging
import os
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, NoReturn, Protocol, Self

from inbounds.errors import DecisionUnavailable, InboundsError, TaskMissing
from inbounds.process import clock
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from inbounds.evidence import EvidenceLog
    from inbounds.evidence.records import Executed
    from inbounds.identity import Issuer, TaskGrant, TaskRequest
    from inbounds.model.claims import Authority
    from inbounds.sessions.store import SessionKey

logger = logging.getLogger(__name__)

_entered: ContextVar[tuple[TaskAuthority, ...]] = ContextVar("inbounds_tasks", default=())
"""The tasks that this context is within, the innermost last."""

RENEW_WITHIN = 60
"""A token that has fewer seconds left than this is renewed before it is used."""
RENEW_PAUSE = 10.0
"""How many seconds a failed renewal is not tried again while the current token is good."""
_OVER = {"task.over", "task.ended", "task.expired", "emergency.kill_switch"}
_OVER |= {"identity.agent_retired", "identity.agent_unregistered"}
"""The codes for which a task holds nothing any more, though nobody here has ended it."""


def entered_task() -> TaskAuthority:
    """Return the innermost task that this context has entered.

    Raises:
        TaskMissing: No task is active. Nothing has run.
    """
    within = _entered.get()
    if not within:
        raise TaskMissing("a guarded tool was called outside a task")
    return within[-1]


class Leases(Protocol):
    """Where the leases of a task are given back."""

    def release(self, hop: str, *, wait: bool = True) -> None:
        """Give back what was leased for a task, or for a hop by its `ends`. Raises nothing."""


class Questions(Protocol):
    """Where the questions of a task wait for a person."""

    def withdraw(self, task: str, agent: str | None, until: float) -> None:
        """Erase the questions of a task, or of one agent of it. Raises nothing."""


class TaskServices(Protocol):
    """The services that keep and end the authority of a task."""

    @property
    def issuer(self) -> Issuer:
        """Renews and ends the grant."""

    @property
    def evidence(self) -> EvidenceLog:
        """Takes the outcomes that could not be recorded before."""

    @property
    def leases(self) -> Leases:
        """Takes the leases back."""

    @property
    def approvals(self) -> Questions:
        """Erases the questions of a task that is over."""


class TaskAuthority:
    """The authority that one task was granted, until it ends.

    Args:
        services: The issuer, the evidence log and the leases of the guard.
        grant: What the issuer granted.
        session: The session of the task.
        renew: Renews the grant, instead of the issuer.
        conversation: The conversation the task was begun with.

    Attributes:
        id: The id of the task. A delegated task has the id that it was begun with.
        session: The owner and the `sid` of its session.
        conversation: The conversation it was begun with; None for none.
        ends: What ends with it: its id and, in a delegated task, the ids of all hops down to this
            one, joined by `/`. Whatever is held per hop is held under this name.
        agents: The agents that delegated it, first to last; empty for the first agent.
        cut: What was requested and not granted.
    """

    def __init__(
        self,
        services: TaskServices,
        grant: TaskGrant,
        session: SessionKey,
        renew: Callable[[TaskGrant], TaskGrant] | None = None,
        *,
        conversation: str | None = None,
    ) -> None:
        self._services = services
        self._grant = grant
        # Of the fields below. Event loops take it: it is never held over I/O.
        self._lock = ProcessLock()
        # Of the thread that asks the issuer for a renewal, which may take long.
        self._renewing = ProcessLock()
        self._blocks = 0
        self._calls = count(1)
        self._renew_after = float("-inf")
        # Each with the process that it happened in: a fork copies them.
        self._unrecorded: list[tuple[int, Executed]] = []
        self._reconciling = ProcessLock()
        # Refused here from now on; and known to the issuer, which may fail and take long.
        self._ended = self._told = False
        self._telling = ProcessLock()
        self.id = grant.task
        self.session = session
        self.conversation = conversation
        self.cut = grant.cut
        self.agents = grant.agents
        self._renew = renew
        self.ends = grant.ends

    @property
    def grant(self) -> TaskGrant:
        """What was approved, with a token that is still good.

        The token is renewed in its last minute. If the issuer gives no answer then, the token stays
        in use until it expires.

        Raises:
            TokenInvalid: The issuer does not renew it.
            DecisionUnavailable: It has expired, and the issuer gave no answer; or `task.over`.
        """
        grant = self._grant
        if grant.expires - clock.now() >= RENEW_WITHIN:
            return grant
        with self._renewing:
            grant = self._grant  # another thread may have been quicker
            if grant.expires - clock.now() < RENEW_WITHIN:
                deadline = grant.authority.deadline
                if grant.expires < deadline or clock.now() >= deadline:
                    self._grant = self._renew_or_keep(grant)
            return self._grant

    def _renew_or_keep(self, grant: TaskGrant) -> TaskGrant:
        until = min(grant.expires, grant.authority.deadline)
        if clock.monotonic() < self._renew_after and clock.now() < until:
            return grant
        try:
            return (self._renew or self._services.issuer.renew)(grant)
        except InboundsError as error:
            self.settle([error.code])
            # Time has passed meanwhile. An end is an answer, as any refusal (`TokenInvalid`) is.
            unavailable = isinstance(error, DecisionUnavailable) and error.code != "task.over"
            if not unavailable or clock.now() >= until:
                raise
            self._renew_after = clock.monotonic() + RENEW_PAUSE
            logger.warning("the current token of the task stays in use: %s", error)
            return grant

    @property
    def request(self) -> TaskRequest:
        """What was asked for when the task was begun."""
        return self._grant.request

    @property
    def authority(self) -> Authority:
        """What was approved."""
        return self._grant.authority

    def next_call(self) -> int:
        """Count one more call of the task, for the origins of what it returns."""
        return next(self._calls)

    def require_usable(self) -> None:
        """Refuse calls of a task that is over, or whose outcomes are not all recorded.

        Raises:
            DecisionUnavailable: `task.over` or `task.unreconciled`.
        """
        if self._ended:
            raise _over()
        if self._unrecorded:
            raise DecisionUnavailable(
                "an outcome of this task is not in the evidence log",
                code="task.unreconciled",
                hint="fix the evidence log, then `task.reconcile()`",
            )

    def require_under_way(self) -> None:
        """Refuse to go on with what was begun, once the task is over.

        Raises:
            DecisionUnavailable: `task.over`: it was ended in this process, or its time is up.
        """
        if self._ended or clock.now() >= self._grant.authority.deadline:
            raise _over()

    def hold_unrecorded(self, record: Executed) -> None:
        """Keep an outcome that the evidence log did not take."""
        with self._lock:
            self._unrecorded.append((os.getpid(), record))

    def reconcile(self) -> int:
        """Write the outcomes that the evidence log did not take; then calls go on.

        Returns:
            How many were written by this call; another thread may have written the others.

        Raises:
            DecisionUnavailable: The evidence log still does not take them.
        """
        if self._reconciling.mine:
            # A signal's handler: what it has interrupted goes on with them.
            return 0
        written = 0
        with self._reconciling:
            while self._unrecorded:
                process, record = self._unrecorded[0]
                if process == os.getpid():
                    # Held until it is written, so that no call comes between.
                    self._services.evidence.executed(record)
                    written += 1
                with self._lock:
                    del self._unrecorded[0]
        return written

    def end(self) -> None:
        """End the task: its tokens are worthless from here on, and its leases are given back.

        This process refuses its calls at once, even where the issuer could not be informed. Then it
        is told when the task is ended again; once it knows, that does nothing. Leases are revoked
        after that, whatever came of it; what cannot be revoked now is tried again until it is.

        Raises:
            InboundsError: The issuer could not be informed, so that elsewhere a token may still be
                good until it expires. What an issuer of yours raises passes through.
        """
        self._ended = True
        if self._telling.mine:
            # A signal's handler: what it has interrupted is telling the issuer.
            return
        try:
            with self._telling:
                if not self._told:
                    self._services.issuer.end(self._grant)
                    self._told = True
        finally:
            self._services.leases.release(self.ends)
            self._withdraw_questions()

    def settle(self, codes: Iterable[str]) -> None:
        """Give back what the task holds where a code of a refusal says that it is over."""
        if not _OVER.isdisjoint(codes):
            self._services.leases.release(self.ends, wait=False)
            self._withdraw_questions()

    def _withdraw_questions(self) -> None:
        """Erase its questions that wait; of a hop, its agent's: the others are not over."""
        agent = self.request.agent if self.agents else None
        self._services.approvals.withdraw(self.id, agent, self.authority.deadline)

    def __enter__(self) -> Self:
        with self._lock:
            self._blocks += 1
        _entered.set((*_entered.get(), self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._left():
            self.end()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._left():
            from inbounds.process.threads import run_in_thread

            # Before anything that can be cancelled.
            self._ended = True
            await run_in_thread(self.end)

    def _left(self) -> bool:
        """Leave one block; tell whether it was the last, in whatever thread the others were."""
        within = list(_entered.get())
        if self in within:
            # Not always the innermost: a generator's block ends when the generator does.
            del within[len(within) - 1 - within[::-1].index(self)]
            _entered.set(tuple(within))
        with self._lock:
            self._blocks -= 1
            return self._blocks == 0

    def __reduce__(self) -> NoReturn:
        raise TypeError("a task is one process's: begin another, of its `session.sid`")

    def __repr__(self) -> str:
        return f"Task({self.id!r}, intent={self._grant.request.intent!r})"


def _over() -> DecisionUnavailable:
    return DecisionUnavailable("the task is over", code="task.over", hint="begin another task")
