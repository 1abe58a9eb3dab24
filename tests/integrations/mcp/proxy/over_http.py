"""The proxy over HTTP: an issuer's service, an OPA that it feeds, and users with tokens."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.integrations.mcp.proxy.world import LEGACY, MODERN, TOOLS, World, roots
from tests.issuing import Issuing, Running, free_port

READS = {name: said for name, said in TOOLS.items() if said["effects"] == ["read"]}


class HttpWorld(World):
    """One deployment, whose users' tokens an issuer's service verifies.

    Attributes:
        issuing: The service, and who signs.
        port: Where the proxy listens.
    """

    issuing: Issuing
    port: int
    service: Running
    _token: tuple[float, str] = (float("-inf"), "")

    def write(self, said: Mapping[str, Any]) -> None:
        del said
        self.port, self.upstream_port = free_port(), free_port()
        at = [
            *(shlex.join(self.behind(*options)) for options in ((), ("--legacy",))),
            f"http://127.0.0.1:{self.upstream_port}/mcp",
        ]
        self.issuing = Issuing(self.folder, **roots(READS, at))

    def token(self) -> str:
        """Alice's token, the same for a while: the issuer's service takes so many in a minute."""
        made, token = self._token
        if time.monotonic() - made > 120:
            token = self.issuing.user()
            self._token = time.monotonic(), token
        return token

    @contextlib.contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Let the next proxy listen at another port."""
        kept, self.port = self.port, free_port()
        try:
            yield
        finally:
            self.port = kept

    @property
    def url(self) -> str:
        """The proxy's own URL."""
        return f"http://127.0.0.1:{self.port}/mcp"

    @contextlib.contextmanager
    def running(
        self, *options: str, behind: Sequence[str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run the proxy until it is no longer needed; `--shared` is as for `command`."""
        svid = self.folder / "svid"
        svid.write_text(self.issuing.svid())
        command = self.command(
            self.behind() if behind is None else behind,
            *(each for each in options if each == "--shared"),
        )
        i = command.index("--subject")
        command[i : i + 2] = [
            *("--listen", f"127.0.0.1:{self.port}", "--identity-file", str(svid)),
            *("--login", "https://login.acme.example"),
            *(each for each in options if each != "--shared"),
        ]
        if not behind and behind is not None:
            command = [*command[: command.index("--")]]
        log = self.folder / f"proxy-{self.port}.log"
        variables = {
            **self.variables,
            "INBOUNDS_PDP_URL": self.service.pdp,
            "INBOUNDS_PDP_TOKEN": self.issuing.tokens["pep"],
            "INBOUNDS_ISSUER_URL": self.service.url,
            "INBOUNDS_AGENT": "spiffe://acme.example/agent/assistant",
            "INBOUNDS_TENANT": "acme",
            "INBOUNDS_ENVIRONMENT": "development",
            "INBOUNDS_PEP": "assistant-pep",
        }
        del variables["INBOUNDS_DEPLOYMENT"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            self._wait(process, log, "answering at")
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def _wait(self, process: subprocess.Popen[bytes], log: Path, words: str) -> None:
        end = time.monotonic() + 60
        while words not in log.read_text("utf-8", "replace"):
            assert process.poll() is None, log.read_text("utf-8", "replace")
            assert time.monotonic() < end, log.read_text("utf-8", "replace")
            time.sleep(0.05)

    @contextlib.contextmanager
    def upstream(self, *options: str) -> Iterator[str]:
        """Run the server behind over HTTP; yields its URL."""
        behind = self.behind(*options, "--listen", str(self.upstream_port))
        process = subprocess.Popen(behind)
        try:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", self.upstream_port), 1).close()
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{self.upstream_port}/mcp"
        finally:
            process.terminate()
            process.wait(10)

    @contextlib.asynccontextmanager
    async def http(
        self, token: str | None = None, version: str = "", **more: Any
    ) -> AsyncIterator[Client]:
        """A user's client."""
        headers = {"Authorization": f"Bearer {token or self.token()}"}
        mode = {LEGACY: "legacy", MODERN: MODERN}.get(version, "auto")
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http,
            Client(
                streamable_http_client(self.url, http_client=http),
                mode=mode,
                cache=None,
                read_timeout_seconds=30,
                **more,
            ) as client,
        ):
            yield client

    def post(self, body: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        """What comes of one request, written by hand."""
        said = {
            "Authorization": f"Bearer {self.token()}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            **(headers or {}),
        }
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        kept = {name: value for name, value in said.items() if value}
        return httpx2.post(
            self.url, content=content, headers=kept, timeout=30, trust_env=False, **more
        )
