"""Everything outside the house, on loopback: where mail and posts end up, kept as files.

Whatever host or address is named, it is the same two listeners that take delivery, so that
nothing can leave this machine and everything that would have left can be counted.
"""

from __future__ import annotations

import http.client
import smtplib
import threading
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

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


class Outside:
    """A mail server and a web server that take everything and keep it.

    Args:
        folder: Gets `smtp/` and `http/`, with a file for each arrival.
    """

    def __init__(self, folder: Path) -> None:
        self._smtp = Controller(
            _Delivery(_Kept(folder / "smtp")), hostname="127.0.0.1", port=0, ready_timeout=_SECONDS
        )
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
        port = self._smtp.server.sockets[0].getsockname()[1]
        with smtplib.SMTP("127.0.0.1", port, timeout=_SECONDS) as client:
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
