"""Tokens that can be wrong in every way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_encode
from tests import scenes

TYPES = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}


@dataclass(frozen=True, slots=True)
class Signer:
    """A key of an issuer: what the header names, and what signs."""

    kid: str
    alg: str

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key."""
        return scenes.public_jwk(self.kid, TYPES[self.alg])


@dataclass(slots=True)
class Token:
    """A compact JWT before it is signed.

    Attributes:
        header: Its header: JSON, or bytes to be taken as they are.
        claims: Its claims, likewise.
        signer: Whose key signs, whatever the header says.
        mangled: What is done to the compact form at last.
    """

    header: Any
    claims: Any
    signer: Signer
    mangled: Callable[[str], Any] | None = None

    def compact(self) -> Any:
        """Sign it."""
        signed = b".".join(base64url_encode(_bytes(part)) for part in (self.header, self.claims))
        key = scenes.private_key(self.signer.kid, TYPES[self.signer.alg])
        signature = get_default_algorithms()[self.signer.alg].sign(signed, key)
        whole = (signed + b"." + base64url_encode(signature)).decode("ascii")
        return whole if self.mangled is None else self.mangled(whole)


def _bytes(part: Any) -> bytes:
    if isinstance(part, bytes):
        return part
    return json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
