"""A client of an OAuth or OpenID Connect provider, and what it proves itself with."""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus, urlencode

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.process import clock
from inbounds.process.ids import uuid7

from .discovery import Provider, discover, require_issuer
from .remote import Remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pdp.transport import Received

_ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KEPT: Final = 3600.0
_MOST_BYTES: Final = 16_384


class OAuthClient:
    """A client that a provider knows, by a secret (`client_secret_basic`) or a key of its own.

    The key (`private_key_jwt`) is the better one. Both are read from their file whenever they are
    needed, so that they can be replaced. Thread-safe; a forked child opens its own connections.

    Args:
        issuer: The issuer identifier, exactly as its tokens say it in `iss`.
        client_id: The name that the provider knows the client by.
        secret_file: The file of the client's secret.
        key_file: The file of the client's private key in PEM, P-256 or RSA.
        key_id: The `kid` that the provider knows the key by.
        ca: The file of a certificate authority, or None for those that `certifi` has.

    Raises:
        ConfigurationError: `configuration.oidc`: the issuer is not an HTTPS URL, the name is empty,
            there is neither a secret nor a key, or both, or a file cannot be used.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        *,
        secret_file: str | Path | None = None,
        key_file: str | Path | None = None,
        key_id: str = "",
        ca: str | None = None,
    ) -> None:
        self.issuer = require_issuer(issuer)
        self.client_id = client_id
        if not client_id:
            raise misconfigured(
                "the `client_id` is empty", "use the name that the provider has for it"
            )
        if (secret_file is None) == (key_file is None):
            raise misconfigured(
                "the client has neither a secret nor a key, or both",
                "give it `secret_file=…` or `key_file=…`",
            )
        self._secret_file = secret_file and Path(secret_file)
        self._key_file = key_file and Path(key_file)
        self._key_id = key_id
        self._remote = Remote(ca)
        self._provider: tuple[float, Provider] | None = None
        self._authentication()

    def provider(self, deadline: float) -> Provider:
        """Return what the provider says of itself, at most an hour old.

        Raises:
            DecisionUnavailable: As `discover`.
        """
        found = self._provider
        if found is not None and clock.monotonic() - found[0] < _KEPT:
            return found[1]
        provider = discover(self.issuer, self._remote, deadline=deadline)
        self._provider = (clock.monotonic(), provider)
        return provider

    def forget(self) -> None:
        """Have the provider discovered again: it may have moved."""
        self._provider = None

    def post(
        self,
        endpoint: str,
        form: Mapping[str, str],
        what: str,
        *,
        deadline: float,
        headers: Mapping[str, str] | None = None,
    ) -> Received:
        """Send a form, authenticated as this client (RFC 6749 §2.3), and return what came back.

        Args:
            endpoint: Where to.
            form: What is asked.
            what: What the endpoint is, for a message.
            deadline: When to give up, in seconds on `clock.monotonic`.
            headers: What else is said.

        Raises:
            ConfigurationError: `configuration.oidc`: the secret or the key cannot be used.
            DecisionUnavailable: As `Remote.send`.
        """
        own, own_headers = self._authentication()
        return self._remote.send(
            "POST",
            endpoint,
            what,
            deadline=deadline,
            body=urlencode({**form, **own}).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                **(headers or {}),
                **own_headers,
            },
        )

    def secret(self) -> bytes:
        """Return what the client proves itself with: its secret, or its key in PEM.

        Raises:
            ConfigurationError: `configuration.oidc`: it cannot be read, or is empty.
        """
        if not self._secret_file:
            return _read(Path(self._key_file or ""), "key")
        secret = _read(self._secret_file, "secret").strip(b"\r\n")
        if not secret:
            raise misconfigured(
                f"the client's secret {self._secret_file} is empty",
                "check the program that writes it",
            )
        return secret

    def _authentication(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return what the client proves itself with: members of the form, and headers."""
        if self._secret_file:
            # RFC 6749 §2.3.1: both are encoded as in a form first.
            secret = quote_plus(self.secret().decode("utf-8", "replace"))
            pair = f"{quote_plus(self.client_id)}:{secret}".encode()
            return {}, {"Authorization": f"Basic {b64encode(pair).decode()}"}
        return {
            "client_id": self.client_id,
            "client_assertion_type": _ASSERTED,
            "client_assertion": self._assertion(),
        }, {}

    def _assertion(self) -> str:
        """Sign who the client is (RFC 7523 §3), for the provider alone and for a minute."""
        import jwt
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        path = Path(self._key_file or "")
        try:
            key = load_pem_private_key(self.secret(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        algorithm = ""
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
            algorithm = "ES256"
        elif isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
            algorithm = "RS256"
        if not algorithm:
            raise misconfigured(
                f"the client's key {path} is not a P-256 or RSA private key in PEM",
                "a P-256 key, without a passphrase",
            )
        now = int(clock.now())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": uuid7(),
        }
        headers = {"kid": self._key_id} if self._key_id else None
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)  # type: ignore[arg-type]


def _read(path: Path, what: str) -> bytes:
    """Read a secret that only its owner may read, or that a mount holds read-only."""
    try:
        content, status = read_regular(path, most=_MOST_BYTES)
    except OSError as error:
        raise misconfigured(
            f"the client's {what} {path} cannot be read: {error.strerror}",
            "see that it is mounted, and may be read by this user",
        ) from None
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o007:
        raise misconfigured(
            f"the client's {what} {path} can be read by everyone",
            f"chmod o= {path}, and replace it if others did read it",
        )
    return content


def misconfigured(why: str, hint: str) -> ConfigurationError:
    """Say why a client cannot be one."""
    return ConfigurationError(why, code="configuration.oidc", hint=hint)
