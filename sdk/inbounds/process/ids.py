"""Names for what has none: time-ordered, and not to be guessed."""

from __future__ import annotations

import secrets
from uuid import UUID

from . import clock


def uuid7() -> str:
    """A UUID of version 7 (RFC 9562 §5.7): milliseconds, then 74 random bits."""
    milliseconds = clock.now_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return str(UUID(int=value))
