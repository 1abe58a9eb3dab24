"""How many values a JSON text holds, before it is read.

This module does no I/O.
"""

from __future__ import annotations

from . import MAX_VALUES
from .strict_json import NotStrictJson


def require_few_values(text: bytes, most: int = MAX_VALUES) -> None:
    """Require that a JSON text holds few values, without reading it.

    The values are counted by the commas and the beginnings of arrays and objects outside strings:
    each value but the first follows one.

    Args:
        text: What may be JSON. Where it is not, what stands before its fault is counted.
        most: How many there may be.

    Raises:
        NotStrictJson: There are more.
    """
    if _marks(text) <= most:
        return
    # What is left of a string has no quotation mark within; there are two strings a value at most.
    text = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if text.count(b'"') > 4 * most + 4 or _marks(b"".join(text.split(b'"')[::2])) > most:
        raise NotStrictJson(f"more than {most} values")


def _marks(text: bytes) -> int:
    return sum(map(text.count, (b",", b"[", b"{")))
