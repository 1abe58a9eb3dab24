"""The policy enforcement point: the one door between an agent and its tools.

The order of one call, and what a failure means in each step:

1. the arguments take their canonical form
2. the policy is asked, under the lock of the session
3. the session's next state, computed by the policy, is committed
4. the obligations due before are discharged
5. `decided` is written to the evidence log, durably
6. the arguments are compared with the judged ones
7. the tool runs
8. the obligations on the result are discharged
9. `executed` is written

A failure in 1 to 6 means that it has not run. In 8 it has run and the result is withheld;
in 9 it has run and the task takes no more calls until it is reconciled. What was spent stays
spent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, Unpack

from pydantic import ValidationError

from . import clock
from .canonical import Canonical, canonicalise, digest
from .config import Configuration, Options
from .errors import (
    AccessDenied,
    ApprovalRequired,
    ArgumentNotRepresentable,
    ConfigurationError,
    DecisionUnavailable,
    InboundsError,
    InvalidAnswer,
    SessionContended,
)
from .evidence.records import Decided, Granted
from .ids import uuid7
from .models import QUESTION_VERSION, Answer, Decision, Narrower, RegistryAnswer, Resource
from .parts import Parts
from .pdp import DECISION
from .permits import Bound, Permit
from .registry import UNREGISTERED
from .sessions import SessionKey, begin_state, monotone
from .tasks import Task
from .tools import GuardedTool, ResourceOf, resource_of
from .version import __version__

if TYPE_CHECKING:
    from .evidence import EvidenceLog
    from .evidence.report import TaskReport
    from .identity import Issuer
    from .models import SessionState
    from .obligations import Notify
    from .pdp import PolicyDecisionPoint
    from .sessions import SessionStore
    from .telemetry import DecisionSpan

P = ParamSpec("P")
R = TypeVar("R")


class Guard:
    """Stands between an agent and every tool it calls.

    With nothing said, it decides by the policy in this package and the deployment in
    `./deployment`; with `INBOUNDS_PDP_URL`, by the OPA server there. Every option is also a
    variable, see `Configuration`. Thread-safe.

    Args:
        pdp: What decides, instead of what the configuration names.
        issuer: Who signs identities and tasks, instead of the development issuer.
        sessions: Where sessions are kept: a store, its file, or "memory".
        evidence: Where records are kept: a log, or its file.
        notify: How the obligation `notify` is discharged; raising means that nobody was told.
        options: See `Configuration`.

    Raises:
        ConfigurationError: Something is missing, misspelt or cannot be used.
    """

    def __init__(
        self,
        *,
        pdp: PolicyDecisionPoint | None = None,
        issuer: Issuer | None = None,
        sessions: SessionStore | str | Path | None = None,
        evidence: EvidenceLog | str | Path | None = None,
        notify: Notify | None = None,
        **options: Unpack[Options],
    ) -> None:
        files = {"sessions": sessions, "evidence": evidence}
        named = {name: file for name, file in files.items() if isinstance(file, str | Path)}
        self._parts = Parts.assemble(
            Configuration.read({**options, **named}),
            pdp=pdp,
            issuer=issuer,
            sessions=None if isinstance(sessions, str | Path) else sessions,
            evidence=None if isinstance(evidence, str | Path) else evidence,
            notify=notify,
        )
        self._tools: dict[str, GuardedTool[..., Any]] = {}
        self.configuration = self._parts.configuration
        self.issuer = self._parts.issuer
        self.evidence = self._parts.evidence

    # --- what a framework author uses -----------------------------------------------------

    def tool(
        self, name: str, *, resource: ResourceOf
    ) -> Callable[[Callable[P, R]], GuardedTool[P, R]]:
        """Guard a function: it runs under a task only, and only where the policy allows it.

        Args:
            name: The name it has in the tool registry.
            resource: Takes the tool's arguments, by its parameters, and says what the call
                touches: a `Resource`, or a type and an id.

        Raises:
            ConfigurationError: The name is taken, or the function's arguments have no names.
        """

        def guard(function: Callable[P, R]) -> GuardedTool[P, R]:
            if name in self._tools:
                raise ConfigurationError(
                    f"two functions are guarded as `{name}`",
                    code="configuration.tool_twice",
                    hint="give each its own name, as the registry has it",
                )
            guarded = GuardedTool(name, function, resource)
            self._tools[name] = guarded
            return guarded

        return guard

    @property
    def tools(self) -> Mapping[str, GuardedTool[..., Any]]:
        """The guarded tools by name."""
        return dict(self._tools)

    def task(
        self,
        intent: str,
        *,
        subject: str,
        prompt: str = "",
        session: str | None = None,
        narrower: Narrower | None = None,
        seconds: int = 3600,
    ) -> Task:
        """Begin a task: what the user asked for, bounded by what the policy grants.

        Args:
            intent: The name of an intent of the deployment, such as `summarise`.
            subject: The id of the user on whose authority it runs.
            prompt: What the user said. Never recorded.
            session: The session to go on with; a fresh one by default.
            narrower: What to ask for less of.
            seconds: How long the task may last at most.

        Raises:
            TokenInvalid: The policy grants nothing of it.
            ConfigurationError: `session.exists`: the session is another's.
            DecisionUnavailable: The policy, or the session store, could not be reached.
        """
        parts = self._parts
        sid = session or f"session-{uuid7()}"
        request = parts.request(
            intent, subject=subject, sid=sid, narrower=narrower or Narrower(), seconds=seconds
        )
        self._parts.refresh_live()
        grant = self.issuer.begin(request, parts.pdp)
        key = SessionKey(request.tenant, subject, request.agent, sid)
        self._begin_session(key, fresh=session is None, some_tool=next(iter(grant.authority.tools)))
        return Task(self, grant, key, prompt)

    def report(self, task: str) -> TaskReport:
        """Return whether a task stayed within bounds, from the evidence log alone.

        Raises:
            ConfigurationError: The evidence log in use cannot be read back.
        """
        from .evidence.report import report

        return report(self.evidence, task)

    def close(self) -> None:
        """Release connections, files and memory. A closed guard permits nothing."""
        self._parts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what a task uses -----------------------------------------------------------------

    def permit(
        self,
        task: Task,
        tool: str | GuardedTool[..., Any],
        arguments: Mapping[str, Any],
        *,
        resource: ResourceOf | None = None,
        tool_call_id: str = "",
    ) -> Permit:
        """Take steps 1 to 5 for one call. See `Task.permit`."""
        call = _Call(self._parts, task, *self._resolve(tool, resource), arguments)
        return call.permit(tool_call_id)

    def evaluate(
        self,
        task: Task,
        tool: str | GuardedTool[..., Any],
        arguments: Mapping[str, Any],
        *,
        resource: ResourceOf | None = None,
    ) -> Decision:
        """Take steps 1 and 2 for one call, and no other. See `Task.evaluate`."""
        call = _Call(self._parts, task, *self._resolve(tool, resource), arguments)
        return call.evaluate()

    def call(
        self, task: Task, tool: str | GuardedTool[..., Any], arguments: Mapping[str, Any]
    ) -> Any:
        """Take every step for one call. See `Task.call`."""
        guarded = self._guarded(tool)
        permit = self.permit(task, guarded, arguments)
        run = guarded.ready(permit)
        try:
            result = run()
        except BaseException as error:
            permit.fail(error)
            raise
        return permit.finish(result)

    async def apermit(
        self,
        task: Task,
        tool: str | GuardedTool[..., Any],
        arguments: Mapping[str, Any],
        *,
        resource: ResourceOf | None = None,
        tool_call_id: str = "",
    ) -> Permit:
        """Async twin of `permit`. A cancelled wait cancels what it would have permitted."""
        asking = asyncio.ensure_future(
            asyncio.to_thread(
                self.permit, task, tool, arguments, resource=resource, tool_call_id=tool_call_id
            )
        )
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            # The thread goes on; what it brings back must not be left open.
            asking.add_done_callback(_discard)
            raise

    async def acall(
        self, task: Task, tool: str | GuardedTool[..., Any], arguments: Mapping[str, Any]
    ) -> Any:
        """Async twin of `call`."""
        guarded = self._guarded(tool)
        permit = await self.apermit(task, guarded, arguments)
        run = guarded.ready(permit)
        try:
            running = run() if guarded.asynchronous else asyncio.to_thread(run)
            result = await _awaited(running)
        except BaseException as error:
            await asyncio.shield(asyncio.to_thread(permit.fail, error))
            raise
        return await asyncio.shield(asyncio.to_thread(permit.finish, result))

    # --- its own --------------------------------------------------------------------------

    def _guarded(self, tool: str | GuardedTool[..., Any]) -> GuardedTool[..., Any]:
        if isinstance(tool, GuardedTool):
            return tool
        try:
            return self._tools[tool]
        except KeyError:
            raise ConfigurationError(
                f"no function is guarded as `{tool}`",
                code="configuration.tool_unknown",
                hint="decorate it with `guard.tool`, or use `task.permit` with `resource=`",
            ) from None

    def _resolve(
        self, tool: str | GuardedTool[..., Any], resource: ResourceOf | None
    ) -> tuple[str, Callable[[Mapping[str, Any]], Resource]]:
        """Find a tool's name and how a call's resource is told."""
        if resource is None:
            guarded = self._guarded(tool)
            return guarded.name, guarded.resource
        name = tool.name if isinstance(tool, GuardedTool) else tool
        return name, lambda arguments: resource_of(resource(**arguments), name)

    def _begin_session(self, key: SessionKey, *, fresh: bool, some_tool: str) -> None:
        sessions = self._parts.sessions
        if not fresh:
            try:
                sessions.load(key)
            except DecisionUnavailable as error:
                if error.code != "session.lost":
                    raise
            else:
                return
        deadline = clock.monotonic() + self.configuration.deadline
        lowest = self._parts.registry.tool(some_tool, deadline=deadline).labels[0]
        sessions.create(key, begin_state(key.sid, lowest))

    def __repr__(self) -> str:
        return f"Guard(pdp={self._parts.pdp.name!r}, tools={sorted(self._tools)!r})"


class _Call:
    """One call on its way through steps 1 to 5."""

    def __init__(
        self,
        parts: Parts,
        task: Task,
        tool: str,
        resource_of_call: Callable[[Mapping[str, Any]], Resource],
        arguments: Mapping[str, Any],
    ) -> None:
        self._parts = parts
        self._task = task
        self._tool = tool
        self._resource_of_call = resource_of_call
        self._given = arguments
        self._id = uuid7()
        self._deadline = clock.monotonic() + parts.configuration.deadline
        self._registered: RegistryAnswer | None = None
        self._canonical = Canonical({}, {}, b"{}")
        self._resource = Resource(type="unknown", id="unknown")
        self._digest = ""

    def evaluate(self) -> Decision:
        with self._span("evaluate_only") as span:
            try:
                self._task.require_usable()
                self._canonicalise()
                answer, engine_id = self._ask(self._load(), span)
                decision = self._decision(answer, engine_id, evaluate_only=True)
            except InboundsError as error:
                span.unavailable(error)
                raise
            self._tell(span, decision)
            span.enforcement("shadowed")
            return decision

    def permit(self, tool_call_id: str) -> Permit:
        with self._span("enforce", tool_call_id) as span:
            try:
                self._task.require_usable()
                self._canonicalise()
                decision = self._decide(span)
                self._tell(span, decision)
                if decision.allowed:
                    self._parts.discharger.before(self._tool, decision.obligations)
                self._record(span, decision)
            except InboundsError as error:
                error.decision_id = error.decision_id or self._id
                span.unavailable(error)
                span.enforcement("blocked")
                self._record_fault(span, error)
                raise
            if decision.outcome == "ask":
                span.enforcement("paused")
                raise ApprovalRequired(decision)
            if not decision.allowed:
                span.enforcement("blocked")
                raise AccessDenied(decision)
            span.enforcement("executed")
            return self._permitted(decision)

    # --- step 1 ---------------------------------------------------------------------------

    def _canonicalise(self) -> None:
        registered = self._parts.registry.tool(self._tool, deadline=self._deadline)
        tool = registered.tool or UNREGISTERED
        self._registered = registered
        self._canonical = canonicalise(self._given, tool.arguments)
        self._resource = self._resource_of_call(self._canonical.arguments)
        self._digest = self._hmac(self._canonical.json)

    # --- steps 2 and 3 --------------------------------------------------------------------

    def _decide(self, span: DecisionSpan) -> Decision:
        sessions, key = self._parts.sessions, self._task.session
        with sessions.lock(key, deadline=self._deadline):
            while True:
                state = self._load()
                answer, engine_id = self._ask(state, span)
                decision = self._decision(answer, engine_id)
                following = self._following(state, answer, decision)
                if following is None or self._commit(state, following):
                    return decision
                # Another process was faster; the policy has to see what it left.
                if clock.monotonic() + 0.05 > self._deadline:
                    raise SessionContended("others kept changing the session until the deadline")
                time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 -- jitter, no secret

    def _load(self) -> SessionState:
        return self._parts.sessions.load(self._task.session)

    def _commit(self, state: SessionState, following: SessionState) -> bool:
        sessions, key = self._parts.sessions, self._task.session
        try:
            return sessions.commit(key, state.version, following)
        except InvalidAnswer:
            raise
        except DecisionUnavailable:
            # It may have been made all the same; the last ids tell.
            if self._id in sessions.load(key).decisions:
                return True
            raise

    def _ask(self, state: SessionState, span: DecisionSpan) -> tuple[Answer, str]:
        """Ask the policy; once more where the registry has changed in between."""
        for _ in range(2):
            self._parts.refresh_live()
            reply = self._parts.pdp.ask(
                DECISION,
                self._question(state),
                deadline=self._deadline,
                traceparent=span.traceparent,
            )
            answer = _answer(reply.result)
            registered = self._registered
            if registered is not None and answer.context.policy.deployment == registered.revision:
                return answer, reply.engine_id
            self._parts.registry.forget(answer.context.policy.deployment)
            self._canonicalise()
        raise DecisionUnavailable(
            "the tool registry changed while it was asked, twice",
            code="registry.changed",
            hint="call again once the new deployment is everywhere",
        )

    def _question(self, state: SessionState) -> bytes:
        task, grant = self._task, self._task.grant
        registered = self._registered
        subject = grant.request.subject
        # Where no person stands behind the task, the agent is its own subject.
        subject_type = "workload" if subject == task.session.agent else "user"
        question = {
            "question": QUESTION_VERSION,
            "subject": {"type": subject_type, "id": subject},
            "action": {
                "name": self._tool,
                "properties": {
                    "arguments": self._canonical.arguments,
                    "parsed": {
                        pointer: leaf.model_dump(exclude_defaults=True)
                        for pointer, leaf in self._canonical.parsed.items()
                    },
                    "origins": {},
                    "digest": self._digest,
                    "registry": registered.revision if registered else "",
                },
            },
            "resource": self._resource.model_dump(exclude_defaults=True),
            "context": {
                "decision": {"id": self._id},
                "agent": task.session.agent,
                "credentials": {
                    "identity": self._parts.identity(task.session.agent),
                    "task": grant.token,
                    "chain": [],
                    "approvals": [],
                },
                "session": state.model_dump(),
                "environment": {},
                "pep": {
                    "id": self._parts.pep,
                    "version": __version__,
                    "supported_obligations": list(self._parts.discharger.supported),
                },
            },
        }
        try:
            return json.dumps(question, ensure_ascii=False, separators=(",", ":")).encode()
        except (TypeError, ValueError):
            raise ArgumentNotRepresentable(
                "the resource of the call has no JSON form",
                code="resource.not_representable",
                hint="its properties are plain JSON values, its id is text without surrogates",
            ) from None

    def _decision(
        self, answer: Answer, engine_id: str, *, evaluate_only: bool = False
    ) -> Decision:
        context = answer.context
        if answer.decision != (context.outcome == "allow"):
            raise InvalidAnswer("the PDP's answer contradicts itself")
        if answer.decision and not context.grants:
            raise InvalidAnswer("the PDP allows, and says nothing that grants it")
        self._parts.discharger.accept(context.obligations)
        return Decision(
            id=self._id,
            allowed=answer.decision,
            outcome=context.outcome,
            reasons=context.reasons,
            grants=context.grants,
            obligations=context.obligations,
            policy=context.policy,
            evaluate_only=evaluate_only,
            engine_id=engine_id,
            access_request=context.access_request,
        )

    def _following(
        self, state: SessionState, answer: Answer, decision: Decision
    ) -> SessionState | None:
        """Read the session's next state; None for a refusal that could not compute one."""
        said = answer.context.session
        if not said and not decision.allowed:
            return None
        try:
            following = type(state).model_validate(said)
        except ValidationError:
            raise InvalidAnswer("the session's next state is not whole") from None
        labels = self._registered.labels if self._registered else ()
        fault = monotone(state, following, labels)
        if fault is None and not decision.allowed and _more_than_refused(state, following):
            fault = "a refusal changed more than the count of refusals"
        if fault is not None:
            raise InvalidAnswer(f"the PDP's answer about the session is none: {fault}")
        return following

    # --- step 5 and what is told ----------------------------------------------------------

    def _record(self, span: DecisionSpan, decision: Decision) -> None:
        self._parts.evidence.decided(
            self._decided(
                span,
                outcome=decision.outcome,
                codes=tuple(reason.code for reason in decision.reasons),
                pointers=tuple(
                    str(detail["argument"])
                    for reason in decision.reasons
                    for detail in reason.details
                    if "argument" in detail
                ),
                obligations=tuple(obligation.type for obligation in decision.obligations),
                policy=decision.policy.revision,
                deployment=decision.policy.deployment,
                engine_id=decision.engine_id,
            )
        )

    def _record_fault(self, span: DecisionSpan, error: InboundsError) -> None:
        if error.code.startswith("evidence."):
            return
        # What refused it is what the caller has to hear, not that it left no record.
        with contextlib.suppress(DecisionUnavailable):
            self._parts.evidence.decided(
                self._decided(span, outcome="unavailable", codes=(error.code,))
            )

    def _decided(self, span: DecisionSpan, **said: Any) -> Decided:
        task, request = self._task, self._task.request
        tool = self._registered.tool if self._registered else None
        return Decided(
            decision_id=self._id,
            at=clock.now_ns(),
            task=task.id,
            sid=task.session.sid,
            tenant=task.session.tenant,
            subject=task.session.subject,
            agent=task.session.agent,
            intent=request.intent,
            tool=self._tool,
            effects=tuple(tool.effects) if tool else (),
            resource_type=self._resource.type,
            resource_digest=self._hmac(self._resource.id.encode("utf-8", "surrogatepass")),
            digest=self._digest,
            engine=self._parts.pdp.name,
            pep=self._parts.pep,
            trace_id=span.trace_id,
            span_id=span.span_id,
            granted=Granted(
                tools=tuple(sorted(task.authority.tools)), effects=tuple(task.authority.effects)
            ),
            **said,
        )

    def _permitted(self, decision: Decision) -> Permit:
        registered = self._registered
        assert registered is not None  # noqa: S101 -- step 1 was taken
        returns = (registered.tool or UNREGISTERED).returns
        return Permit(
            decision=decision,
            tool=self._tool,
            judged=self._canonical.json,
            bound=Bound(returns.label, registered.labels),
            record=self._parts.evidence.executed,
            unrecorded=self._task.hold_unrecorded,
        )

    def _span(self, mode: str, tool_call_id: str = "") -> contextlib.AbstractContextManager[Any]:
        return self._parts.telemetry.decision(
            tool=self._tool,
            agent=self._task.session.agent,
            sid=self._task.session.sid,
            task=self._task.id,
            pdp=self._parts.pdp.name,
            mode=mode,
            tool_call_id=tool_call_id,
        )

    def _tell(self, span: DecisionSpan, decision: Decision) -> None:
        span.decided(
            outcome=decision.outcome,
            codes=tuple(reason.code for reason in decision.reasons),
            revision=decision.policy.revision,
            engine_id=decision.engine_id,
            decision_id=decision.id,
            digest=self._digest,
        )

    def _hmac(self, serialised: bytes) -> str:
        return digest(serialised, self._parts.digest_key, self._parts.digest_key_id)


def _answer(result: Any) -> Answer:
    """Read what the PDP said as a decision.

    Raises:
        InvalidAnswer: It is anything else.
    """
    try:
        # Strict: neither 1 nor the string "true" is a decision.
        return Answer.model_validate(result)
    except ValidationError:
        kind = "null" if result is None else type(result).__name__
        raise InvalidAnswer(
            f"the PDP's answer is no decision (a JSON {kind})",
            hint="is the bundle of this SDK's version loaded, and is the path right?",
        ) from None


def _more_than_refused(state: SessionState, following: SessionState) -> bool:
    kept = {"version", "decisions", "refusals"}
    return (
        state.model_dump(exclude=kept) != following.model_dump(exclude=kept)
        or following.refusals != state.refusals + 1
    )


def _discard(asking: asyncio.Future[Permit]) -> None:
    if not asking.cancelled() and asking.exception() is None:
        asking.result().cancel()


async def _awaited(running: Coroutine[Any, Any, Any]) -> Any:
    return await running
