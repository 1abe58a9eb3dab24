"""The text of an attack, plain and obfuscated.

An obfuscated attack must get no further than a plain one: the policy traces the arguments of a call
to something trusted, so it does not matter how well an attacker hides the words.
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
class Injection:
    """The texts that an attacker plants.

    Attributes:
        texts: The texts by the name of their vector.
        last: The vector with the last part: until it has been read, nobody has seen the whole.
    """

    texts: dict[str, str]
    last: str


Variant = Callable[[str, Sequence[str]], Injection]
"""Puts a text into vectors, given in the order in which they are read; there is at least one."""


def plain(text: str, vectors: Sequence[str]) -> Injection:
    """Write it as it is."""
    return _everywhere(text, vectors)


def reverse_words(text: str, vectors: Sequence[str]) -> Injection:
    """Write each word from its end to its beginning."""
    return _everywhere(_WORD.sub(lambda word: word[0][::-1], text), vectors)


def to_base64(text: str, vectors: Sequence[str]) -> Injection:
    """Write it in Base64 (RFC 4648 §4)."""
    return _everywhere(base64.b64encode(text.encode()).decode("ascii"), vectors)


def to_homoglyphs(text: str, vectors: Sequence[str]) -> Injection:
    """Write it with Cyrillic letters that look like the Latin ones."""
    return _everywhere(text.translate(_ALIKE), vectors)


def split_over_two(text: str, vectors: Sequence[str]) -> Injection:
    """Write the first half of each word into one vector and the second half into the next.

    Where only one vector is read, both stand in it, one after the other.
    """
    first = _WORD.sub(lambda word: word[0][: (len(word[0]) + 1) // 2], text)
    second = _WORD.sub(lambda word: word[0][(len(word[0]) + 1) // 2 :], text)
    if len(vectors) == 1:
        return Injection({vectors[0]: f"{first}\n{second}"}, vectors[0])
    return Injection({vectors[0]: first, vectors[1]: second}, vectors[1])


VARIANTS: Final[dict[str, Variant]] = {
    "plain": plain,
    "reversed words": reverse_words,
    "base64": to_base64,
    "homoglyphs": to_homoglyphs,
    "split over two results": split_over_two,
}
"""The ways to write an attack, by name; all but `plain` hide its words."""


def _everywhere(text: str, vectors: Sequence[str]) -> Injection:
    return Injection(dict.fromkeys(vectors, text), vectors[0])
