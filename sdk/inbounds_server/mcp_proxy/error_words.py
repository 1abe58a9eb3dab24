"""The words of a server's errors, which the SDK's client would quote in its spans."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError

from .read_stream import ReadStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from mcp import MCPError

_MOST = 64
"""How many may wait to be asked for: those of errors that nothing waits for are forgotten."""


class ErrorWords:
    """Keeps what a server says in its errors; the SDK's client has a number instead."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._count = 0

    @asynccontextmanager
    async def taken_from(
        self, transport: AbstractAsyncContextManager[tuple[Any, Any]]
    ) -> AsyncIterator[tuple[Any, Any]]:
        """Open a transport, from whose messages the words are taken."""
        async with transport as (read, write):
            yield ReadStream(read, self._plain), write

    def of(self, error: MCPError) -> str:
        """Return what the server said in an error; of an error of the SDK's own, that."""
        return self._words.pop(error.message, error.message)

    def take(self, message: JSONRPCError) -> JSONRPCError:
        """Return the message of an error without its words."""
        self._count += 1
        number = f"error {self._count}"
        self._words[number] = message.error.message
        if len(self._words) > _MOST:
            del self._words[next(iter(self._words))]
        return message.model_copy(
            update={"error": message.error.model_copy(update={"message": number})}
        )

    def _plain(self, item: Any) -> Any:
        if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCError):
            return SessionMessage(self.take(item.message), item.metadata)
        return item
