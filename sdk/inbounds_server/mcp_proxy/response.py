"""What a server behind answers over HTTP, which is bounded as a message is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from inbounds.canonical.few_values import require_few_values
from inbounds.canonical.strict_json import NotStrictJson

from .message import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def bounded() -> httpx2.AsyncBaseTransport:
    """Return a transport that fails where an answer is longer than a message may be, or holds more.

    A stream of events has many messages: the client of the protocol bounds how long each is, and
    `of_few_values` what it holds.
    """
    return _Bounded()


class _Bounded(httpx2.AsyncBaseTransport):  # type: ignore[misc]  # not there for mypy
    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # Compressed, a few bytes are many.
        request.headers["Accept-Encoding"] = "identity"
        answer = await self._inner.handle_async_request(request)
        kind = answer.headers.get("content-type", "").lower()
        if answer.headers.get("content-encoding", "identity").lower() != "identity":
            await answer.aclose()
            raise httpx2.RemoteProtocolError("the answer is compressed, although not requested")
        if not kind.startswith("text/event-stream"):
            answer.stream = _Cut(answer.stream)
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Cut(httpx2.AsyncByteStream):  # type: ignore[misc]  # not there for mypy
    def __init__(self, stream: httpx2.AsyncByteStream | httpx2.SyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: list[bytes] = []
        room = MAX_BYTES
        async for chunk in self._stream:
            room -= len(chunk)
            if room < 0:
                raise httpx2.RemoteProtocolError("the answer is longer than 4 MiB")
            parts.append(chunk)
        answer = b"".join(parts)
        try:
            require_few_values(answer)
        except NotStrictJson as error:
            raise httpx2.RemoteProtocolError(f"the answer has {error}") from None
        yield answer

    async def aclose(self) -> None:
        await self._stream.aclose()
