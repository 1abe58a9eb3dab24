"""Where decisions come from. Only this package talks to a policy decision point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.lazy import lazy_names

if TYPE_CHECKING:
    from .protocol import LiveTarget as LiveTarget
    from .protocol import PolicyDecisionPoint as PolicyDecisionPoint

DECISION = "inbounds/main/decision"
"""The entry point that judges one action (`whole_question.Question` → `question.Answer`)."""
EVALUATION = "inbounds/evaluation/decisions"
"""What judges several (`pep.evaluation.EvaluationQuestion` → `model.question.Answer`s)."""
REGISTRY = "inbounds/registry/tool"
"""What describes one tool (`model.whole_question.RegistryQuestion` → `registry.RegistryAnswer`)."""
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


# What a decision point is, only who writes one asks.
__getattr__ = lazy_names(__name__, {"LiveTarget": ".protocol", "PolicyDecisionPoint": ".protocol"})
