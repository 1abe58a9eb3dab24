"""What an attacker writes, plain and in ways that hide its words from whoever looks for them.

An obfuscated attack must get no further than a plain one: what steers a call has to be traced to
something trusted, so that it does not matter how well an attacker hides.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

_WORD = re.compile(r"\S+")
_ALIKE = str.maketrans("aceiopxyACEHKMOPTX", "асеіорхуАСЕНКМОРТХ")  # noqa: RUF001 -- Cyrillic


@dataclass(frozen=True, slots=True)
class Planted:
    """What stands in the places an attacker writes into.

    Attributes:
        texts: By the name of the place.
        last: The place in which the last part of it stands: before that has been read, nobody
            has seen the whole.
    """

    texts: dict[str, str]
    last: str


Variant = Callable[[str, Sequence[str]], Planted]
"""Puts a text into places, given in the order in which they are read; there is at least one."""


def plain(text: str, places: Sequence[str]) -> Planted:
    """Write it as it is."""
    return _everywhere(text, places)


def reversed_words(text: str, places: Sequence[str]) -> Planted:
    """Write each word from its end to its beginning."""
    return _everywhere(_WORD.sub(lambda word: word[0][::-1], text), places)


def in_base64(text: str, places: Sequence[str]) -> Planted:
    """Write it in Base64 (RFC 4648 §4)."""
    return _everywhere(base64.b64encode(text.encode()).decode("ascii"), places)


def homoglyphs(text: str, places: Sequence[str]) -> Planted:
    """Write it with Cyrillic letters that look like the Latin ones."""
    return _everywhere(text.translate(_ALIKE), places)


def split_over_two(text: str, places: Sequence[str]) -> Planted:
    """Write the first half of each word in one place and the second half in the next.

    Where only one place is read, both stand in it, one after the other.
    """
    first = _WORD.sub(lambda word: word[0][: (len(word[0]) + 1) // 2], text)
    second = _WORD.sub(lambda word: word[0][(len(word[0]) + 1) // 2 :], text)
    if len(places) == 1:
        return Planted({places[0]: f"{first}\n{second}"}, places[0])
    return Planted({places[0]: first, places[1]: second}, places[1])


VARIANTS: Final[dict[str, Variant]] = {
    "plain": plain,
    "reversed words": reversed_words,
    "base64": in_base64,
    "homoglyphs": homoglyphs,
    "split over two results": split_over_two,
}
"""The ways to write an attack, by name; all but `plain` hide its words."""


def _everywhere(text: str, places: Sequence[str]) -> Planted:
    return Planted(dict.fromkeys(places, text), places[0])
