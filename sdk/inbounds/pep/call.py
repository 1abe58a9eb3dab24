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

import contextlib
import json
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from inbounds.canonical.arguments import Canonical, canonicalise, digest
from inbounds.errors import (
    AccessDenied,
    ApprovalRequired,
    ArgumentNotRepresentable,
    DecisionUnavailable,
    InboundsError,
    InvalidAnswer,
    Timeout,
)
from inbounds.evidence.records import Decided, Executed, Granted, approved
from inbounds.model.question import QUESTION_VERSION, Decision, Resource
from inbounds.model.skeletons import skeletons
from inbounds.pdp import DECISION
from inbounds.pdp.answer import read_answer
from inbounds.pdp.registry import UNREGISTERED, RegistryAnswer
from inbounds.pep.labelled import Bound
from inbounds.pep.pointers import named_arguments
from inbounds.pep.tool_run import ToolRun
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.provenance.destinations import call_effects, needs_proof
from inbounds.sessions.store import back_off, monotone, more_than_refused, session_contended
from inbounds.text.printable import record_name
from inbounds.version import __version__

from .permit import Permit

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from inbounds.model.question import Answer, SessionState
    from inbounds.pep.runtime import Runtime
    from inbounds.pep.telemetry import DecisionSpan, Mode
    from inbounds.pep.tool import Target

    from .task import Task


_GOOD_FOR = 10.0
"""How many seconds a permit may wait for its tool: as long as an answer may rest on what had been
ended, revoked or stopped by then, for anything but reads."""


