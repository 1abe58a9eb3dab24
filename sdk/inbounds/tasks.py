"""A task: the unit of authority, with a beginning and an end."""

from __future__ import annotations

from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, Unpack, overload

from . import clock
from .errors import DecisionUnavailable, TaskMissing
from .locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from types import TracebackType

    from .claims import Authority
    from .delegation import Asking, Delegation
    from .evidence.records import Executed
    from .evidence.report import TaskReport
    from .identity import TaskGrant, TaskRequest
    from .leases import Lease
    from .models import Decision
    from .pep import Guard, Permit
    from .sessions import SessionKey
    from .tools import GuardedTool, ResourceOf, ToolOrName, Wish

T = TypeVar("T")
Wait = float | None
"""How many seconds to wait where a person is asked; None for as long as the guard's option says."""

_entered: ContextVar[tuple[Task, ...]] = ContextVar("inbounds_tasks", default=())
"""The tasks that this context is within, the innermost last."""

RENEW_WITHIN = 60
"""A token that has fewer seconds left than this is renewed before it is used."""


def current() -> Task:
    """Return the task of this context.

    Raises:
        TaskMissing: There is none. Nothing has run.
    """
    within = _entered.get()
    if not within:
        raise TaskMissing("a guarded tool was called outside a task")
    return within[-1]


