"""Everything outside the house, on loopback: where mail and posts end up, kept as files.

Whatever host or address is named, it is the same two listeners that take delivery, so that
nothing can leave this machine and everything that would have left can be counted.
"""

from __future__ import annotations

import asyncio
import http.client
import smtplib
import threading
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SECONDS = 10.0


class _Kept:
    """A folder that takes each arrival as a numbered file."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()

    def keep(self, arrived: bytes) -> None:
        with self._lock:
            number = sum(1 for _ in self._folder.iterdir()) + 1
            (self._folder / f"{number:04}").write_bytes(arrived)


class _Delivery:
    """What aiosmtpd calls for each mail."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        to = ", ".join(envelope.rcpt_tos).encode()
        self._kept.keep(b"X-Envelope-To: " + to + b"\r\n" + envelope.content)
        return "250 kept"


class _SmtpListener:
    """A mail server in a thread of its own, on a port that the system chooses."""

    def __init__(self, kept: _Kept) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp sink")
        self._delivery = _Delivery(kept)
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self._server = listening.result(_SECONDS)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        def protocol() -> SMTP:
            return SMTP(self._delivery, hostname="outside.example", loop=self._loop)

        return await self._loop.create_server(protocol, "127.0.0.1", 0)

    async def _end(self) -> None:
        self._server.close()
        await self._server.wait_closed()


class Outside:
    """A mail server and a web server that take everything and keep it.

    Args:
        folder: Gets `smtp/` and `http/`, with a file for each arrival.
    """

    def __init__(self, folder: Path) -> None:
        self._smtp = _SmtpListener(_Kept(folder / "smtp"))
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _taker(_Kept(folder / "http")))
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, name="http sink"
        )

    def start(self) -> None:
        """Listen on two ports of the loopback interface."""
        self._smtp.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._smtp.stop()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def mail(
        self,
        sender: str,
        to: Sequence[str],
        subject: str,
        body: str,
        *,
        attached: tuple[str, str] | None = None,
    ) -> None:
        """Send a mail by SMTP.

        Args:
            sender: Its sender.
            to: Its recipients.
            subject: Its subject.
            body: Its text.
            attached: A file name and the text of the file.
        """
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, ", ".join(to), subject
        message.set_content(body)
        if attached is not None:
            name, text = attached
            message.add_attachment(text, filename=name)
        with smtplib.SMTP("127.0.0.1", self._smtp.port, timeout=_SECONDS) as client:
            client.send_message(message, sender, list(to))

    def request(self, method: str, url: str, body: str = "") -> str:
        """Send one request, as to a forward proxy: the whole URL is the target (RFC 9112 §3.2.2).

        Returns:
            What the other side says.
        """
        host, port = self._http.server_address[:2]
        client = http.client.HTTPConnection(str(host), port, timeout=_SECONDS)
        try:
            client.request(method, url, body.encode() if body else None)
            return client.getresponse().read().decode("utf-8", "replace")
        finally:
            client.close()


def _taker(kept: _Kept) -> type[BaseHTTPRequestHandler]:
    class Taker(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            kept.keep(f"{self.command} {self.path}\n\n".encode() + body)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"taken")

        do_GET = do_POST = do_PUT = _take  # noqa: N815 -- the names that http.server calls

        def log_message(self, *_: object) -> None:
            """Say nothing: what arrived is in the folder."""

    return Taker
