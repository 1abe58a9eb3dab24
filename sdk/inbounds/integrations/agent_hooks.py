"""Agent Hooks 0.1: one interceptor that judges the calls of tools of any host of that contract.

    emitter.set_composition(CompositionConfig.first_deny(OnApproval.RESUME))
    AuthorizationInterceptor(guard).register(emitter)  # after all others

It judges the arguments as those before it have left them. Of the points of the contract it has a
policy for two, `pre_tool_call` and `post_tool_call`; at every other it says in a warning that
nobody has judged. The contract is a cooperative one: that a host does what an interceptor says is
the host's word.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inbounds.canonical.arguments import canonical_json
from inbounds.errors import (
    ApprovalRequired,
    ConfigurationError,
    DecisionUnavailable,
    InboundsError,
    ResultWithheld,
)
from inbounds.integrations._adapter.outcomes import keep
from inbounds.integrations._adapter.refusals import told
from inbounds.process.locks import ProcessLock

from ._adapter.current_task import task_of
from ._adapter.questions import Questions
from ._adapter.requirements import guard_of, resources_of, wrong_kind
from ._adapter.result_obligations import given_value
from ._adapter.running import ToolFailed

try:
    from agent_hooks import (
        ApprovalOutcome,
        ApprovalResolution,
        CompositionConfig,
        Decision,
        EnforcementMode,
        InterceptionEmitter,
        OnApproval,
        Transform,
        Verdict,
    )
except ImportError as missing:
    if not (missing.name or "").startswith("agent_hooks"):
        raise
    raise ConfigurationError(
        "Agent Hooks are implemented with the package `agent-hooks-sdk`, which is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[agent-hooks]'",
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from inbounds.pep import Guard, Permit
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf

__all__ = ["AuthorizationInterceptor"]

MOST = 1024
"""How many calls are held between their permit and their result."""


class AuthorizationInterceptor:
    """Judges every call of a tool that a host of Agent Hooks 0.1 is about to run.

    It is an `Interceptor` of the contract, and with `approvals` its `ApprovalResolver` too. The
    task is what `task` says of a context, or else the one of the `with` block that the host runs
    in. Thread-safe.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the tool's name: a function that
            takes the tool's arguments, by name, as `resource=` of `Guard.tool`.
        task: Takes a context and returns its task, or None.
        approvals: Whether the host consults this very object as its resolver. Only then is an
            ask a deny that can be lifted: another resolver's yes would lift it unjudged.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is given something else than it takes.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        resources: Mapping[str, ResourceOf] | None = None,
        task: Callable[[Mapping[str, Any]], Task | None] | None = None,
        approvals: bool = False,
    ) -> None:
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)
        self._task = task
        self._approvals = approvals
        self._lock = ProcessLock()
        self._permits: OrderedDict[str, tuple[Permit, bytes]] = OrderedDict()
        self._asked: Questions[bytes] = Questions()
        self._judging: set[str] = set()

    def register(self, emitter: Any) -> None:
        """Register this with a host's emitter, after all others, where its word is the last.

        Args:
            emitter: An `InterceptionEmitter` that no document has sealed.

        Raises:
            ConfigurationError: `configuration.composition`: the emitter's profile or mode runs
                what is refused here, or other arguments than those that are judged;
                `configuration.wrong_kind`: it is of another type.
        """
        if not isinstance(emitter, InterceptionEmitter):
            hint = "register it with the emitter of its host"
            raise wrong_kind("the emitter", "`InterceptionEmitter`", emitter, hint)
        composition = emitter.composition
        sound = (CompositionConfig.run_all(), CompositionConfig.first_deny(OnApproval.RESUME))
        if emitter.mode is not EnforcementMode.ENFORCE or composition not in sound:
            raise ConfigurationError(
                "this host runs calls that are refused, or not judged as they run",
                code="configuration.composition",
                hint="`enforce`, with `run_all` or `first_deny(OnApproval.RESUME)`",
            )
        emitter.register(self, name="inbounds")

    async def intercept(self, context: Mapping[str, Any]) -> Any:
        """Return the verdict on one context, as `Interceptor.intercept`. Never raises."""
        point = context["interception_point"]
        try:
            if point == "pre_tool_call":
                return await self._before(context)
            if point == "post_tool_call":
                return await self._after(context)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return self._refused(error)
        if point == "agent_shutdown":
            self._forget(context)
        return Verdict.warn(
            reason="inbounds:not_judged", message="no policy speaks about this point"
        )

    async def resolve(self, request: Any) -> Any:
        """Ask the policy again about what a person was asked, as `ApprovalResolver.resolve`.

        Tool and arguments of the request are those that were judged, or it stays unresolved.
        """
        identity = request.context_identity
        try:
            key, call = _key(request.context), _canonical(request.context["tool_call"])
            task = self._task_within(request.context)
            if self._asked.find(task, key) != call:
                # A question of somebody else's, or about another call of the same id.
                return ApprovalResolution(ApprovalOutcome.UNRESOLVED, identity)
            verdict = await self._before(request.context)
        except ApprovalRequired:
            return ApprovalResolution(ApprovalOutcome.UNRESOLVED, identity)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return ApprovalResolution(ApprovalOutcome.REJECT, identity, self._refused(error))
        self._asked.take(task, key)
        return ApprovalResolution(ApprovalOutcome.APPROVE, identity, verdict)

    # --- before and after a tool ----------------------------------------------------------

    async def _before(self, context: Mapping[str, Any]) -> Any:
        said = context["tool_call"]
        name, arguments, key = said["name"], dict(said["args"]), _key(context)
        with self._alone(key):
            task = self._task_within(context)
            try:
                permit = await task.apermit(
                    name,
                    arguments,
                    resource=self._resources.get(name),
                    tool_call_id=str(said.get("id") or ""),
                )
            except ApprovalRequired:
                self._asked.ask(task, key, _canonical(said))
                raise
            judged = permit.arguments
            call = _canonical({"name": name, "args": judged})
            with self._lock:
                keep(self._permits, key, (permit, call), most=MOST)
        if judged == arguments:
            return Verdict.allow()
        # What was judged is what runs.
        return Verdict(decision=Decision.TRANSFORM, transform=Transform("$target", judged))

    def _task_within(self, context: Mapping[str, Any]) -> Task:
        return task_of(self._task(context) if self._task is not None else None)

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Hold the id of a call for as long as it is judged; its permit holds it afterwards.

        Raises:
            DecisionUnavailable: `call.repeated`: a call of the same id is under way.
        """
        with self._lock:
            if key in self._permits or key in self._judging:
                raise DecisionUnavailable(
                    "a call of the same id is under way",
                    code="call.repeated",
                    hint="give each call of a session an id of its own, and emit what became of it",
                )
            self._judging.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._judging.discard(key)

    async def _after(self, context: Mapping[str, Any]) -> Any:
        from inbounds.process.threads import run_in_thread

        with self._lock:
            held = self._permits.pop(_key(context), None)
        if held is None:
            raise ResultWithheld(
                "a tool has run without a permit",
                code="permit.missing",
                hint="register the interceptor last, at both points of a tool call",
            )
        taken = await run_in_thread(self._taken, *held, context)
        if taken == context["tool_result"]["value"]:
            return Verdict.allow()
        if taken is None:
            raise ResultWithheld("nothing of the result may be given", code="result.left_out")
        return Verdict(decision=Decision.TRANSFORM, transform=Transform("$target", taken))

    def _taken(self, permit: Permit, judged: bytes, context: Mapping[str, Any]) -> Any:
        """Record that it has run, and return what the agent may have of its result."""
        result = context["tool_result"]
        if _canonical(context["tool_call"]) != judged:
            permit.fail(ToolFailed())
            raise DecisionUnavailable(
                "another call has run than the one that was judged",
                code="permit.arguments_changed",
                hint="register the interceptor last",
                executed="yes",
                decision_id=permit.decision.id,
            )
        if not result.get("is_error"):
            return given_value(result["value"], permit, permit.finish)
        taken = given_value(result["value"], permit, permit.admitted)
        permit.fail(ToolFailed())
        return taken

    # --- what is said, and kept -----------------------------------------------------------

    def _refused(self, error: BaseException) -> Any:
        code = error.code if isinstance(error, InboundsError) else "decision.unavailable"
        reason, message = f"inbounds:{code}", told(error)
        if self._approvals and isinstance(error, ApprovalRequired):
            return Verdict.escalate(reason=reason, message=message)
        return Verdict.deny(reason=reason, message=message)

    def _forget(self, context: Mapping[str, Any]) -> None:
        """Let go of what a session has left open: its outcome is recorded as not known."""
        session = _session(context)
        with self._lock:
            for key in [each for each in self._permits if json.loads(each)[0] == session]:
                del self._permits[key]


def _session(context: Mapping[str, Any]) -> str:
    return str((context.get("session") or {}).get("id") or "")


def _canonical(call: Mapping[str, Any]) -> bytes:
    """Return the canonical form of what a call names, which tells it from others of its id."""
    return canonical_json({"tool": call["name"], "arguments": dict(call["args"])})


def _key(context: Mapping[str, Any]) -> str:
    return json.dumps([_session(context), str(context["tool_call"].get("id") or "")])
