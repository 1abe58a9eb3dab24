"""Tokens that must be revoked, kept so that only who has the client's own secret can read them."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Sequence

_PURPOSE: Final = b"inbounds.credentials.sealed"
_SALT: Final = 16
_NONCE: Final = 12


def seal(tokens: Sequence[str], secret: bytes) -> str:
    """Return tokens as text that opens nothing without the secret."""
    drawn = os.urandom(_SALT + _NONCE)
    salt, nonce = drawn[:_SALT], drawn[_SALT:]
    sealed = _cipher(secret, salt).encrypt(nonce, json.dumps(list(tokens)).encode(), _PURPOSE)
    return b64encode(drawn + sealed).decode("ascii")


def unseal(text: str, secret: bytes) -> list[str]:
    """Return the tokens again.

    Raises:
        ValueError: They were sealed with another secret, or are not such a text.
    """
    whole = b64decode(text, validate=True)
    salt, nonce = whole[:_SALT], whole[_SALT : _SALT + _NONCE]
    if len(nonce) < _NONCE:
        raise ValueError("too short")
    try:
        tokens: Any = json.loads(
            _cipher(secret, salt).decrypt(nonce, whole[_SALT + _NONCE :], _PURPOSE)
        )
    except InvalidTag:
        raise ValueError("another secret") from None
    return [str(token) for token in tokens]


def _cipher(secret: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, _PURPOSE).derive(secret))
