"""MCP servers: what a client asks of a server is judged before the server's own code sees it.

    server = guarded_server(MCPServer("files"), [read, write], authorization=authorization)

`AuthorizationMiddleware` judges every message of a client; `guarded_server` puts it last of a
server's middleware, and once more in the place of the handlers: what a layer changes in between
does not run. A refusal of a tool is a result that the model reads. Where a person has to approve,
the client is asked to come back, and the policy is asked again then.
"""

from __future__ import annotations

from inbounds.errors import ConfigurationError

try:
    from .middleware import AuthorizationMiddleware
    from .server import guarded_server
except ImportError as missing:
    if not (missing.name or "").startswith("mcp"):
        raise
    raise ConfigurationError(
        "MCP servers are guarded with the package `mcp`: it is not there, or not of version 2",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[mcp]'",
    ) from missing

__all__ = ["AuthorizationMiddleware", "guarded_server"]
