"""What the policy answered, taken apart for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from inbounds.model.question import Question
from inbounds_tools.catalogue import hidden
from inbounds_tools.policytest.scenes import Scene

from .tokens import TokenSaid, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision in words.

    Attributes:
        outcome: `allow`, `deny`, `ask`, or `unavailable` where no answer came.
        asked: Who wanted to do what, for whom.
        reasons: What stands against it, as the policy says it; the first is the code.
        malformed: Where the question has not the shape of one.
        ruled_out: The codes that were positively ruled out.
        not_shown: Codes that a standing one would hide, each with those that do.
        grants: What speaks for it.
        obligations: What has to be done for it.
        tokens: What each token claims.
        policy: Which revisions answered.
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

    @property
    def changes(self) -> tuple[str, ...]:
        """What would have to change for it to be allowed, in words."""
        words = [f"{reason['code']}: {reason['remedy']}" for reason in self.reasons]
        if self.not_shown:
            words.append("then ask again: more may stand behind these")
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
    )


def asked(question: Any) -> dict[str, str]:
    """Return who wanted to do what, as far as a question says it. No argument's value is in it."""

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
