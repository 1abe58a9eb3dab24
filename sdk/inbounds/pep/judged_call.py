"""What the policy said of a call, held against what an answer may say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from inbounds.errors import InvalidAnswer
from inbounds.model.question import Decision
from inbounds.sessions.store import monotone, more_than_refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inbounds.model.question import Answer, SessionState


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """The answer to one question.

    Attributes:
        asked: When it was asked, in seconds on `clock.monotonic`.
        state: The state of the session that it was asked with.
        answer: The answer.
        decision: What it decides.
        labels: The deployment's labels, lowest first.
    """

    asked: float
    state: SessionState
    answer: Answer
    decision: Decision
    labels: Sequence[str]

    def following(self) -> SessionState | None:
        """Return the session's next state; None for a refusal that could not compute one.

        Raises:
            InvalidAnswer: It is not whole, or takes back what was spent or seen.
        """
        said = self.answer.context.session
        if not said and not self.decision.allowed:
            return None
        try:
            following = type(self.state).model_validate(said)
        except ValidationError:
            raise InvalidAnswer("the session's next state is not whole") from None
        # A counter that is left out reads as 0, which would hide what was spent.
        if any(
            spent.model_fields_set != type(spent).__pydantic_fields__.keys()
            for spent in (following.spent, *following.tasks.values())
        ):
            raise InvalidAnswer("the session's next state is not whole")
        fault = monotone(self.state, following, self.labels)
        if fault is None and following.decisions[-1:] != [self.decision.id]:
            fault = "it is the answer to another question"
        if fault is None and not self.decision.allowed and more_than_refused(self.state, following):
            fault = "a refusal changed more than the count of refusals"
        if fault is not None:
            raise InvalidAnswer(f"the PDP returned an invalid session state: {fault}")
        return following


def decision_of(answer: Answer, *, call: str, engine: str, evaluate_only: bool) -> Decision:
    """Return the decision of an answer.

    Args:
        answer: What the policy said.
        call: The id that the call was asked about by.
        engine: The id of the engine that answered.
        evaluate_only: Whether nothing may run on it.

    Raises:
        InvalidAnswer: The answer contradicts itself, or allows without a grant.
    """
    context = answer.context
    if answer.decision != (context.outcome == "allow"):
        raise InvalidAnswer("the PDP's answer contradicts itself")
    if answer.decision and not context.grants:
        raise InvalidAnswer("the PDP allows the call without a grant")
    return Decision(
        id=call,
        allowed=answer.decision,
        outcome=context.outcome,
        reasons=context.reasons,
        grants=context.grants,
        obligations=context.obligations,
        policy=context.policy,
        evaluate_only=evaluate_only,
        engine_id=engine,
        access_request=context.access_request,
        approvals=context.approvals,
    )
