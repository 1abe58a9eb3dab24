"""Writes `schemas/<name>.json` from the SDK's models, for `opa check --strict -s schemas`.

The fields of a deployment are described in `tools/deployment_fields.yaml`, and not in the models,
which every agent loads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from inbounds.errors import ConfigurationError
from inbounds.model.claims import IssuanceQuestion
from inbounds.model.delegation import DelegationQuestion, RenewalQuestion
from inbounds.model.deployment import Deployment, LiveHead, LiveRoot
from inbounds.model.question import Answer
from inbounds.model.token_claims import ApprovalClaims, ChildClaims, IdentityClaims, TaskClaims
from inbounds.model.whole_question import Question, RegistryQuestion
from inbounds.pep.evaluation import EvaluationQuestion

OWNS = ("schemas/*.json",)
DESCRIPTIONS = "tools/deployment_fields.yaml"
"""What each field of a deployment means, by model."""

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
        schema = deployment() if name == "deployment" else _of(model)
        texts[f"schemas/{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return texts


def deployment() -> dict[str, Any]:
    """Return the schema of a deployment, with a description of each field.

    Raises:
        ConfigurationError: A field has no description, or a description no field.
    """
    schema = _of(Deployment)
    described = yaml.safe_load((Path(__file__).parent / Path(DESCRIPTIONS).name).read_text("utf-8"))
    models = {"Deployment": schema, **schema["$defs"]}
    fields = {
        (name, each) for name, model in models.items() for each in model.get("properties", ())
    }
    if wrong := fields ^ {(name, each) for name, model in described.items() for each in model}:
        named = ", ".join(sorted(".".join(one) for one in wrong))
        raise ConfigurationError(
            f"{DESCRIPTIONS} must describe exactly the fields there are: {named}"
        )
    for name, field in fields:
        models[name]["properties"][field]["description"] = described[name][field]
    return schema


def _of(model: type[BaseModel]) -> dict[str, Any]:
    schema: dict[str, Any] = _plain(model.model_json_schema(mode="validation"))
    return schema


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
