"""Whether a feed is the one that its head was signed for."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from inbounds.canonical.strict_json import strict_json
from inbounds.errors import ConfigurationError
from inbounds.model.deployment import LiveHead, LiveNow

from .head import KINDS, SENTINEL, entries_digest


def coherent(now: Mapping[str, Any]) -> None:
    """Make sure that a feed is the one its head was signed for.

    The signature itself is the policy's to verify, on every decision; that costs the same for
    any number of entries. What the signature covers is compared here, once for each push.

    Args:
        now: `data.live.now` as JSON.

    Raises:
        ConfigurationError: `live.incoherent`: another shape, or the head was signed for other
            entries, another generation or another place in its sequence.
    """
    try:
        feed = LiveNow.model_validate(now)
        head = LiveHead.model_validate(_claims(feed.head))
    except ValueError:  # pydantic's, and those of JSON and base64
        raise _incoherent("it has not the shape of a feed") from None
    if (head.generation, head.seq) != (feed.generation, feed.seq):
        raise _incoherent("its head is of another generation or sequence number")
    if any(now.get(kind, {}).get(SENTINEL) != 0 for kind in KINDS):
        raise _incoherent("a list is missing, or has no sentinel")
    if entries_digest(now) != head.digest:
        raise _incoherent("its head was signed for other entries")


def signed_by(token: str) -> str:
    """Return the `kid` of the key that a head says has signed it; "" where it says none.

    Whether that is so is the policy's to verify.
    """
    try:
        header = _part(token, 0)
    except ValueError:
        return ""
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) else ""


def _claims(token: str) -> Any:
    return _part(token, 1)


def _part(token: str, place: int) -> Any:
    text = token.split(".")
    if len(text) != 3:
        raise ValueError("not a compact JWT")
    return strict_json(urlsafe_b64decode(text[place] + "=" * (-len(text[place]) % 4)))


def _incoherent(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the revocation feed cannot be believed: {what}",
        code="live.incoherent",
        hint="is there one owner of the feed? `inbounds live serve` puts the whole again",
    )
