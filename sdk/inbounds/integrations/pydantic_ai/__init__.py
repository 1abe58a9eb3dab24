"""Pydantic AI: a call of a tool is judged last before the tool runs.

    agent = create_guarded_agent(model, [read, send], authorization=AuthorizationCapability(guard))

It stands innermost of all capabilities and wrappers of toolsets, and once more in the place of each
toolset that runs tools itself: what a layer changes in between does not run. A refusal is a failed
tool return that the model reads; where a person has to approve, the run ends with
`DeferredToolRequests`, and the policy is asked again when it goes on.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .agents import create_guarded_agent
    from .capability import AuthorizationCapability
except ImportError as missing:
    if not (missing.name or "").startswith("pydantic_ai"):
        raise
    raise ConfigurationError(
        "Pydantic AI is guarded with the package `pydantic-ai-slim`, which is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[pydantic-ai]'",
    ) from missing

__all__ = ["AuthorizationCapability", "create_guarded_agent"]
