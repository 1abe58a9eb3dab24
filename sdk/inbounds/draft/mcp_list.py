"""Asking an MCP server which tools it has. It is started, and nothing of it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
from mcp import Client, MCPError
from mcp_types import ListToolsRequest, PaginatedRequestParams
from pydantic import TypeAdapter

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from inbounds.mcp_proxy.place import Place

SECONDS = 60.0
"""How long a server may take: one that is started may be downloaded first."""

_MOST_PAGES = 100
_RAW: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_RAWS: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])


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
            f"the server did not say which tools it has ({_said(error)})",
            code="registry.server",
            hint="see that it starts by itself, and speaks MCP",
        ) from error


async def _list(place: Place) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with anyio.fail_after(SECONDS):
        async with Client(place.transport(anyio.Event()), read_timeout_seconds=SECONDS) as client:
            cursor: str | None = None
            for _ in range(_MOST_PAGES):
                params = PaginatedRequestParams(cursor=cursor) if cursor else None
                # As it came: what the SDK's own model leaves out is pinned all the same.
                page = await client.session.send_request(
                    ListToolsRequest(params=params), _RAW, SECONDS
                )
                found += _RAWS.validate_python(page.get("tools"))
                cursor = page.get("nextCursor")
                if not cursor:
                    return found
    raise ValueError("too many pages")


def _said(error: BaseException) -> str:
    """Name the first cause, without a server's own words."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return f"MCP error {error.error.code}" if isinstance(error, MCPError) else type(error).__name__
