"""OpenAI Agents SDK: a call of a tool is judged in the tool's own place.

    agent = protect(Agent(name="Desk", tools=[read, send]), Authorization(guard))

What runs is what was judged, whatever stands between the model and the tool. A refusal is the
tool's output, which the model reads; where a person has to approve, the run is interrupted, and
the policy is asked again when it goes on.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .authorization import Authorization
    from .protection import protect
except ImportError as missing:
    if (missing.name or "").split(".")[0] not in ("agents", "openai"):
        raise
    raise ConfigurationError(
        "the OpenAI Agents SDK is guarded with the package `openai-agents`: it is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[openai-agents]'",
    ) from missing

__all__ = ["Authorization", "protect"]
