"""What an issuer's decisions leave: one span and two records each, as those of a PEP do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from inbounds.canonical.arguments import digest
from inbounds.errors import InboundsError, TokenInvalid
from inbounds.evidence.keys import key_id
from inbounds.evidence.records import Decided, Executed, Granted
from inbounds.process import clock
from inbounds.process.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from inbounds.evidence import EvidenceLog
    from inbounds.identity import TaskGrant, TaskRequest
    from inbounds.model.question import Reason
    from inbounds.pep.telemetry import Telemetry

PEP = "issuer"
"""What records call the issuer, where those of actions name a PEP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """Where they are left.

    Attributes:
        evidence: Keeps the records.
        telemetry: Is told of the decisions.
        key: What arguments and names are hidden with. A secret.
        engine: What decides: `opa` or `embedded`.
    """

    evidence: EvidenceLog
    telemetry: Telemetry
    key: bytes = field(repr=False)
    engine: str


class Recorded:
    """One decision, from the request until it is known whether a token was issued.

    An allow is recorded before anything is issued; leaving the block records the outcome.

    Args:
        log: Where to.
        what: `task.begin`, `task.renew` or `task.end`.
        task: The id of the task; for the end of a hop, of the task and of all hops down to it.
        request: Who asks, for whom and to what end.
        asked: What is asked for, as JSON.
    """

    def __init__(self, log: Log, what: str, task: str, request: TaskRequest, asked: bytes) -> None:
        self._log = log
        self._what = what
        self._task = task
        self._request = request
        self._digest = self._hidden(asked)
        self._id = uuid7()
        self._outcome = ""
        self._span = log.telemetry.decision(
            tool=what,
            agent=request.agent,
            sid=request.sid,
            task=task,
            pdp=log.engine,
            decision_id=self._id,
        )

    def __enter__(self) -> Self:
        self._span.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, InboundsError):
                error.decision_id = self._id
            if error is not None and not self._outcome:
                code = error.code if isinstance(error, InboundsError) else "call.interrupted"
                if not code.startswith("evidence."):
                    self._decided("unavailable", (code,))
            elif self._outcome == "allow":
                self._executed("no" if error is not None else "yes")
        finally:
            self._span.__exit__(kind, error, trace)

    def allowed(self, grant: TaskGrant | None = None) -> None:
        """Record that it was allowed, before anything is issued.

        Args:
            grant: What is issued; None for an end.

        Raises:
            DecisionUnavailable: The evidence log does not take it.
        """
        granted = Granted()
        if grant is not None:
            tools, effects = sorted(grant.authority.tools), grant.authority.effects
            granted = Granted(tools=tuple(tools), effects=tuple(effects))
        self._decided("allow", (), granted)
        self._span.decided("allow", decision_id=self._id, digest=self._digest)

    def refused(self, reasons: Sequence[Reason]) -> TokenInvalid:
        """Keep that it was refused, and return the error that says why.

        Raises:
            DecisionUnavailable: The evidence log does not take it.
        """
        codes = tuple(reason.code for reason in reasons) or ("issuance.refused",)
        self._decided("deny", codes)
        self._span.decided("deny", codes=codes, decision_id=self._id, digest=self._digest)
        return refusal(reasons)

    def _decided(
        self,
        outcome: Literal["allow", "deny", "unavailable"],
        codes: tuple[str, ...],
        granted: Granted | None = None,
    ) -> None:
        request = self._request
        self._log.evidence.decided(
            Decided(
                decision_id=self._id,
                at=clock.now_ns(),
                task=self._task,
                sid=request.sid,
                tenant=request.tenant,
                subject=request.subject,
                agent=request.agent,
                intent=request.intent,
                tool=self._what,
                resource_type="task",
                resource_digest=self._hidden(self._task.encode()),
                digest=self._digest,
                outcome=outcome,
                codes=codes,
                engine=self._log.engine,
                pep=PEP,
                trace_id=self._span.trace_id,
                span_id=self._span.span_id,
                granted=granted or Granted(),
            )
        )
        self._outcome = outcome

    def _executed(self, executed: Literal["yes", "no"]) -> None:
        self._log.evidence.executed(
            Executed(
                decision_id=self._id,
                at=clock.now_ns(),
                executed=executed,
                status="ok" if executed == "yes" else "cancelled",
            )
        )

    def _hidden(self, text: bytes) -> str:
        return digest(text, self._log.key, key_id(self._log.key))


def refusal(reasons: Sequence[Reason]) -> TokenInvalid:
    """Return the error that says why a task is refused."""
    return TokenInvalid(
        "; ".join(reason.message for reason in reasons) or "nothing grants this task",
        code=reasons[0].code if reasons else "issuance.refused",
        hint="; ".join(dict.fromkeys(reason.remedy for reason in reasons if reason.remedy)),
    )
