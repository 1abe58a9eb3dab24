"""How a policy is asked about a task: by an issuer, and by who delegates or accepts it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from inbounds.errors import InvalidAnswer
from inbounds.model.claims import IssuanceAnswer, IssuanceQuestion
from inbounds.model.question import QUESTION_VERSION

if TYPE_CHECKING:
    from inbounds.identity import TaskRequest
    from inbounds.pdp import PolicyDecisionPoint

A = TypeVar("A", bound=IssuanceAnswer)


def asked_of(request: TaskRequest) -> IssuanceQuestion:
    """Return the question how far a task may reach that is asked for so."""
    return IssuanceQuestion(
        question=QUESTION_VERSION,
        subject=request.subject,
        agent=request.agent,
        intent=request.intent,
        tenant=request.tenant,
        environment=request.environment,
        scope=request.scope,
        seconds=request.seconds,
    )


def answered(
    pdp: PolicyDecisionPoint,
    entrypoint: str,
    question: BaseModel,
    kind: type[A],
    *,
    deadline: float,
) -> A:
    """Ask, and return the answer where it is one.

    Args:
        pdp: Whom.
        entrypoint: What.
        question: As the entry point takes it.
        kind: What it answers with.
        deadline: When to give up, in seconds on `clock.monotonic`.

    Raises:
        DecisionUnavailable: No usable answer came.
    """
    reply = pdp.ask(entrypoint, question.model_dump_json().encode(), deadline=deadline)
    try:
        return kind.model_validate(reply.result)
    except ValidationError:
        raise InvalidAnswer("the PDP returned an invalid answer about the task") from None
