"""What of a prompt has to be read further: marks of quotes and data, and words that deny.

Most prompts have neither, and load nothing of what reads them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .denial_words import CONTRACTED, DENYING, DOUBTING, ELIDED, SIGNS, plain_apostrophes

if TYPE_CHECKING:
    from .prompt_segments import Stretch
    from .sentences import Token

_UNMARKED = re.compile(r"(?:[\w .,!?@/#+$%&=;()]|(?<=\w)-(?=\w))*+")
"""What holds no other sign quotes nothing, and nothing of it is data."""
_WITHOUT = "w/o"
_DEFERS = re.compile(
    r"\b(?:should|shall|must|ought|may|might|would) (?:i|we)\b"
    r"|\b(?:do|did) (?:i|we) (?:have|need) to\b|\b(?:before|until|once|after) (?:you|i|we)\b"
)
"""Asks whether something is to be done, or puts it off."""
_MEANT = re.compile(
    r"\b(?:do not|don't|dont|never) (?:forget|hesitate|fail|worry|mind)\b"
    r"|\b(?:did|has|have|had|was|were) (?:not|never)\b(?! to\b)"
)
"""Asks all the more, or tells what has not been."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def apart(text: str) -> tuple[list[str], list[str]]:
    """Return what the user says of a prompt, with short quotes, and what is data in it."""
    said, data = [], []
    at = 0
    for stretch in stretches(text):
        if stretch.kind == "quote":
            continue
        said.append(text[at : stretch.start])
        data.append(text[stretch.start : stretch.stop])
        at = stretch.stop
    said.append(text[at:])
    return said, data


def stretches(text: str) -> list[Stretch]:
    """Return what of a prompt is quoted or data, as `prompt_segments.stretches`."""
    if _UNMARKED.fullmatch(text):
        return []
    from . import prompt_segments

    return prompt_segments.stretches(text)


def ruled_out(text: str) -> list[Token]:
    """Return what a text names only to rule it out, in order."""
    return excluded(text)[0]


def excluded(text: str) -> tuple[list[Token], list[Token]]:
    """Return what a text rules out, and what it may rule out: `denials.tokens_excluded`."""
    if not may_deny(text):
        return [], []
    from .denials import tokens_excluded

    return tokens_excluded(text)


def is_doubtful(text: str) -> bool:
    """Return whether what a text names may not be meant: it denies, excepts, asks or defers."""
    low = _plain(text)
    words = [CONTRACTED.get(word, word) for word in _WORD.findall(_MEANT.sub(" ", low))]
    return _holds(DOUBTING, low, words) or _DEFERS.search(low) is not None


def may_deny(text: str) -> bool:
    """Whether a text holds a word, or a sign, that rules something out in some sentence."""
    low = _plain(text)
    return _holds(DENYING, low, _WORD.findall(low))


def _plain(text: str) -> str:
    return plain_apostrophes(text).lower().replace("\u2019", "'")


def _holds(known: frozenset[str], low: str, words: list[str]) -> bool:
    """Whether a text holds one of these words, or whatever else denies."""
    return (
        not known.isdisjoint(words)
        or any(sign in low for sign in SIGNS)
        or any(word.startswith(ELIDED) for word in words)
        or _WITHOUT in low
    )
