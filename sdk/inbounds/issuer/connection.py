"""One connection to an issuer's service, which gives way where no request comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from inbounds import clock

if TYPE_CHECKING:
    import asyncio

_SECONDS = 10.0
"""How long the head of a request may take, from the connection or from the answer before."""


class PromptConnection(H11Protocol):
    """Is closed where the head of a request is not there in time, or where others want its place.

    The server bounds how long a connection may be idle after an answer, and not before the first
    request. So whoever opened as many connections as it takes, and sent nothing, would shut out
    everybody: here the one that has been idle for longest makes room for the next.
    """

    _waiting: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            idle = [each for each in self.connections if isinstance(each, type(self)) and each.idle]
            # Never empty, since this one is.
            min(idle, key=lambda each: each._since).give_way()  # noqa: SLF001

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._wait()
        super().on_response_complete()

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def give_way(self) -> None:
        """Close it, unless a request is being answered, which is bounded elsewhere."""
        if self.idle:
            self.connections.discard(self)
            self.transport.abort()

    def _wait(self) -> None:
        self._stop_waiting()
        self._since = clock.monotonic()
        self._waiting = self.loop.call_later(_SECONDS, self.give_way)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
