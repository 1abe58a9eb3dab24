"""The one place where Python reads the time."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since 1970-01-01T00:00:00Z."""
    return time.time()


def now_ns() -> int:
    """Nanoseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns()


def monotonic() -> float:
    """Seconds on a clock that never goes back; what deadlines are measured on."""
    return time.monotonic()
