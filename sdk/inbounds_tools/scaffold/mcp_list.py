"""Asking an MCP server which tools it has. It is started, and nothing of it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError
from mcp_types import REQUEST_TIMEOUT

from inbounds.errors import ConfigurationError
from inbounds.text.printable import printable
from inbounds_server.mcp_proxy.pages import RAW, TooLong, whole_list
from inbounds_server.mcp_proxy.process import Limits

if TYPE_CHECKING:
    from inbounds_server.mcp_proxy.place import Place

SECONDS = 60.0
"""How long a server may take in all: one that is started may be downloaded first."""
LINES = 10_000
"""How many lines a server that is started may write, messages and others."""


def listed(place: Place) -> list[dict[str, Any]]:
    """Return what a server answers to `tools/list`, as JSON.

    Args:
        place: Where it runs. It is reached as the proxy reaches it: what is drafted is what the
            proxy will see.

    Raises:
        ConfigurationError: `registry.server`: it did not answer, or not so.
    """
    ended: list[str] = []
    try:
        return anyio.run(_list, place, ended)
    except Exception as error:
        why = ended[0] if ended else _said(error)
        raise ConfigurationError(
            f"the server did not say which tools it has ({why}): {printable(place.at)}",
            code="registry.server",
            hint="check that it answers there, or starts by itself, and speaks MCP",
        ) from error


async def _list(place: Place, ended: list[str]) -> list[dict[str, Any]]:
    transport = place.transport(anyio.Event(), Limits(lines=LINES, ended=ended.append))
    with anyio.fail_after(SECONDS):
        async with Client(transport, read_timeout_seconds=SECONDS) as client:
            return await whole_list(
                "tools/list", lambda request: client.session.send_request(request, RAW, SECONDS)
            )


def _said(error: BaseException) -> str:
    """Name the first cause, without a server's own words."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    if isinstance(error, TooLong):
        return "the list of its tools is longer than 100 pages or 4 MiB"
    if isinstance(error, TimeoutError) or (
        isinstance(error, MCPError) and error.error.code == REQUEST_TIMEOUT
    ):
        return f"it has not answered within {SECONDS:.0f} seconds"
    return f"MCP error {error.error.code}" if isinstance(error, MCPError) else type(error).__name__
