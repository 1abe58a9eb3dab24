"""Tokens of agents' identities, well and badly made."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

from inbounds.testing import AGENT


def part(value: Any) -> str:
    """One part of a compact JWT."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def claims(**changed: Any) -> dict[str, Any]:
    """Return the claims of a JWT-SVID that is in force; what is None is left out."""
    now = int(time.time())
    issuer = "https://issuer.acme.example"
    said = {
        "iss": issuer,
        "sub": AGENT,
        "aud": ["inbounds"],
        "iat": now,
        "exp": now + 300,
    } | changed
    return {name: value for name, value in said.items() if value is not None}


def compact(claims: Any, header: Any = None) -> str:
    """Return a token that nobody signed."""
    header = {"alg": "ES256", "kid": "k1", "typ": "JWT"} if header is None else header
    return f"{part(header)}.{part(claims)}.c2lnbmF0dXJl"
