"""Answers to the requests of a server, of which a bounded number waits until the server reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import anyio
from mcp_types import JSONRPCError, JSONRPCResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.shared.message import SessionMessage

MOST_WAITING = 32
"""How many answers may wait for a server to read them.

Each keeps its request, of 4 MiB at most. A server that reads has one or two of them at a time; one
that writes and does not read would fill the memory with them.
"""


class BoundedAnswers:
    """The stream of messages to a server; it ends where the server leaves its answers unread.

    It counts what waits to be written, not ids: a server may use an id twice, or cancel a request
    whose answer waits.

    Args:
        stream: Takes the messages, and waits until the server has room for each.
        ended: Is told, in words, why the stream has ended, once.
    """

    def __init__(self, stream: Any, ended: Callable[[str], object]) -> None:
        self._stream = stream
        self._ended = ended
        self._waiting = 0
        self._over = False

    async def send(self, item: SessionMessage) -> None:
        """Write one message.

        Raises:
            ClosedResourceError: The stream has ended.
        """
        answer = isinstance(item.message, JSONRPCResponse | JSONRPCError)
        if answer and self._waiting >= MOST_WAITING and not self._over:
            self._over = True
            self._ended(f"the server has left {MOST_WAITING} answers to its requests unread")
        if self._over:
            raise anyio.ClosedResourceError
        self._waiting += answer
        try:
            await self._stream.send(item)
        finally:
            self._waiting -= answer

    async def aclose(self) -> None:
        """Close the stream."""
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the stream."""
        await self.aclose()
