"""Whether a prompt says a number as the id of a record of one kind.

This module does no I/O.
"""

from __future__ import annotations

import re

from .amounts import amounts_at
from .dates import DATES_AND_TIMES
from .naming_marks import places

_FAR = 128
_NUMBERED = r"(?:\s+(?:no|nr|numbers?|ids?)\b\.?)?[\s:#]*"
_LISTED = r"(?:#?[0-9]+(?:\s*,\s*(?:and\s+)?|\s+(?:and|or|to)\s+|\s*&\s*)#?)*"


def is_id(text: str, value: str, nouns: frozenset[str]) -> bool:
    """Tell whether a text says a number as the id of a record, in one place at least.

    A number that belongs to an amount, a date or a time is not one. Where the text has a noun for
    the record before another number, as in `order 1234`, the number needs that noun as well.

    Args:
        text: The prompts.
        value: The number.
        nouns: What the registry calls such a record.
    """
    own = None
    if nouns:
        called = rf"\b(?:{'|'.join(map(re.escape, sorted(nouns)))}){_NUMBERED}"
        if re.search(rf"{called}[0-9]", text, re.IGNORECASE):
            own = re.compile(rf"{called}{_LISTED}\Z", re.IGNORECASE)
    for at, end in places(text, value):
        begin = max(0, at - _FAR)
        near = text[begin : end + _FAR]
        if own is not None and not own.search(near, 0, at - begin):
            continue
        if not _is_part(near, at - begin, end - begin):
            return True
    return False


def _is_part(text: str, at: int, end: int) -> bool:
    """Whether digits belong to a date, a time or an amount."""
    dates = (found.span() for pattern in DATES_AND_TIMES for found in pattern.finditer(text))
    amounts = (span for _, _, span in amounts_at(text))
    return any(start <= at and end <= stop for each in (dates, amounts) for start, stop in each)
