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
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError

from inbounds.canonical.arguments import digest
from inbounds.errors import (
    AccessDenied,
    ApprovalRequired,
    DecisionUnavailable,
    InboundsError,
    InvalidAnswer,
    Timeout,
)
from inbounds.evidence.records import Decided, Executed, Granted, approved, record_name
from inbounds.model.question import QUESTION_VERSION
from inbounds.pdp import DECISION
from inbounds.pdp.answer import read_answer
from inbounds.pep.judged_call import JudgedCall, decision_of
from inbounds.pep.labelled import Bound
from inbounds.pep.prepared_call import PreparedCall, prepare
from inbounds.pep.tool_run import ToolRun
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.sessions.store import back_off, session_contended
from inbounds.version import __version__

from .permit import Permit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from inbounds.model.question import Decision, SessionState
    from inbounds.pep.runtime import Runtime
    from inbounds.pep.telemetry import DecisionSpan, Mode
    from inbounds.pep.tool import Target

    from .task import Task

T = TypeVar("T")

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
        self._target = target
        self._given = arguments
        self._id = uuid7()
        self._deadline = clock.monotonic() + runtime.configuration.deadline
        # How far it has come, for whatever stops it: each replaced by the next, never changed.
        self._prepared = PreparedCall(target.name)
        self._question: dict[str, Any] = {}
        self._decided: Decided | None = None
        # Made once it is allowed: what its results are told to.
        self._seen: Callable[..., None]

    def evaluate(self) -> Decision:
        """Take steps 1 and 2. Nothing is spent, recorded or permitted."""
        with self._span("evaluate_only") as span:
            return self._ask(self._evaluation(span), span)

    def steps(self) -> Generator[bytes, tuple[Any, str], Decision]:
        """Take the same steps, and leave the asking to who sends the answers."""
        with self._span("evaluate_only") as span:
            return (yield from self._evaluation(span))

    def permit(self, tool_call_id: str) -> Permit:
        """Take steps 1 to 5. Raises as `Task.permit`."""
        __tracebackhide__ = True
        with self._span("enforce", tool_call_id) as span:
            try:
                self._task.require_usable()
                self._runtime.leases.ready(self._task, self._target.name, self._deadline)
                self._runtime.dropped.write(self._runtime.evidence.executed)
                self._prepare()
                judged = self._judge(span)
                decision = judged.decision
                if self._question["context"]["credentials"]["approvals"]:
                    self._runtime.approvals.kept.settle(self._task.id, self._question, decision)
                if not decision.allowed:
                    self._task.settle(reason.code for reason in decision.reasons)
                self._tell(span, decision)
                if decision.allowed and decision.obligations:
                    self._discharge(decision)
                recorded = self._record(span, decision)
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
                    decision, self._task, self._question, self._prepared.registered
                )
                raise ApprovalRequired(decision, request=request, **self._who())
            if not decision.allowed:
                raise AccessDenied(decision, **self._who())
            span.enforcement("executed")
            return self._permitted(judged, recorded)

    # --- step 1 ---------------------------------------------------------------------------

    def _prepare(self) -> None:
        for known in prepare(
            self._runtime, self._task.session, self._target, self._given, self._deadline
        ):
            self._prepared = known

    # --- steps 2 and 3 --------------------------------------------------------------------

    def _evaluation(self, span: DecisionSpan) -> Generator[bytes, tuple[Any, str], Decision]:
        self._task.require_usable()
        self._prepare()
        judged = yield from self._asking(self._load(), evaluate_only=True)
        self._tell(span, judged.decision)
        return judged.decision

    def _judge(self, span: DecisionSpan) -> JudgedCall:
        overtaken = False
        session = self._task.session
        with self._runtime.sessions.lock(session, deadline=self._deadline):
            if self._runtime.origins.of(session).version != self._prepared.indexed:
                # A call before this one in the lock has paid, changed or written something.
                self._prepare()
            while True:
                try:
                    judged = self._ask(self._asking(self._load()), span)
                except Timeout as error:
                    if overtaken:
                        raise session_contended() from error
                    raise
                following = judged.following()
                if following is None or self._commit(judged.state, following):
                    if judged.decision.allowed:
                        self._seen = self._observer(judged)
                    return judged
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

    def _ask(self, asking: Generator[bytes, tuple[Any, str], T], span: DecisionSpan) -> T:
        """Put to the policy what `asking` yields, until it returns."""
        question = next(asking)
        while True:
            self._runtime.refresh_live(self._deadline)
            reply = self._runtime.pdp.ask(
                DECISION, question, deadline=self._deadline, traceparent=span.traceparent
            )
            try:
                question = asking.send((reply.result, reply.engine_id))
            except StopIteration as answered:
                return cast("T", answered.value)

    def _asking(
        self, state: SessionState, *, evaluate_only: bool = False
    ) -> Generator[bytes, tuple[Any, str], JudgedCall]:
        """Yield the question, and take what was said to it.

        Once more where the registry has changed in between.
        """
        for _ in range(2):
            asked = clock.monotonic()
            result, engine_id = yield self._encoded_question(state)
            answer = read_answer(result)
            registered = self._prepared.registered
            if registered is not None and answer.context.policy.deployment == registered.revision:
                self._runtime.discharger.accept(answer.context.obligations)
                decision = decision_of(
                    answer, call=self._id, engine=engine_id, evaluate_only=evaluate_only
                )
                return JudgedCall(asked, state, answer, decision, registered.labels)
            self._runtime.registry.forget(answer.context.policy.deployment)
            self._prepare()
        raise DecisionUnavailable(
            "the tool registry changed twice during the call",
            code="registry.changed",
            hint="call again once the new deployment is everywhere",
        )

    def _encoded_question(self, state: SessionState) -> bytes:
        task, grant, call = self._task, self._task.grant, self._prepared
        subject = grant.request.subject
        # Where no person stands behind the task, the agent is its own subject.
        subject_type = "workload" if subject == task.session.agent else "user"
        leases = self._runtime.leases.named(task, call.tool, call.entry.credential)
        self._question = {
            "question": QUESTION_VERSION,
            "subject": {"type": subject_type, "id": subject},
            "action": call.action(),
            "resource": call.resource.model_dump(exclude_defaults=True),
            "context": {
                "decision": {"id": self._id},
                "agent": task.request.agent,
                "credentials": self._runtime.credentials(
                    grant,
                    state,
                    decision=self._id,
                    tool=call.tool,
                    digest=call.digest,
                    proves=call.needs_proof,
                    deadline=self._deadline,
                ),
                "session": state.model_dump(),
                "environment": self._runtime.call_environment().model_dump(exclude_defaults=True),
                "leases": leases,
                "pep": {
                    "id": self._runtime.pep,
                    "version": __version__,
                    "supported_obligations": list(
                        self._runtime.discharger.supported(call.entry.returns)
                    ),
                },
            },
        }
        return self._runtime.complete_question(self._question, task, call.registered, state)

    # --- step 4 ---------------------------------------------------------------------------

    def _discharge(self, decision: Decision) -> None:
        self._runtime.discharger.before(self._target.name, decision.obligations)
        if clock.monotonic() > self._deadline:
            raise Timeout("what had to be done before the call took until the deadline")

    # --- step 5 and the record ----------------------------------------------------------

    def _record(self, span: DecisionSpan, decision: Decision) -> Decided:
        call = self._prepared
        pointers: tuple[str, ...] = ()
        if decision.reasons:
            from inbounds.pep.pointers import named_arguments

            pointers = named_arguments(decision.reasons, call.registered, call.canonical.arguments)
        self._decided = self._record_of(
            span,
            outcome=decision.outcome,
            codes=tuple(reason.code for reason in decision.reasons),
            pointers=pointers,
            obligations=tuple(obligation.type for obligation in decision.obligations),
            policy=decision.policy.revision,
            deployment=decision.policy.deployment,
            approvals=tuple(map(approved, decision.approvals)),
            engine_id=decision.engine_id,
        )
        self._runtime.evidence.decided(self._decided)
        return self._decided

    def _record_fault(self, span: DecisionSpan, code: str) -> None:
        if code.startswith("evidence."):
            return
        # What stopped it is what the caller has to hear, not that it left no record.
        with contextlib.suppress(DecisionUnavailable):
            try:
                self._runtime.evidence.decided(
                    self._record_of(span, outcome="unavailable", codes=(code,))
                )
            except DecisionUnavailable:
                if self._decided is None or self._decided.outcome != "allow":
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

    def _record_of(self, span: DecisionSpan, **said: Any) -> Decided:
        task, request, call = self._task, self._task.request, self._prepared
        leases = self._question["context"]["leases"] if self._question else ()
        try:
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
                tool=record_name(call.tool),
                effects=call.effects,
                resource_type=record_name(call.resource.type),
                resource_digest=digest(
                    call.resource.id.encode("utf-8", "surrogatepass"),
                    self._runtime.digest_key,
                    self._runtime.digest_key_id,
                ),
                digest=call.digest,
                engine=self._runtime.pdp.name,
                pep=self._runtime.pep,
                leases=tuple(lease["handle"] for lease in leases),
                trace_id=span.trace_id,
                span_id=span.span_id,
                granted=Granted(
                    tools=tuple(sorted(task.authority.tools)),
                    effects=tuple(task.authority.effects),
                ),
                **said,
            )
        except ValidationError:
            raise InvalidAnswer("the PDP's answer holds text that no record has room for") from None

    def _who(self) -> dict[str, str]:
        """Who wanted what, as a refusal says it: never what it was to be done with."""
        task = self._task
        return {
            "tool": record_name(self._target.name),
            "subject": record_name(task.session.subject),
            "agent": record_name(task.request.agent),
            "intent": record_name(task.request.intent),
        }

    def _permitted(self, judged: JudgedCall, recorded: Decided) -> Permit:
        call, runtime = self._prepared, self._runtime
        return Permit(
            decision=judged.decision,
            tool=call.tool,
            judged=call.canonical.json,
            bound=Bound(call.entry.returns.label, judged.labels),
            returns=call.entry.returns,
            good_until=min(
                judged.asked + _GOOD_FOR,
                clock.monotonic() + self._task.authority.deadline - clock.now(),
            ),
            require_usable=self._task.require_usable,
            record=runtime.evidence.executed,
            unrecorded=self._task.hold_unrecorded,
            dropped=runtime.dropped.keep,
            seen=self._seen,
            tool_run=ToolRun(recorded, runtime.evidence.decided),
        )

    def _observer(self, judged: JudgedCall) -> Callable[..., None]:
        """Index what the call does, before another one of its session is judged."""
        call = self._prepared
        vouched = judged.state.trust == "trusted" or bool(judged.decision.approvals)
        return self._runtime.observer(
            self._task,
            call.tool,
            call.entry,
            call.canonical.arguments,
            steered=None if vouched else call.origins,
            decision=self._id,
            resource=call.resource,
        )

    def _span(self, mode: Mode, tool_call_id: str = "") -> DecisionSpan:
        return self._runtime.telemetry.decision(
            tool=record_name(self._target.name),
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
            digest=self._prepared.digest,
        )
