"""Claude Agent SDK: every call is judged by a hook, and compared in the tool's own place.

    desk = guarded_server("desk", [read, send])
    options = protect(ClaudeAgentOptions(mcp_servers={"desk": desk}), Authorization(guard))
    async for message in query(prompt="…", options=options): ...

Tools that run in this process run under a permit alone, whether a hook was asked or not. For those
that run in Claude Code's own, the hook is the last place: what could change or skip it is refused.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .authorization import Authorization
    from .protection import protect
    from .server import guarded_server
except ImportError as missing:
    if (missing.name or "").partition(".")[0] != "claude_agent_sdk":
        raise
    raise ConfigurationError(
        "the Claude Agent SDK is guarded with the package `claude-agent-sdk`: it is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[claude-agent-sdk]'",
    ) from missing

__all__ = ["Authorization", "guarded_server", "protect"]
