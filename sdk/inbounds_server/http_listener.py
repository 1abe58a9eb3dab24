"""An HTTP listener whose connections are bounded before anybody is authenticated."""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from inbounds.process import clock

if TYPE_CHECKING:
    import asyncio
    import ssl
    from pathlib import Path

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """Limits of a listener's connections.

    Attributes:
        total: How many connections there may be.
        per_address: How many of them one address may have; an IPv6 /64 is one address.
        request_s: How long a TLS handshake, the head of a request, and its whole body may take,
            each, in seconds.
        stalled_s: How long an answer may wait for its reader, in seconds.
    """

    total: int = 256
    per_address: int = 64
    request_s: float = 10.0
    stalled_s: float = 30.0


class ListenerConfig(uvicorn.Config):
    """The configuration of a bounded listener.

    Args:
        app: The ASGI application.
        host: The address to listen at.
        port: The port.
        certificate: The files of the certificate and its key; None for clear text.
        bounds: The limits of its connections.
        options: Of `uvicorn.Config`.
    """

    def __init__(
        self,
        app: Any,
        *,
        host: str,
        port: int,
        certificate: tuple[Path, Path] | None,
        bounds: ConnectionBounds,
        **options: Any,
    ) -> None:
        self.bounds = bounds
        self.tls: ssl.SSLContext | None = None
        super().__init__(
            app,
            host=host,
            port=port,
            http=BoundedConnection,
            ws="none",  # a connection that becomes a web socket is not counted
            ssl_certfile=certificate[0] if certificate else None,
            ssl_keyfile=certificate[1] if certificate else None,
            access_log=False,
            log_config=None,  # the program's own: the server's quotes errors and their words
            log_level="error",  # its warnings tell of strangers' requests, and could fill a disk
            proxy_headers=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            limit_concurrency=bounds.total,
            backlog=bounds.total,
            **options,
        )

    def load(self) -> None:
        """Load the application and the certificate."""
        super().load()
        # The server bounds neither how many handshakes there are nor, usefully, how long one takes:
        # a connection makes its own.
        self.tls, self.ssl = self.ssl, None


class BoundedConnection(H11Protocol):
    """A connection that is closed when its request does not arrive, or when others need its place.

    The server alone bounds how long a connection may be idle after an answer, and nothing before
    it. Here, a connection whose request has not arrived whole, or that does not read its answer,
    has a deadline, and gives way to others: the oldest one of the address that has most of them.
    One that is being answered stays, and no request is taken ahead of the answer before it.
    """

    config: ListenerConfig
    address = ""
    _since = 0.0
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _reading: Any = None
    _early: bytearray | None = None
    _task: asyncio.Task[None] | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection, and close another one where there are too many."""
        peer = transport.get_extra_info("peername")
        self.address = network_of(peer[0] if isinstance(peer, tuple) else "")
        if self.config.tls is None:
            super().connection_made(transport)
        else:
            self.transport = transport
            self.connections.add(self)
            self._early = bytearray()
            self._task = self.loop.create_task(self._secure(transport, self.config.tls))
        self._begin_deadline()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release what belongs to the connection."""
        _cancel(self._deadline, self._stalled)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        if self._early is not None:  # it came with the end of the handshake
            self._early += data
            return
        super().data_received(data)

    def handle_events(self) -> None:
        """Handle what was read; the body of a request has a deadline of its own."""
        super().handle_events()
        cycle = self.cycle
        if cycle is not self._reading:
            self._reading = cycle
            self._begin_deadline()
        if cycle is not None and not self._waits and self.conn.trailing_data[0]:
            # Whoever sends requests ahead of their answers is always being answered.
            cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._begin_deadline()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the reader of an answer."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.config.bounds.stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on with an answer."""
        _cancel(self._stalled)
        self._stalled = None
        super().resume_writing()

    def shutdown(self) -> None:
        """Close the connection once nothing is being answered."""
        if self._early is not None:
            self._drop()
            return
        super().shutdown()

    @property
    def gives_way(self) -> bool:
        """Whether no whole request is being answered to somebody who reads."""
        return self._waits or self._stalled is not None

    @property
    def _waits(self) -> bool:
        cycle = self.cycle
        return cycle is None or cycle.response_complete or cycle.more_body

    async def _secure(self, transport: Any, tls: ssl.SSLContext) -> None:
        try:
            secured = await self.loop.start_tls(
                transport,
                self,
                tls,
                server_side=True,
                ssl_handshake_timeout=self.config.bounds.request_s,
            )
        except OSError:  # of TLS, of the network, or the time is up
            secured = None
        if secured is None:  # also where it was closed meanwhile
            self._drop()
            _cancel(self._deadline)
            return
        early, self._early = self._early, None
        super().connection_made(secured)
        self._begin_deadline()
        if early:
            self.data_received(bytes(early))

    def _begin_deadline(self) -> None:
        _cancel(self._deadline)
        self._since = clock.monotonic()
        self._deadline = self.loop.call_later(self.config.bounds.request_s, self._expire)

    def _expire(self) -> None:
        cycle = self.cycle
        if not self._waits:
            return
        if cycle is None or cycle.response_started or cycle.disconnected:
            self._drop()
            return
        cycle.disconnected = True  # what the application answers is not sent any more
        cycle.message_event.set()
        self.transport.write(_TOO_SLOW)
        self.transport.close()
        self._begin_deadline()  # for whoever does not read that

    def _drop(self) -> None:
        self.connections.discard(self)
        self.transport.abort()

    def _make_room(self) -> None:
        bounds = self.config.bounds
        others = [
            each
            for each in self.connections
            if isinstance(each, BoundedConnection) and each is not self
        ]
        waiting = [each for each in others if each.gives_way]
        if sum(each.address == self.address for each in others) >= bounds.per_address:
            own = [each for each in waiting if each.address == self.address]
            min(own, key=lambda each: each._since, default=self)._drop()  # noqa: SLF001 -- of its own class
        elif len(others) >= bounds.total - 1 and waiting:
            most = Counter(each.address for each in waiting)
            max(waiting, key=lambda each: (most[each.address], -each._since))._drop()  # noqa: SLF001 -- of its own class


def network_of(address: str) -> str:
    """Return whom an address is counted as: by IPv6, whoever has one has at least a /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _cancel(*timers: asyncio.TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()
