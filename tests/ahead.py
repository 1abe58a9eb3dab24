"""Times of a table of cases: they count from when a test runs, and not from when it was listed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ahead:
    """So many seconds from now, or before."""

    seconds: int


def from_now(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return claims in which times stand as Unix seconds."""
    now = int(time.time())
    return {
        name: now + value.seconds if isinstance(value, Ahead) else value
        for name, value in claims.items()
    }
