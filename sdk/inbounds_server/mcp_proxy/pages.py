"""A whole list of an MCP server, page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mcp_types import (
    ListPromptsRequest,
    ListResourcesRequest,
    ListResourceTemplatesRequest,
    ListToolsRequest,
    PaginatedRequestParams,
)
from pydantic import TypeAdapter

from .message import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RAW: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
"""Takes a result as it came: what the SDK's own models leave out is judged and pinned as well."""

_ENTRIES: TypeAdapter[list[dict[str, Any]]] = TypeAdapter(list[dict[str, Any]])
_MOST_PAGES = 100
LISTS: dict[str, tuple[Any, str]] = {
    "tools/list": (ListToolsRequest, "tools"),
    "resources/list": (ListResourcesRequest, "resources"),
    "resources/templates/list": (ListResourceTemplatesRequest, "resourceTemplates"),
    "prompts/list": (ListPromptsRequest, "prompts"),
}
"""For each method that lists something: its request, and where a page of its result has it."""


class TooLong(Exception):
    """A list has more pages, or more in them, than is taken."""


async def whole_list(
    method: str, send: Callable[[Any], Awaitable[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Return a list of a server's, all its pages together: at most 100 of them, and 4 MiB.

    Args:
        method: One of `LISTS`.
        send: Puts a request to the server, and says its result as it came.

    Raises:
        TooLong: There is more.
        ValidationError: A page is not a list of objects.
    """
    kind, key = LISTS[method]
    cursor: str | None = None
    found: list[dict[str, Any]] = []
    room = MAX_BYTES
    for _ in range(_MOST_PAGES):
        page = await send(kind(params=PaginatedRequestParams(cursor=cursor) if cursor else None))
        for entry in _ENTRIES.validate_python(page.get(key)):
            room -= len(json.dumps(entry))
            found.append(entry)
        if room < 0:
            break
        cursor = page.get("nextCursor")
        if not cursor:
            return found
    raise TooLong
