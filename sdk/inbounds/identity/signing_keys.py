"""Signing keys on disk: ES256, one PEM file per `kid`, readable by their owner alone."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from inbounds.errors import ConfigurationError
from inbounds.files.regular_file import read_regular
from inbounds.files.safe_files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

THUMBPRINT_URI = "urn:ietf:params:oauth:jwk-thumbprint:sha-256"
"""What a holder's key is called as an issuer, before its thumbprint (RFC 9278 §3)."""


KID_LENGTH = 16
"""How many characters of a key's thumbprint are its `kid`."""


class SigningKey:
    """One ES256 key and its name.

    Attributes:
        kid: The key's RFC 7638 thumbprint, shortened; what tokens name it by.
        public: The public key as a JWK, without a `kid`.
    """

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = to_jwk(private.public_key())
        self.kid = thumbprint(self.public)[:KID_LENGTH]

    @classmethod
    def generate(cls) -> SigningKey:
        """Return a key nobody has had before."""
        while True:
            key = cls(ec.generate_private_key(ec.SECP256R1()))
            # On a command line such a name would be taken for an option.
            if not key.kid.startswith("-"):
                return key

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """Read a key.

        Raises:
            ConfigurationError: Not there, no P-256 key, or readable by others.
        """
        try:
            text, status = read_regular(path)
        except OSError as error:
            raise ConfigurationError(
                f"the key {path.absolute()} cannot be read: {error.strerror}",
                code="configuration.key_unreadable",
                hint="run where it is, or name its place: the option --key of a command that has "
                "one, else INBOUNDS_HOME; `inbounds approvals key` generates an approver's, "
                "`inbounds init` makes a development issuer",
            ) from error
        if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
            raise ConfigurationError(
                f"the key {path.absolute()} can be read by others",
                code="configuration.key_exposed",
                hint=f"chmod 600 {path}, and replace the key if others did read it",
            )
        try:
            private = serialization.load_pem_private_key(text, password=None)
        except (ValueError, TypeError):
            private = None
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
            raise ConfigurationError(
                f"the key {path.absolute()} is not a P-256 private key in PEM",
                code="configuration.key_malformed",
                hint="every part of the deployment accepts ES256",
            )
        return cls(private)

    def write_both(self, private: Path) -> Path:
        """Write the key, and its public half beside it.

        Returns:
            The file of the public half, which ends in `.pub`.

        Raises:
            OSError: One of the two is there already, or cannot be written.
        """
        public = private.with_suffix(".pub")
        self.write(private)
        write_file(public, self.public_pem(), exclusive=True)
        return public

    def write(self, path: Path, *, below: Path | None = None) -> None:
        """Write the key for its owner alone; an existing file is never replaced.

        Args:
            path: The file; its folder is made, for the owner alone, where it is missing.
            below: The folder that the user has named; the file's own where it is left out.

        Raises:
            OSError: It is there already, or cannot be written.
        """
        pem = self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        make_folder(path.parent, below=below, mode=0o700)
        write_file(path, pem, below=below, mode=0o600, exclusive=True)

    def public_pem(self) -> str:
        """Return the public key in PEM."""
        return (
            self._private.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode("ascii")
        )

    def private_jwk(self) -> str:
        """Return the private key as a JWK, for a holder that is given it as text."""
        return jwt.algorithms.ECAlgorithm.to_jwk(self._private)

    def sign(
        self, claims: Mapping[str, Any], *, typ: str, named: bool = True, shown: bool = False
    ) -> str:
        """Return a compact JWT whose header is exactly `alg`, `kid` and `typ` (RFC 8725 §3.11).

        Args:
            claims: What it says.
            typ: Of which type it is.
            named: Whether the header names the key. What a holder signs does not: its key is the
                one that the token above names.
            shown: Whether the header holds the public key instead (RFC 9449 §4.2).
        """
        kid: dict[str, Any] = {"kid": self.kid} if named else {}
        if shown:
            kid = {"jwk": self.public}
        return jwt.encode(
            dict(claims), self._private, algorithm="ES256", headers={**kid, "typ": typ}
        )

    def __repr__(self) -> str:
        return f"SigningKey({self.kid!r})"


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a public EC key (RFC 7638 §3.2)."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def token_claims(token: str) -> Any:
    """Return what a compact JWT says. Nothing is verified: the holder reads its own token.

    An audience that stands alone is given as a list of one (RFC 7519 §4.1.3), as the policy has it.
    """
    payload = token.split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    stands_alone = isinstance(claims, dict) and isinstance(claims.get("aud"), str)
    return {**claims, "aud": [claims["aud"]]} if stands_alone else claims


def token_hash(token: str) -> str:
    """Return the SHA-256 of what a compact JWT has signed, which a token below it carries.

    A signature has several spellings, so that it is left out.
    """
    signed = token.rpartition(".")[0].encode()
    return urlsafe_b64encode(hashlib.sha256(signed).digest()).rstrip(b"=").decode()


def to_jwk(public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return a P-256 public key as a JWK, without a `kid`."""
    numbers = public.public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": _coordinate(numbers.x),
        "y": _coordinate(numbers.y),
    }


def _coordinate(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
