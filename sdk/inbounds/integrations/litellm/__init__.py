"""LiteLLM's proxy: tools of MCP servers run under a permit, and models propose what may run.

    gateway = Authorization(guard, task=task_of)

`guardrail: <module>.gateway` in LiteLLM's configuration makes a guardrail of it. A call of an MCP
server's tool is judged where the proxy sends it, and its result is given as far as the policy
lets it. What a model proposes the gateway does not run: it is taken out where the policy would
refuse it.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .authorization import Authorization
    from .caller import Caller
except ImportError as missing:
    if not (missing.name or "").startswith(("litellm", "mcp")):
        raise
    raise ConfigurationError(
        "the proxy of LiteLLM is guarded with the package `litellm`: it is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[litellm]'",
    ) from missing

__all__ = ["Authorization", "Caller"]
