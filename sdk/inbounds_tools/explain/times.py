"""Spans of time in words."""

from __future__ import annotations

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: int) -> str:
    """Return a span with its two largest units, such as `4 min 10 s`."""
    parts = []
    rest = abs(seconds)
    for size, unit in _UNITS:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"


def ago(seconds: int) -> str:
    """Return when something was; in the future where `seconds` is negative."""
    return f"{span(seconds)} ago" if seconds >= 0 else ahead(-seconds)


def ahead(seconds: int) -> str:
    """Return when something will be."""
    return f"in {span(seconds)}"
