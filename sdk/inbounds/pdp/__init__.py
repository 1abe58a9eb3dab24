"""Where decisions come from. Only this package talks to a policy decision point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

DECISION = "inbounds/main/decision"
"""The entry point that judges one action (`model.question.Question` → `model.question.Answer`)."""
EVALUATION = "inbounds/evaluation/decisions"
"""What judges several (`pep.evaluation.EvaluationQuestion` → `model.question.Answer`s)."""
REGISTRY = "inbounds/registry/tool"
"""What describes one tool (`model.question.RegistryQuestion` → `registry.RegistryAnswer`)."""
DELEGATION = "inbounds/delegation/child"
"""What a holder may delegate (`delegation.DelegationQuestion` → `claims.IssuanceAnswer`)."""
ACCEPTANCE = "inbounds/delegation/accepted"
"""What a chain comes to (`delegation.AcceptanceQuestion` → `delegation.AcceptanceAnswer`)."""
ISSUANCE = "inbounds/issuance/task"
"""The entry point that bounds a task (`claims.IssuanceQuestion` → `claims.IssuanceAnswer`)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a PDP said, before anyone has looked whether it is a decision.

    Attributes:
        result: The JSON value of the entry point. An undefined one is never a reply.
        engine_id: The engine's own id of this evaluation (OPA's `decision_id`), or "".
    """

    result: Any
    engine_id: str = ""


class PolicyDecisionPoint(Protocol):
    """Anything that evaluates the policy: `OpaServer`, `EmbeddedPolicy`, or a fake in a test."""

    @property
    def name(self) -> str:
        """`opa` or `embedded`, as spans and records say it."""
        ...

    def ask(
        self, entrypoint: str, question: bytes, *, deadline: float, traceparent: str = ""
    ) -> Reply:
        """Evaluate one entry point.

        Args:
            entrypoint: One of the constants of this module.
            question: The `input` document, UTF-8 JSON.
            deadline: When to give up, on the clock of `time.monotonic`, in seconds.
            traceparent: W3C trace context to pass on, or "".

        Raises:
            Timeout: The deadline passed.
            Unreachable: Nobody there, or a fault of the engine's own.
            InvalidAnswer: Undefined, or not JSON.
        """
        ...

    def close(self) -> None:
        """Release connections and memory. A closed PDP answers nothing."""
        ...


class LiveTarget(Protocol):
    """Anything that takes the revocation feed in whole."""

    def push_live(self, now: Mapping[str, Any]) -> None:
        """Replace `data.live.now` (`model.deployment.LiveNow` as JSON) in one step."""
        ...
