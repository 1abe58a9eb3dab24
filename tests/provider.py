"""An identity provider that answers as it is told to, on this machine, with TLS or without."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Answer:
    """What is answered at one path; a body that is not bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def sent(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class FakeProvider:
    """Serves `answers` by path; what it has no answer for is not found.

    Attributes:
        url: Where it is; the issuer identifier of its metadata, unless `answers` says otherwise.
        answers: What is answered, by path: an `Answer`, or what makes one of a request.
        asked: The requests so far.
        wait: Set as long as it answers; where cleared, every request waits.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        provider = self
        self.asked: list[Asked] = []
        self.wait = threading.Event()
        self.wait.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked = Asked(self.command, self.path, dict(self.headers), body)
                provider.asked.append(asked)
                provider.wait.wait(10)
                said = provider.answers.get(self.path.partition("?")[0], Answer(status=404))
                answer = said(asked) if callable(said) else said
                content = answer.sent()
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _answer  # noqa: N815 -- as the library calls them

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_arguments: Any) -> None:
                """Say nothing of one who went before the answer was whole."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self._server.server_port}"
        self.answers: dict[str, Any] = {}
        self.reset()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        """Answer as a provider does that has no keys and no tokens."""
        self.asked.clear()
        self.wait.set()
        self.answers = {
            "/.well-known/openid-configuration": Answer(
                {
                    "issuer": self.url,
                    "jwks_uri": f"{self.url}/jwks",
                    "token_endpoint": f"{self.url}/token",
                }
            ),
            "/jwks": Answer({"keys": []}),
        }

    def close(self) -> None:
        """Stop it."""
        self.wait.set()
        self._server.shutdown()
        self._server.server_close()
