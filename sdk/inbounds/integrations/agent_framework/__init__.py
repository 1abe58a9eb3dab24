"""Microsoft Agent Framework: a call of a tool is judged last before the tool runs.

    agent = create_guarded_agent(client, [read, send], authorization=AuthorizationMiddleware(guard))

It stands innermost of all middleware of the agent and of the run, and once more in the tool's own
place: what a layer changes in between does not run. A refusal is a result that the model reads;
where a person has to approve, the response holds the framework's own approval request, and the
policy is asked again when it is answered.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .agents import create_guarded_agent
    from .middleware import AuthorizationMiddleware
except ImportError as missing:
    if not (missing.name or "").startswith("agent_framework"):
        raise
    raise ConfigurationError(
        "Agent Framework is guarded with the package `agent-framework-core`, which is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[agent-framework]'",
    ) from missing

__all__ = ["AuthorizationMiddleware", "create_guarded_agent"]