class Call:
    """One call on its way through steps 1 to 5."""

    def __init__(
        self, runtime: Runtime, task: Task, target: Target, arguments: Mapping[str, Any]
    ) -> None:
        self._runtime = runtime
        self._task = task
        self._tool = target.name
        self._target = target
        self._given = arguments
        self._recording = False
        self._answered = 0.0
        self._id = uuid7()
        self._deadline = clock.monotonic() + runtime.configuration.deadline
        self._registered: RegistryAnswer | None = None
        self._canonical = Canonical({}, {}, b"{}")
        self._traced: dict[str, Any] = {}
        self._resource = Resource(type="unknown", id="unknown")
        self._digest = ""
        self._asked: dict[str, Any] = {}
        self._leases: list[dict[str, Any]] = []

    def evaluate(self) -> Decision:
        """Take steps 1 and 2. Nothing is spent, recorded or permitted."""
        with self._span("evaluate_only") as span:
            self._task.require_usable()
            self._canonicalise()
            answer, engine_id = self._ask(self._load(), span)
            decision = self._decision(answer, engine_id, evaluate_only=True)
            self._tell(span, decision)
            return decision

    def steps(self) -> Generator[bytes, tuple[Any, str], Decision]:
        """Take the same steps, and leave the asking to who sends the answers."""
        with self._span("evaluate_only") as span:
            self._task.require_usable()
            self._canonicalise()
            answer, engine_id = yield from self._asking(self._load())
            decision = self._decision(answer, engine_id, evaluate_only=True)
            self._tell(span, decision)
            return decision

    def permit(self, tool_call_id: str) -> Permit:
        """Take steps 1 to 5. Raises as `Task.permit`."""
        __tracebackhide__ = True
        self._runtime.leases.ready(self._task, self._tool, self._deadline)
        with self._span("enforce", tool_call_id) as span:
            try:
                self._task.require_usable()
                self._runtime.dropped.write()
                self._canonicalise()
                decision = self._decide(span)
                if self._asked["context"]["credentials"]["approvals"]:
                    self._runtime.approvals.kept.settle(self._task.id, self._asked, decision)
                self._runtime.leases.settle(self._task, decision)
                self._tell(span, decision)
                if decision.allowed and decision.obligations:
                    self._discharge(decision)
                self._recording = decision.allowed
                self._record(span, decision)
            except InboundsError as error:
                error.decision_id = error.decision_id or self._id
                self._record_fault(span, error.code)
                raise
            except BaseException:
                # Stopped in between, perhaps after the commit: it has not run.
                self._record_fault(span, "call.interrupted")
                raise
            if decision.outcome == "ask":
                request = self._runtime.access_request(
                    decision, self._task, self._asked, self._registered
                )
                raise ApprovalRequired(decision, request=request, **self._who())
            if not decision.allowed:
                raise AccessDenied(decision, **self._who())
            span.enforcement("executed")
            return self._permitted(decision)

    # --- step 1 ---------------------------------------------------------------------------

    def _canonicalise(self) -> None:
        if record_name(self._tool) != self._tool:
            raise ArgumentNotRepresentable(
                "the name of the tool is empty, too long or not printable",
                code="tool.not_representable",
                hint="the registry has names of up to 256 printable characters",
            )
        registered = self._runtime.registry.tool(self._tool, deadline=self._deadline)
        tool = registered.tool or UNREGISTERED
        self._registered = registered
        self._canonical = canonicalise(self._target.complete(self._given), tool.arguments)
        self._traced = self._runtime.origins.told(self._task.session, self._canonical, tool)
        # A copy of its own: what it does to the arguments must not change what is judged.
        self._resource = self._target.resource(json.loads(self._canonical.json))
        self._digest = self._hmac(self._canonical.json)

    # --- steps 2 and 3 --------------------------------------------------------------------

    def _decide(self, span: DecisionSpan) -> Decision:
        overtaken = False
        with self._runtime.sessions.lock(self._task.session, deadline=self._deadline):
            while True:
                state = self._load()
                try:
                    answer, engine_id = self._ask(state, span)
                except Timeout as error:
                    if overtaken:
                        raise session_contended() from error
                    raise
                decision = self._decision(answer, engine_id)
                following = self._following(state, answer, decision)
                if following is None or self._commit(state, following):
                    return decision
                # Another process was faster; the policy has to see what it left.
                overtaken = True
                back_off(self._deadline)

    def _load(self) -> SessionState:
        return self._runtime.sessions.load(self._task.session)

    def _commit(self, state: SessionState, following: SessionState) -> bool:
        try:
            return self._runtime.sessions.commit(self._task.session, state.version, following)
        except InvalidAnswer:
            raise
        except DecisionUnavailable:
            # It may have been made all the same; the last ids tell.
            if self._id in self._load().decisions:
                return True
            raise

    def _ask(self, state: SessionState, span: DecisionSpan) -> tuple[Answer, str]:
        """Ask the policy."""
        asking = self._asking(state)
        question = next(asking)
        while True:
            self._runtime.refresh_live(self._deadline)
            self._answered = clock.monotonic()
            reply = self._runtime.pdp.ask(
                DECISION, question, deadline=self._deadline, traceparent=span.traceparent
            )
            try:
                question = asking.send((reply.result, reply.engine_id))
            except StopIteration as answered:
                return cast("tuple[Answer, str]", answered.value)

    def _asking(self, state: SessionState) -> Generator[bytes, tuple[Any, str], tuple[Answer, str]]:
        """Yield the question, and take what was said to it.

        Once more where the registry has changed in between.
        """
        for _ in range(2):
            result, engine_id = yield self._question(state)
            answer = read_answer(result)
            registered = self._registered
            if registered is not None and answer.context.policy.deployment == registered.revision:
                return answer, engine_id
            self._runtime.registry.forget(answer.context.policy.deployment)
            self._canonicalise()
        raise DecisionUnavailable(
            "the tool registry changed twice during the call",
            code="registry.changed",
            hint="call again once the new deployment is everywhere",
        )

    def _question(self, state: SessionState) -> bytes:
        task, grant = self._task, self._task.grant
        registered = self._registered
        tool = (registered.tool if registered else None) or UNREGISTERED
        self._leases = self._runtime.leases.named(task, self._tool, tool.credential)
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
                    **self._traced,
                    "skeletons": skeletons(
                        self._canonical.arguments,
                        self._canonical.json,
                        tool.arguments,
                        self._resource.id,
                    ),
                    "digest": self._digest,
                    "size": len(self._canonical.json),
                    "registry": registered.revision if registered else "",
                },
            },
            "resource": self._resource.model_dump(exclude_defaults=True),
            "context": {
                "decision": {"id": self._id},
                "agent": task.request.agent,
                "credentials": self._runtime.credentials(
                    grant,
                    state,
                    decision=self._id,
                    tool=self._tool,
                    digest=self._digest,
                    proves=needs_proof(registered, self._canonical.arguments),
                    deadline=self._deadline,
                ),
                "session": state.model_dump(),
                "environment": self._runtime.call_environment().model_dump(exclude_defaults=True),
                "leases": self._leases,
                "pep": {
                    "id": self._runtime.pep,
                    "version": __version__,
                    "supported_obligations": list(self._runtime.discharger.supported(tool.returns)),
                },
            },
        }
        self._asked = question
        return self._runtime.complete_question(question, task, registered, state)

    def _decision(self, answer: Answer, engine_id: str, *, evaluate_only: bool = False) -> Decision:
        context = answer.context
        if answer.decision != (context.outcome == "allow"):
            raise InvalidAnswer("the PDP's answer contradicts itself")
        if answer.decision and not context.grants:
            raise InvalidAnswer("the PDP allows the call without a grant")
        self._runtime.discharger.accept(context.obligations)
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
            approvals=context.approvals,
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
        # A counter that is left out reads as 0, which would hide what was spent.
        if any(
            spent.model_fields_set != type(spent).__pydantic_fields__.keys()
            for spent in (following.spent, *following.tasks.values())
        ):
            raise InvalidAnswer("the session's next state is not whole")
        labels = self._registered.labels if self._registered else ()
        fault = monotone(state, following, labels)
        if fault is None and following.decisions[-1:] != [self._id]:
            fault = "it is the answer to another question"
        if fault is None and not decision.allowed and more_than_refused(state, following):
            fault = "a refusal changed more than the count of refusals"
        if fault is not None:
            raise InvalidAnswer(f"the PDP returned an invalid session state: {fault}")
        return following

    # --- step 4 ---------------------------------------------------------------------------

    def _discharge(self, decision: Decision) -> None:
        self._runtime.discharger.before(self._tool, decision.obligations)
        if clock.monotonic() > self._deadline:
            raise Timeout("what had to be done before the call took until the deadline")

    # --- step 5 and the record ----------------------------------------------------------

    def _record(self, span: DecisionSpan, decision: Decision) -> None:
        known, arguments = self._registered, self._canonical.arguments
        self._recorded = self._decided(
            span,
            outcome=decision.outcome,
            codes=tuple(reason.code for reason in decision.reasons),
            pointers=named_arguments(decision.reasons, known, arguments),
            obligations=tuple(obligation.type for obligation in decision.obligations),
            policy=decision.policy.revision,
            deployment=decision.policy.deployment,
            approvals=tuple(map(approved, decision.approvals)),
            engine_id=decision.engine_id,
        )
        self._runtime.evidence.decided(self._recorded)

    def _record_fault(self, span: DecisionSpan, code: str) -> None:
        if code.startswith("evidence."):
            return
        # What stopped it is what the caller has to hear, not that it left no record.
        with contextlib.suppress(DecisionUnavailable):
            try:
                self._runtime.evidence.decided(
                    self._decided(span, outcome="unavailable", codes=(code,))
                )
            except DecisionUnavailable:
                if not self._recording:
                    raise
                # Stopped while the allow was written, and written it was: a log takes none twice.
                self._runtime.evidence.executed(
                    Executed(
                        decision_id=self._id,
                        at=clock.now_ns(),
                        executed="no",
                        status="cancelled",
                    )
                )

    def _decided(self, span: DecisionSpan, **said: Any) -> Decided:
        try:
            return self._record_of(span, said)
        except ValidationError:
            raise InvalidAnswer("the PDP's answer holds text that no record has room for") from None

    def _record_of(self, span: DecisionSpan, said: Mapping[str, Any]) -> Decided:
        task, request = self._task, self._task.request
        return Decided(
            decision_id=self._id,
            at=clock.now_ns(),
            task=task.id,
            sid=task.session.sid,
            tenant=task.session.tenant,
            subject=task.session.subject,
            agent=request.agent,
            actors=tuple(reversed(task.agents)),
            intent=request.intent,
            tool=record_name(self._tool),
            effects=call_effects(self._registered, self._canonical.arguments),
            resource_type=record_name(self._resource.type),
            resource_digest=self._hmac(self._resource.id.encode("utf-8", "surrogatepass")),
            digest=self._digest,
            engine=self._runtime.pdp.name,
            pep=self._runtime.pep,
            leases=tuple(lease["handle"] for lease in self._leases),
            trace_id=span.trace_id,
            span_id=span.span_id,
            granted=Granted(
                tools=tuple(sorted(task.authority.tools)), effects=tuple(task.authority.effects)
            ),
            **said,
        )

    def _who(self) -> dict[str, str]:
        """Who wanted what, as a refusal says it: never what it was to be done with."""
        task = self._task
        return {
            "tool": record_name(self._tool),
            "subject": record_name(task.session.subject),
            "agent": record_name(task.request.agent),
            "intent": record_name(task.request.intent),
        }

    def _permitted(self, decision: Decision) -> Permit:
        registered = self._registered
        assert registered is not None  # noqa: S101 -- step 1 was taken
        tool = registered.tool or UNREGISTERED
        return Permit(
            decision=decision,
            tool=self._tool,
            judged=self._canonical.json,
            bound=Bound(tool.returns.label, registered.labels),
            returns=tool.returns,
            good_until=min(
                self._answered + _GOOD_FOR,
                clock.monotonic() + self._task.authority.deadline - clock.now(),
            ),
            require_usable=self._task.require_usable,
            record=self._runtime.evidence.executed,
            unrecorded=self._task.hold_unrecorded,
            dropped=self._runtime.dropped.keep,
            seen=self._runtime.observer(self._task, self._tool, tool, self._canonical.arguments),
            tool_run=ToolRun(self._recorded, self._runtime.evidence.decided),
        )

    def _span(self, mode: Mode, tool_call_id: str = "") -> DecisionSpan:
        return self._runtime.telemetry.decision(
            tool=record_name(self._tool),
            agent=self._task.request.agent,
            sid=self._task.session.sid,
            task=self._task.id,
            pdp=self._runtime.pdp.name,
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
        return digest(serialised, self._runtime.digest_key, self._runtime.digest_key_id)
