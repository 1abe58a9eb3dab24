"""A task: the unit of authority, and the calls that are made under it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast, overload

from inbounds.credentials.task_authority import TaskAuthority, entered_task
from inbounds.errors import ApprovalRequired, ConfigurationError, InboundsError
from inbounds.pep.labelled import PLAIN

from .call import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from concurrent.futures import Future

    from inbounds.credentials.lease import Lease
    from inbounds.evidence.report import TaskReport
    from inbounds.identity import TaskGrant
    from inbounds.model.question import Decision
    from inbounds.pep.delegation import Asking, Delegation
    from inbounds.pep.runtime import Runtime
    from inbounds.pep.tool import GuardedTool, GuardedTools, ResourceOf, ToolCall, ToolOrName
    from inbounds.sessions.store import SessionKey

    from .permit import Permit

T = TypeVar("T")
Wait = float | None
"""How many seconds to wait where a person is asked; None for as long as the guard's option says."""


def current() -> Task:
    """Return the task of this context.

    Raises:
        TaskMissing: No task is active. Nothing has run.
    """
    return cast("Task", entered_task())


class Task(TaskAuthority):
    """What a user asked an agent to do, as far as the policy lets it reach.

    Made by `Guard.task`. Within `with task:` (or `async with`) the guarded tools of this
    context, and of coroutines started from it, are called under it; a new thread starts
    without a task. Leaving the block ends the task. A generator that enters a task shares its
    context with whoever iterates it: say `task.call` there, which names the task.

    Attributes:
        id: The id of the task. That of one that was delegated is the id it was begun with.
        session: Whose session it belongs to, and its `sid`.
        conversation: The conversation it was begun with; None for none.
        ends: The id whose end ends it: that of the task, or of the hop it is in.
        agents: Its delegates, first to last; empty if it was not delegated.
        cut: What was asked for and not given.
    """

    def __init__(
        self,
        runtime: Runtime,
        tools: GuardedTools,
        grant: TaskGrant,
        session: SessionKey,
        renew: Callable[[TaskGrant], TaskGrant] | None = None,
        *,
        conversation: str | None = None,
    ) -> None:
        super().__init__(runtime, grant, session, renew, conversation=conversation)
        self._runtime = runtime
        self._tools = tools

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
            ConfigurationError: Nothing says what the tool touches. It has not run.
        """
        __tracebackhide__ = True
        target = self._tools.target(tool, resource)
        try:
            return self._runtime.approvals.with_approval(
                lambda: Call(self._runtime, self, target, arguments).permit, wait, tool_call_id
            )
        except ApprovalRequired:
            if self._ended:  # while it was asked: the end found no question yet
                self._withdraw_questions()
            raise

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
        guarded = self._tools.find(tool)
        if guarded is None:
            return self.permit(tool, arguments)  # raises: refused, and recorded
        if guarded.generates:
            return guarded.iterate(lambda: self, arguments)
        if guarded.asynchronous or guarded.generates_async:
            raise ConfigurationError(
                f"`{guarded.name}` is async, and would run after its permit was used",
                code="configuration.tool_is_async",
                hint="`await task.acall(…)`",
            )
        permit = self.permit(guarded, arguments, wait=wait)
        run = guarded.ready(permit)
        try:
            with permit.tool_run.active():
                result = run()
            if type(result) not in PLAIN:
                from inbounds.pep.lazy_results import refuse_lazy

                refuse_lazy(guarded.name, result)
        except BaseException as error:
            if (seen := permit.fail(error)) is not error:
                from inbounds.pep.tool_errors import raise_alone

                raise_alone(seen)
            raise
        try:
            return permit.finish(result)
        finally:
            del result  # what is withheld is in no traceback

    def evaluate(
        self, tool: ToolOrName, arguments: Mapping[str, Any], *, resource: ResourceOf | None = None
    ) -> Decision:
        """Ask what the policy would say. Nothing is spent, recorded or permitted by it.

        Raises:
            DecisionUnavailable: No usable answer came.
            ArgumentNotRepresentable: An argument cannot be judged.
        """
        target = self._tools.target(tool, resource)
        return Call(self._runtime, self, target, arguments).evaluate()

    def evaluate_all(self, calls: Sequence[ToolCall]) -> list[Decision]:
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
        from inbounds.pep.evaluation import evaluate_all

        targets = [(self._tools.target(call[0], (*call, None)[2]), call[1]) for call in calls]
        return evaluate_all(self._runtime, self, targets)

    async def apermit(
        self,
        tool: str | GuardedTool[..., Any],
        arguments: Mapping[str, Any],
        *,
        resource: ResourceOf | None = None,
        tool_call_id: str = "",
        wait: Wait = None,
    ) -> Permit:
        """Async twin of `permit`; the event loop never waits for the PDP or the disk.

        A cancelled wait cancels what it would have permitted.
        """
        __tracebackhide__ = True
        from inbounds.process.threads import run_in_thread

        target = self._tools.target(tool, resource)

        def ask() -> Awaitable[Permit]:
            # Begun here, so that its deadline counts from now and not from when a thread is free.
            call = Call(self._runtime, self, target, arguments)
            return run_in_thread(call.permit, tool_call_id, of=self.session, unclaimed=_discard)

        try:
            return await self._runtime.approvals.awith_approval(ask, wait)
        except ApprovalRequired:
            if self._ended:
                await run_in_thread(self._withdraw_questions)
            raise

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
        from inbounds.pep.async_calls import acall

        return await acall(self, self._tools, tool, arguments, wait)

    async def aevaluate(
        self, tool: ToolOrName, arguments: Mapping[str, Any], *, resource: ResourceOf | None = None
    ) -> Decision:
        """Async twin of `evaluate`."""
        from inbounds.process.threads import run_in_thread

        call = Call(self._runtime, self, self._tools.target(tool, resource), arguments)
        return await run_in_thread(call.evaluate, of=self.session)

    async def aevaluate_all(self, calls: Sequence[ToolCall]) -> list[Decision]:
        """Async twin of `evaluate_all`."""
        from inbounds.process.threads import run_in_thread

        return await run_in_thread(self.evaluate_all, calls, of=self.session)

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
        self._runtime.observe(self, result, tool, arguments)

    async def aobserve(
        self, result: Any, *, tool: str, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Async twin of `observe`; the event loop never waits for the PDP or the disk."""
        from inbounds.process.threads import run_in_thread

        await run_in_thread(self._runtime.observe, self, result, tool, arguments, of=self.session)

    def observe_data(self, *texts: str) -> None:
        """Tell of texts that reach the agent and that neither its user nor a tool wrote.

        Such as the history of a conversation that another process has had. They are text of a
        third party: the session is untrusted from then on. Withhold them where this raises.

        Raises:
            DecisionUnavailable: As `observe`.
        """
        from .observation import observe_data

        observe_data(self._runtime, self.session, texts)

    async def aobserve_data(self, *texts: str) -> None:
        """Async twin of `observe_data`."""
        from inbounds.process.threads import run_in_thread

        await run_in_thread(self.observe_data, *texts, of=self.session)

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
        from inbounds.pep.conversations import join

        join(self._runtime, self, conversation, history)

    # --- delegation -----------------------------------------------------------------------

    def delegate(self, to: str, **asked: Unpack[Asking]) -> Delegation:
        """Delegate the task to another agent, with as much of it as that agent may have or less.

        The policy says what that is; the token is signed here, by the key that this guard holds
        the task by. What the other agent does draws on the session and the budgets of this one.

        Args:
            to: The SPIFFE ID of the other agent, which the deployment lets this one delegate to.
            asked: `holder`, the public key of the other agent's guard, as its `Guard.holder` says
                it; `scope`, what to delegate less of; `seconds`, for how long at most, by
                default 3600, and never longer than the task.

        Returns:
            The delegation, with the chain to pass to the other agent.

        Raises:
            TokenInvalid: None of it can be delegated to that agent, by the code that says why.
            DecisionUnavailable: The policy could not be asked, or `task.over`.
        """
        self.require_usable()
        from inbounds.pep.delegation import delegate

        return delegate(self, self._runtime, to, **asked)

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
        return self._runtime.leases.lease(self, credential)

    def report(self) -> TaskReport:
        """Return whether the task stayed within bounds, from the evidence log alone."""
        return self._runtime.report(self.id)


def _discard(asking: Future[Permit]) -> None:
    if asking.cancelled() or asking.exception() is not None:
        return
    with contextlib.suppress(InboundsError):
        # What the log does not take is held by the task, which then takes no more calls.
        asking.result().cancel()
