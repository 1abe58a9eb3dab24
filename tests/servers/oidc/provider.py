"""The OpenID Provider of `server.mjs`, started for a test and ended with it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from typing import Any, Self

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tools import servers

AUDIENCE = "inbounds"
RESOURCE = "https://pdp.acme.example"
SCOPE = "act"


def needed() -> None:
    """Skip where it is not installed, but not where `REQUIRE_SERVERS` says that it has to be."""
    with contextlib.suppress(FileNotFoundError):
        servers.node()
        if servers.installed("oidc") is not None:
            return
    reason = "`make test-servers` installs the OpenID Provider"
    if "oidc" in os.environ.get("REQUIRE_SERVERS", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


def drawn(kid: str, kind: str = "ES256") -> dict[str, Any]:
    """Return a private JWK for signatures."""
    if kind == "ES256":
        text = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()))
    else:
        text = jwt.algorithms.RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048))
    key = {**json.loads(text), "kid": kid, "alg": kind, "use": "sig"}
    key.pop("key_ops", None)  # the provider would say the private key's of the public one
    return key


class OpenIdProvider:
    """One provider. A context manager: leaving it ends it.

    Args:
        clients: Its clients, as OpenID Connect registers them.
        keys: Its private keys; the first one signs.
        seconds: How long its tokens live.
        exchange: Whose tokens it exchanges, and for what; see `server.mjs`.
    """

    def __init__(
        self,
        clients: list[dict[str, Any]],
        keys: list[dict[str, Any]],
        seconds: int = 120,
        exchange: dict[str, Any] | None = None,
    ) -> None:
        needed()
        self.exchange = exchange
        self.clients = clients
        self.keys = keys
        self.seconds = seconds
        self.url = ""
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, or start it again where it was."""
        self._process = subprocess.Popen(
            [str(servers.node()), "server.mjs"],
            cwd=servers.INSTALLED / "oidc",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        settings = {
            "port": self._port,
            "jwks": {"keys": self.keys},
            "clients": self.clients,
            "audience": AUDIENCE,
            "seconds": self.seconds,
            "exchange": self.exchange,
        }
        self._process.stdin.write(json.dumps(settings) + "\n")
        self._process.stdin.flush()
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the OpenID Provider did not start"
        self._port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(10)
            self._process.stdout.close()
            self._process = None

    def turn(self, *keys: dict[str, Any]) -> None:
        """Start it again with other keys."""
        self.stop()
        self.keys = list(keys)
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
