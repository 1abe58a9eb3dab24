"""Asking an MCP server which tools it has. It is started, and nothing of it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError

from inbounds.errors import ConfigurationError
from inbounds.mcp_proxy.pages import RAW, whole_list
from inbounds.printable import printable

if TYPE_CHECKING:
    from inbounds.mcp_proxy.place import Place

SECONDS = 60.0
"""How long a server may take: one that is started may be downloaded first."""


def listed(place: Place) -> list[dict[str, Any]]:
    """Return what a server answers to `tools/list`, as JSON.

    Args:
        place: Where it runs. It is reached as the proxy reaches it: what is drafted is what the
            proxy will see.

    Raises:
        ConfigurationError: `registry.server`: it did not answer, or not so.
    """
    try:
        return anyio.run(_list, place)
    except Exception as error:
        raise ConfigurationError(
            f"the server did not say which tools it has ({_said(error)}): {printable(place.at)}",
            code="registry.server",
            hint="check that it answers there, or starts by itself, and speaks MCP",
        ) from error


async def _list(place: Place) -> list[dict[str, Any]]:
    with anyio.fail_after(SECONDS):
        async with Client(place.transport(anyio.Event()), read_timeout_seconds=SECONDS) as client:
            return await whole_list(
                "tools/list", lambda request: client.session.send_request(request, RAW, SECONDS)
            )


def _said(error: BaseException) -> str:
    """Name the first cause, without a server's own words."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"MCP error {error.error.code}" if isinstance(error, MCPError) else type(error).__name__
