"""Open Policy Agents for the bench, with the hardened configuration and signed bundles."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from inbounds.engine import assets
from inbounds.identity.signing_keys import SigningKey
from inbounds.pdp import DECISION
from inbounds.pdp.opa import OpaServer
from inbounds.pdp.opa_live import OpaLive
from inbounds_tools.bundle.build import build
from inbounds_tools.opa import binary
from inbounds_tools.opa.process import OpaProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from .world import World

_READ = 65536


@contextlib.contextmanager
def opa(world: World, bundles: Sequence[Path], key: Path, *, unix: bool) -> Iterator[OpaServer]:
    """Run an OPA, with a feed that is fresh as long as the bench lasts."""
    with (
        tempfile.TemporaryDirectory(prefix="inbounds-opa-") as short,
        (world.folder / "opa.log").open("wb") as log,
    ):
        process = OpaProcess(
            bundles,
            key=key,
            opa=binary.find(),
            template=assets.opa_config(),
            address=f"unix://{short}/s" if unix else f"127.0.0.1:{_free_port()}",
            log=log,
        )
        with process:
            process.wait_ready()
            server = OpaServer(process.url, token=world.tokens["pep"])
            refresh(world, server)
            yield server
            server.close()


def refresh(world: World, server: OpaServer, *, revoked: int = 0) -> None:
    """Put a feed signed now; see `World.feed`."""
    live = OpaLive(server.url, world.tokens["feed"])
    live.push_live(world.feed(revoked))
    live.close()


def bundles(world: World, tools: int, *, proof: bool = False) -> tuple[list[Path], Path]:
    """Build what OPA serves for so many tools, and return it with the key that verifies it.

    Args:
        world: What is measured.
        tools: How many tools its deployment has.
        proof: Whether each call has to prove that its sender holds the task's key.
    """
    folder = world.folder / f"bundles-{tools}{'-proof' * proof}"
    folder.mkdir()
    private = folder / "release.pem"
    public = SigningKey.generate().write_both(private)
    built = build(
        rego=assets.rego(),
        site=None,
        deployment=world.deployment(tools, proof=proof),
        key=private,
        out=folder / "dist",
        opa=binary.find(),
        capabilities=assets.capabilities(),
    )
    return [path for artefact, path in built.files.items() if artefact != "wasm"], public


class RawSocket:
    """One question over one connection that is kept, with nothing of a client in between."""

    def __init__(self, server: OpaServer, token: str, question: bytes) -> None:
        body = b'{"input":' + question + b"}"
        head = (
            f"POST /v1/data/{DECISION}?strict-builtin-errors=true HTTP/1.1\r\nHost: opa\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._socket = _connected(server.url)
        if b'"decision":true' not in self.ask():
            raise RuntimeError("OPA does not allow what is measured")

    def ask(self) -> bytes:
        """Send the question, and return the whole answer."""
        self._socket.sendall(self._request)
        answer = b""
        while True:
            more = self._socket.recv(_READ)
            if not more:
                raise ConnectionError("OPA closed the connection")
            answer += more
            head, ended, body = answer.partition(b"\r\n\r\n")
            if ended and _whole(head.lower(), body):
                return body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()


def _whole(head: bytes, body: bytes) -> bool:
    _, stated, rest = head.partition(b"content-length:")
    if stated:
        return len(body) >= int(rest.split(b"\r\n", 1)[0])
    return body.endswith(b"0\r\n\r\n")


def _connected(url: str) -> socket.socket:
    if url.startswith("unix:"):
        local = socket.socket(socket.AF_UNIX)
        local.connect(url.removeprefix("unix://"))
        return local
    host, _, port = url.removeprefix("http://").rpartition(":")
    remote = socket.create_connection((host, int(port)))
    remote.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return remote


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
