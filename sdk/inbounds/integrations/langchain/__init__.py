"""LangChain and LangGraph: a call of a tool is judged last before the tool runs.

    agent = create_guarded_agent(model, [read, send], authorization=AuthorizationMiddleware(guard))

It stands innermost of all middleware, and once more in the tool's own place: what a layer changes
in between does not run. A refusal is a tool message that the model reads; where a person has to
approve, the run is interrupted, and the policy is asked again when it is resumed.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .agents import create_guarded_agent, guarded_tool_node
    from .middleware import AuthorizationMiddleware
except ImportError as missing:
    if not (missing.name or "").startswith(("langchain", "langgraph")):
        raise
    raise ConfigurationError(
        "LangChain is guarded with the packages `langchain` and `langgraph`: one is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[langchain]'",
    ) from missing

__all__ = ["AuthorizationMiddleware", "create_guarded_agent", "guarded_tool_node"]
