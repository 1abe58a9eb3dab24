"""What a compact JWT says of itself. Nothing of it is believed here: the policy verifies it."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from inbounds.canonical.strict_json import NotStrictJson, strict_json
from inbounds.errors import DecisionUnavailable
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 65_536
"""How many characters a token may have; the most that a question takes."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Unverified:
    """What a token says of itself.

    Attributes:
        header: Its JOSE header.
        claims: Its claims.
        expires: Its `exp`, Unix seconds, in the future.
    """

    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    expires: int


def read_compact(token: str, source: str) -> Unverified:
    """Read a compact JWT (RFC 7519 §3) that is to be sent on.

    Args:
        token: The token.
        source: Where it comes from, for a message.

    Raises:
        DecisionUnavailable: `identity.unusable`: it is not a compact JWT, has no `exp`
            or has expired.
    """
    if not token:
        raise unusable(source, "it is empty", _RENEWED)
    if len(token) > MOST:
        raise unusable(source, f"it has more than {MOST} characters", _RENEWED)
    if not _FORM.fullmatch(token):
        raise unusable(source, "it is not a compact JWT (RFC 7515 §7.1)", _RENEWED)
    head, body, _ = token.split(".")
    header, claims = _object(head, source), _object(body, source)
    expires = claims.get("exp")
    if type(expires) is not int:
        raise unusable(source, "it has no `exp` in whole seconds", "have it issued with an end")
    if expires <= clock.now():
        raise unusable(source, "it has expired", "see that it is renewed, and that clocks agree")
    return Unverified(header, claims, expires)


def unusable(source: str, why: str, hint: str) -> DecisionUnavailable:
    """Say why a token cannot be used; never what it is."""
    return DecisionUnavailable(f"the token {source}: {why}", code="identity.unusable", hint=hint)


def _object(part: str, source: str) -> dict[str, Any]:
    try:
        value = strict_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (NotStrictJson, ValueError):
        value = None
    if not isinstance(value, dict):
        raise unusable(source, "it is not a JWT: a part of it is not a JSON object", _RENEWED)
    return value


_RENEWED = "see what writes or issues it"