class Task:
    """What a user asked an agent to do, as far as the policy lets it reach.

    Made by `Guard.task`. Within `with task:` (or `async with`) the guarded tools of this
    context, and of coroutines started from it, are called under it; a new thread starts
    without a task. Leaving the block ends the task. A generator that enters a task shares its
    context with whoever iterates it: say `task.call` there, which names the task.

    Attributes:
        id: The id of the task. That of one that was handed on is the id it was begun with.
        session: Whose session it belongs to, and its `sid`.
        conversation: The conversation it was begun with; None for none.
        ends: What ends with it: its id, or that of the hands it is in.
        agents: Whose hands it was in, first to last; empty where nobody handed it on.
        cut: What was asked for and not given.
    """

    def __init__(
        self,
        guard: Guard,
        grant: TaskGrant,
        session: SessionKey,
        prompt: str,
        renew: Callable[[TaskGrant], TaskGrant] | None = None,
        *,
        conversation: str | None = None,
    ) -> None:
        self._guard = guard
        self._grant = grant
        self._prompt = prompt
        self._lock = ProcessLock()
        self._blocks = 0
        self._calls = count(1)
        self._unrecorded: list[Executed] = []
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
        self.ends = grant.delegation or grant.task

    # --- calls ----------------------------------------------------------------------------

    def permit(
        self,
        tool: str | GuardedTool[..., Any],
        arguments: Mapping[str, Any],
        *,
        resource: ResourceOf | None = None,
        tool_call_id: str = "",
        wait: Wait = None,
    ) -> Permit:
        """Ask for the right to run one call, for a framework that runs the tool itself.

        Args:
            tool: A guarded tool or its name.
            arguments: By name.
            resource: What the call touches, where no guarded tool of this name says it.
            tool_call_id: The framework's own id of the call, for the span.
            wait: How many seconds to wait where a person is asked; by default, as the guard's
                option `approval_wait` says. Who has not answered by then has said no.

        Raises:
            AccessDenied: The policy said no, or the person who was asked. It has not run.
            ApprovalRequired: A person must be asked first; `request` says what. It has not run.
            DecisionUnavailable: No usable answer came. It has not run.
            ArgumentNotRepresentable: An argument cannot be judged. It has not run.
        """
        __tracebackhide__ = True
        return self._guard.permit(
            self, tool, arguments, resource=resource, tool_call_id=tool_call_id, wait=wait
        )

    @overload
    def call(
        self, tool: GuardedTool[..., T], arguments: Mapping[str, Any], *, wait: Wait = None
    ) -> T: ...
    @overload
    def call(self, tool: str, arguments: Mapping[str, Any], *, wait: Wait = None) -> Any: ...
    def call(
        self, tool: str | GuardedTool[..., Any], arguments: Mapping[str, Any], *, wait: Wait = None
    ) -> Any:
        """Run a guarded tool if, and only if, the policy allows this very call.

        Args:
            tool: A guarded tool or its name.
            arguments: By name.
            wait: How many seconds to wait where a person is asked; see `permit`.

        Returns:
            What the agent may have of the tool's result.

        Raises:
            InboundsError: As `permit`, and `ResultWithheld` or `OutcomeUnrecorded` after the
                tool has run. What the tool raises passes through.
        """
        __tracebackhide__ = True
        return self._guard.call(self, tool, arguments, wait=wait)

    def evaluate(
        self, tool: ToolOrName, arguments: Mapping[str, Any], *, resource: ResourceOf | None = None
    ) -> Decision:
        """Ask what the policy would say. Nothing is spent, recorded or permitted by it.

        Raises:
            DecisionUnavailable: No usable answer came.
            ArgumentNotRepresentable: An argument cannot be judged.
        """
        return self._guard.evaluate(self, tool, arguments, resource=resource)

    def evaluate_all(self, calls: Sequence[Wish]) -> list[Decision]:
        """Ask what the policy would say of several calls, in one query.

        Each is judged as if it were asked alone, as the session stands now. Whether a call is
        allowed is for `permit` to say, when it is made: what was shown may be denied by then.

        Args:
            calls: At most 64: a guarded tool, or the name of one, and its arguments; and for any
                other tool its `resource`, as `evaluate` takes it.

        Returns:
            The decisions, in the order of the calls.

        Raises:
            InboundsError: As `evaluate`; then there is no decision on any of them.
            ConfigurationError: They are too many.
        """
        return self._guard.evaluate_all(self, calls)

    async def apermit(
        self,
        tool: str | GuardedTool[..., Any],
        arguments: Mapping[str, Any],
        *,
        resource: ResourceOf | None = None,
        tool_call_id: str = "",
        wait: Wait = None,
    ) -> Permit:
        """Async twin of `permit`; the event loop never waits for the PDP or the disk."""
        __tracebackhide__ = True
        return await self._guard.apermit(
            self, tool, arguments, resource=resource, tool_call_id=tool_call_id, wait=wait
        )

    @overload
    async def acall(
        self,
        tool: GuardedTool[..., Coroutine[Any, Any, T]],
        arguments: Mapping[str, Any],
        *,
        wait: Wait = None,
    ) -> T: ...
    @overload
    async def acall(
        self, tool: GuardedTool[..., T], arguments: Mapping[str, Any], *, wait: Wait = None
    ) -> T: ...
    @overload
    async def acall(self, tool: str, arguments: Mapping[str, Any], *, wait: Wait = None) -> Any: ...
    async def acall(
        self, tool: str | GuardedTool[..., Any], arguments: Mapping[str, Any], *, wait: Wait = None
    ) -> Any:
        """Async twin of `call`; awaits an async tool, runs any other in a thread."""
        __tracebackhide__ = True
        return await self._guard.acall(self, tool, arguments, wait=wait)

    async def aevaluate(
        self, tool: ToolOrName, arguments: Mapping[str, Any], *, resource: ResourceOf | None = None
    ) -> Decision:
        """Async twin of `evaluate`."""
        return await self._guard.aevaluate(self, tool, arguments, resource=resource)

    async def aevaluate_all(self, calls: Sequence[Wish]) -> list[Decision]:
        """Async twin of `evaluate_all`."""
        return await self._guard.aevaluate_all(self, calls)

    # --- what it sees ---------------------------------------------------------------------

    def observe(
        self, result: Any, *, tool: str, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Tell of a result that reaches the agent past `call` and `permit`, for an adapter.

        The session takes the label and the trust that the registry says of the tool's results, as
        it does of a permitted call, and the store that the tool may have written its arguments to
        is tainted as by one. Values of later calls are traced to the result, as far as the registry
        trusts what the tool returns. An unregistered tool returns text of a third party, of the
        highest label, and may write to any store. Call it before the agent sees the result, and
        withhold the result where this raises.

        Args:
            result: What the tool gave, as plain values as far as possible.
            tool: Its name in the registry.
            arguments: What it was called with, by name. Without them, what it echoes of them
                would count as its own, and they count as words of whoever the session has read.

        Raises:
            DecisionUnavailable: The registry could not be asked, or the session store could not
                take the exposure: `session.lost`, `session.unreachable` or `session.contended`.
        """
        self._guard.observe(self, result, tool=tool, arguments=arguments)

    async def aobserve(
        self, result: Any, *, tool: str, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Async twin of `observe`; the event loop never waits for the PDP or the disk."""
        from .threads import beside

        await beside(lambda: self.observe(result, tool=tool, arguments=arguments))

    def observe_data(self, *texts: str) -> None:
        """Tell of texts that reach the agent and that neither its user nor a tool wrote.

        Such as the history of a conversation that another process has had. They are text of a
        third party: the session is untrusted from then on. Withhold them where this raises.

        Raises:
            DecisionUnavailable: As `observe`.
        """
        self._guard.observe_data(self, texts)

    async def aobserve_data(self, *texts: str) -> None:
        """Async twin of `observe_data`."""
        from .threads import beside

        await beside(self.observe_data, *texts)

    def join(self, conversation: str | None, history: Callable[[], Sequence[str]]) -> None:
        """Make a framework's conversation part of the task's session, for an adapter.

        A conversation that is not bound yet is bound to the session. What it holds by then, this
        guard has not seen: it counts as the words of third parties, of the highest label.

        Args:
            conversation: The framework's id of it; None for history that has none.
            history: Returns the texts that the conversation already holds, the user's words and
                those of this run left out. It is called only where they are not known.

        Raises:
            ConfigurationError: `conversation.other_session`: it is bound to another session;
                `conversation.malformed`. No call may run.
            DecisionUnavailable: The session store could not be reached. No call may run.
        """
        self._guard.join(self, conversation, history)

    # --- other hands ----------------------------------------------------------------------

    def delegate(self, to: str, **asked: Unpack[Asking]) -> Delegation:
        """Hand the task on to another agent, with as much of it as that agent may have or less.

        The policy says what that is; the token is signed here, by the key that this guard holds
        the task by. What the other agent does draws on the session and the budgets of this one.

        Args:
            to: The SPIFFE ID of the other agent, which the deployment lets this one delegate to.
            asked: `holder`, the public key of the other agent's guard, as its `Guard.holder` says
                it; `narrower`, what to hand on less of; `seconds`, for how long at most, by
                default 3600, and never longer than the task.

        Returns:
            What was handed on, with the chain to hand over.

        Raises:
            TokenInvalid: None of it can be handed on to that agent, by the code that says why.
            DecisionUnavailable: The policy could not be asked, or `task.over`.
        """
        self.require_usable()
        return self._guard.delegate(self, to, **asked)

    # --- credentials ----------------------------------------------------------------------

    def lease(self, credential: str) -> Lease:
        """Lease a credential for the task, or return the lease that it has and that is still good.

        Whether it may be had is a decision as any other: of a call of `credential.lease`, with the
        name as its argument. It is revoked when the task ends, and lives an hour at most. It waits
        for the backend: in a coroutine, `await asyncio.to_thread(task.lease, credential)`.

        Args:
            credential: Its name in the deployment, such as `tickets-db`.

        Raises:
            AccessDenied: The policy said no.
            ApprovalRequired: A person must be asked first; `request` says what.
            DecisionUnavailable: No usable answer came; as `LeaseUnavailable`: there is no lease.
            ConfigurationError: `configuration.lease_backend`: no backend of the guard has it.
        """
        return self._guard.lease(self, credential)

    # --- its life -------------------------------------------------------------------------

    @property
    def grant(self) -> TaskGrant:
        """What was approved, with a token that is still good for a while.

        Raises:
            TokenInvalid: It could not be renewed.
        """
        with self._lock:
            if self._grant.expires - clock.now() < RENEW_WITHIN:
                deadline = self._grant.authority.deadline
                if self._grant.expires < deadline or clock.now() >= deadline:
                    self._grant = (self._renew or self._guard.issuer.renew)(self._grant)
            return self._grant

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
                hint="mend the evidence log, then `task.reconcile()`",
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
            self._unrecorded.append(record)

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
                # Held until it is written, so that no call comes between.
                self._guard.evidence.executed(self._unrecorded[0])
                with self._lock:
                    del self._unrecorded[0]
                written += 1
        return written

    def report(self) -> TaskReport:
        """Return whether the task stayed within bounds, from the evidence log alone."""
        return self._guard.report(self.id)

    def end(self) -> None:
        """End the task: its tokens are worthless from here on, and its leases are given back.

        This process refuses its calls at once, even where the issuer could not be told. Then it
        is told when the task is ended again; once it knows, that does nothing. Leases are revoked
        after that, whatever came of it; what cannot be revoked now is tried again until it is.

        Raises:
            InboundsError: The issuer could not be told, so that elsewhere a token may still be
                good until it expires. What an issuer of yours raises passes through.
        """
        self._ended = True
        if self._telling.mine:
            # A signal's handler: what it has interrupted is telling the issuer.
            return
        try:
            with self._telling:
                if not self._told:
                    self._guard.issuer.end(self._grant)
                    self._told = True
        finally:
            self._guard.release(self)

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
            from .threads import beside

            # Before anything that can be cancelled.
            self._ended = True
            await beside(self.end)

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
