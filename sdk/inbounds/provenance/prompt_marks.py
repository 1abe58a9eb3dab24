"""What of a prompt has to be read further: marks of quotes and data, and words that deny.

Most prompts have neither, and load nothing of what reads them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .denial_words import DENYING, ELIDED, SIGNS, plain_apostrophes

if TYPE_CHECKING:
    from .prompt_segments import Stretch
    from .sentences import Token

_MARKED = re.compile(r"[^\w .,!?@/#+$%&=;()-]|(?<!\w)-|-(?!\w)")
"""What holds none of these quotes nothing, and nothing of it is data."""
_WITHOUT = "w/o"
_LONG = 7
"""A quote of so many words may tell what to do, and somebody else may have written it."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def apart(text: str) -> tuple[list[str], list[str]]:
    """Return what the user says of a prompt, with short quotes, and what is data in it."""
    said, data = [], []
    at = 0
    for stretch in stretches(text):
        if stretch.kind == "quote":
            if len(stretch.inside.split()) >= _LONG:
                data.append(stretch.inside)
            continue
        said.append(text[at : stretch.start])
        data.append(text[stretch.start : stretch.stop])
        at = stretch.stop
    said.append(text[at:])
    return said, data


def stretches(text: str) -> list[Stretch]:
    """Return what of a prompt is quoted or data, as `prompt_segments.stretches`."""
    if not _MARKED.search(text):
        return []
    from . import prompt_segments

    return prompt_segments.stretches(text)


def excluded(text: str) -> tuple[list[Token], list[Token]]:
    """Return what a text rules out, and what it may rule out: `denials.tokens_excluded`."""
    if not may_deny(text):
        return [], []
    from .denials import tokens_excluded

    return tokens_excluded(text)


def may_deny(text: str) -> bool:
    """Whether a text holds a word, or a sign, that rules something out in some sentence."""
    low = lower_words(text)
    return holds_word(DENYING, low, _WORD.findall(low))


def lower_words(text: str) -> str:
    """Return a text in lower case, with `'` for every apostrophe within a word."""
    return plain_apostrophes(text).lower().replace("\u2019", "'")


def holds_word(known: frozenset[str], low: str, words: list[str]) -> bool:
    """Return whether a text holds one of these words, or whatever else denies."""
    return (
        not known.isdisjoint(words)
        or any(sign in low for sign in SIGNS)
        or any(word.startswith(ELIDED) for word in words)
        or _WITHOUT in low
    )
