"""Names under which LiteLLM registers the tools that it runs itself."""

from __future__ import annotations

from litellm.proxy._experimental.mcp_server.utils import (
    add_server_prefix_to_name,
    get_server_prefix,
)


def registered_names(server: str, own: str, server_id: str | None) -> frozenset[str]:
    """Return the names that a tool of a server may be registered under.

    Args:
        server: The server's name, as LiteLLM tells it to the hook before a call.
        own: The tool's name without a prefix, as LiteLLM tells it there.
        server_id: Of the server that the tool is registered for; None where nothing says it.

    Returns:
        Its own name, and that with the server's prefix, as LiteLLM's settings make it
        (`MCP_TOOL_PREFIX_SEPARATOR`, `LITELLM_USE_SHORT_MCP_TOOL_PREFIX`); none where the tool is
        another server's.
    """
    prefix = server if server_id is None else _prefix(server, server_id)
    if prefix is None:
        return frozenset()
    return frozenset({own, add_server_prefix_to_name(own, prefix)})


def _prefix(server: str, server_id: str) -> str | None:
    from litellm.proxy._experimental.mcp_server.mcp_server_manager import (
        global_mcp_server_manager,
    )

    known = global_mcp_server_manager.get_mcp_server_by_id(server_id)
    if known is None or server != (known.alias or known.server_name or known.name):
        return None
    return str(get_server_prefix(known))
