"""Whether what a client has sent means the same to everyone who reads it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from inbounds.canonical.strict_json import MAX_DEPTH, NotStrictJson, strict_json

_ENVELOPE = 4
"""How deep arguments stand in a message."""


async def ambiguous(ctx: Any) -> bool:
    """Whether the body of a request has two meanings, such as a key twice in one object.

    Only HTTP shows the text itself, where another reader may stand before the server. Elsewhere the
    SDK keeps the last of two, and that is what is judged and what runs.
    """
    if not isinstance(ctx.request, Request):
        return False
    try:
        # The transport has read it; it is kept there.
        body = await ctx.request.body()
    except RuntimeError:
        return False
    try:
        strict_json(body, max_depth=MAX_DEPTH + _ENVELOPE)
    except NotStrictJson:
        return True
    return False
