"""The stream of a server's messages, on its way to the SDK's client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from mcp.shared.message import SessionMessage
from mcp_types import PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCResponse
from pydantic import BaseModel

from inbounds.canonical import MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable


class ReadStream:
    """A stream of messages, each of which is taken first (`mcp.shared._stream_protocols`).

    Args:
        stream: Has the messages.
        take: Returns what stands for one of them.
    """

    def __init__(self, stream: Any, take: Callable[[Any], Any]) -> None:
        self._stream = stream
        self._take = take

    @property
    def last_context(self) -> Any:
        """The context that the last message was sent in, where the stream knows it."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        """Return the next message."""
        return self._take(await self._stream.receive())

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> Any:
        """Return the next message, if there is one."""
        return self._take(await anext(self._stream))

    async def __aenter__(self) -> Self:
        """Return itself, open."""
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the stream."""
        await self._stream.__aexit__(*error)


def of_few_values(item: Any) -> Any:
    """Return a message of at most `MAX_VALUES`; for another one, that it cannot be read.

    They are counted as `require_few_values` counts them, in what was read: nothing else sees the
    events of a stream one by one.
    """
    if not isinstance(item, SessionMessage) or _has_few(item.message):
        return item
    why = f"the server sent a message of more than {MAX_VALUES} values"
    if not isinstance(item.message, JSONRPCResponse | JSONRPCError):
        return ValueError(why)
    error = ErrorData(code=PARSE_ERROR, message=why)
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=item.message.id, error=error))


def _has_few(message: BaseModel) -> bool:
    room = MAX_VALUES
    left: list[Any] = [message]
    while left:
        each = left.pop()
        if isinstance(each, BaseModel):
            each = vars(each)
        within = each.values() if isinstance(each, dict) else each
        room -= max(len(within), 1)
        if room < 0:
            return False
        left.extend(value for value in within if isinstance(value, dict | list | BaseModel))
    return True
