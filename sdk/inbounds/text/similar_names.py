"""Which known name a misspelt one was meant to be."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable

_SIMILAR = 0.6
"""As `difflib.get_close_matches` has it: of each name, 6 of 10 characters are in the other."""
_SHORT = 3
_SEPARATOR = re.compile(r"[^0-9A-Za-z]")


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known name that a word is most similar to, or "" where none is similar.

    Only the parts in which two names differ are compared. `bob@acme.example` and
    `alice@acme.example` share most of their characters, and neither is a slip for the other.

    Args:
        word: What was written.
        known: The names that there are.
    """
    best, highest = "", 0.0
    for name in sorted(known):
        differing = _differing(word, name)
        if max(map(len, differing)) == 1 < len(name) - _SHORT:
            # One digit or letter of a longer name, such as `task-7`.
            best, highest = best or name, max(highest, _SIMILAR)
            continue
        parts = difflib.SequenceMatcher(None, *differing)
        if parts.real_quick_ratio() < _SIMILAR or parts.quick_ratio() < _SIMILAR:
            continue
        ratio = parts.ratio()
        if ratio >= _SIMILAR and ratio > highest:
            best, highest = name, ratio
    return best


def _differing(one: str, other: str) -> tuple[str, str]:
    """Leave out the whole parts that two names have in common at their beginning and end."""
    start = _shared(one, other)
    one, other = one[start:], other[start:]
    end = _shared(one[::-1], other[::-1])
    return one[: len(one) - end], other[: len(other) - end]


def _shared(one: str, other: str) -> int:
    """The length of the beginning that two names share, up to its last separator."""
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    common = "".join(pair[0] for pair in alike)
    return max((found.end() for found in _SEPARATOR.finditer(common)), default=0)
