"""Writes `schemas/<name>.json` from the SDK's models, for `opa check --strict -s schemas`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from inbounds.model.claims import IssuanceQuestion
from inbounds.model.delegation import DelegationQuestion, RenewalQuestion
from inbounds.model.deployment import Deployment, LiveHead, LiveRoot
from inbounds.model.question import Answer, Question, RegistryQuestion
from inbounds.model.token_claims import ApprovalClaims, ChildClaims, IdentityClaims, TaskClaims
from inbounds.pep.evaluation import EvaluationQuestion

OWNS = ("schemas/*.json",)

_SCHEMAS: dict[str, type[BaseModel]] = {
    "question": Question,
    "evaluation_question": EvaluationQuestion,
    "registry_question": RegistryQuestion,
    "issuance_question": IssuanceQuestion,
    "delegation_question": DelegationQuestion,
    "issuer_question": RenewalQuestion,
    "answer": Answer,
    "deployment": Deployment,
    "live": LiveRoot,
    "identity_claims": IdentityClaims,
    "task_claims": TaskClaims,
    "child_claims": ChildClaims,
    "approval_claims": ApprovalClaims,
    "live_head": LiveHead,
}

# Titles repeat the names; property names are held by `lib/shape`, and OPA does not read them.
_NOISE = frozenset({"title", "propertyNames"})


def generated(_root: Path) -> dict[str, str]:
    """Return the text of every schema by its path."""
    texts = {}
    for name, model in _SCHEMAS.items():
        schema = _plain(model.model_json_schema(mode="validation"))
        texts[f"schemas/{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return texts


def _plain(node: Any, *, names: bool = False) -> Any:
    """Return `node` without noise; `names` tells that its keys are property names, all kept."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _plain(value, names=not names and key in {"properties", "$defs"})
        for key, value in node.items()
        if names or key not in _NOISE
    }
