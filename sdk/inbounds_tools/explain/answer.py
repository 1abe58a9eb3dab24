"""The parts of the policy's answer, for a person to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from pydantic import ValidationError

from inbounds.dev.deployment import revision_of
from inbounds.model.whole_question import Question
from inbounds_tools.catalogue import hidden
from inbounds_tools.policytest.scenes import Scene

from .tokens import TokenSaid, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision in words.

    Attributes:
        outcome: `allow`, `deny`, `ask`, or `unavailable` where no answer came.
        asked: The tool, resource, subject, agent and decision of the question.
        reasons: The policy's reasons against the call; the first one's code is the headline.
        malformed: Each place where the question does not fit its schema.
        ruled_out: The codes that were positively ruled out.
        not_shown: Codes that a standing one hides, each with the codes that hide it.
        grants: The grants that cover the call. They decide only where there is no reason.
        obligations: What the caller must do for an allow to hold.
        tokens: What each token claims.
        policy: The revisions of the policy and of the deployment that answered.
        packed: Whether the deployment's revision is the digest of its content. The deployment
            of a case was never packed: its revision is a placeholder.
    """

    outcome: str
    asked: Mapping[str, str]
    reasons: tuple[Mapping[str, Any], ...] = ()
    malformed: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    not_shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grants: tuple[Mapping[str, Any], ...] = ()
    obligations: tuple[Mapping[str, Any], ...] = ()
    tokens: tuple[TokenSaid, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    packed: bool = False

    @property
    def changes(self) -> tuple[str, ...]:
        """What has to change for the call to be allowed, in words."""
        words = [f"{reason['code']}: {reason['remedy']}" for reason in self.reasons]
        if self.not_shown:
            words.append("then ask again: these reasons may hide others")
        return tuple(words)


def explain(scene: Scene, answer: Any, catalogue: Mapping[str, Mapping[str, Any]]) -> Explanation:
    """Take an answer apart.

    Args:
        scene: What was asked, and what it was judged with.
        answer: What the policy answered; None where it gave no answer.
        catalogue: Every rule and escalation of that policy by code.
    """
    context = answer["context"] if isinstance(answer, dict) else {}
    reasons = tuple(context.get("reasons", ()))
    codes = [reason["code"] for reason in reasons]
    not_shown = hidden(
        codes, {code: tuple(about.get("depends_on", ())) for code, about in catalogue.items()}
    )
    return Explanation(
        outcome=context.get("outcome", "unavailable"),
        asked=asked(scene.question),
        reasons=reasons,
        malformed=tuple(_malformed(scene.question)) if "request.malformed" in codes else (),
        ruled_out=tuple(sorted(set(catalogue) - {*codes, *not_shown})) if context else (),
        not_shown=not_shown,
        grants=tuple(context.get("grants", ())),
        obligations=tuple(context.get("obligations", ())),
        tokens=tuple(
            read(
                scene.question,
                scene.live,
                standing=codes,
                not_shown=not_shown if context else catalogue,
                now=scene.now,
            )
        ),
        policy=context.get("policy", {}),
        packed=_is_packed(scene.deployment),
    )


def _is_packed(deployment: Any) -> bool:
    if not isinstance(deployment, dict):
        return False
    try:
        return bool(deployment.get("revision") == revision_of(deployment))
    except (rfc8785.CanonicalizationError, RecursionError):
        return False


def asked(question: Any) -> dict[str, str]:
    """Return tool, resource, subject, agent and decision of a question; "" for what it lacks.

    No argument's value is in it.
    """

    def word(*path: str) -> str:
        value = question
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        return value if isinstance(value, str) else ""

    return {
        "tool": word("action", "name"),
        "resource": f"{word('resource', 'type')} {word('resource', 'id')}".strip(),
        "subject": word("subject", "id"),
        "agent": word("context", "agent"),
        "decision": word("context", "decision", "id"),
    }


def members(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return every rule and escalation of a policy by code, from the data of its bundle."""
    own = data.get("inbounds", {})
    return {
        code: about
        for source in (own.get("catalogue", {}), own.get("build", {}).get("site", {}))
        for kind in ("rules", "escalations")
        for code, about in source.get(kind, {}).items()
    }


def _malformed(question: Any) -> Iterator[str]:
    try:
        Question.model_validate(question)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False)[:20]:
            where = "/".join(map(str, fault["loc"]))
            yield f"/{where}: {fault['msg'].lower()}"
