"""The members of a choice that a prompt says, such as `read` and `admin` of a permission."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
_ENDING = 3
"""So many letters may follow on the stem of a word: `read` is said in `reading` as well."""
_LEAST = 3


def names_another(text: str, value: str, members: Iterable[object], chosen: list[object]) -> bool:
    """Tell whether a text says another member of a choice than those that are chosen.

    A form of a word counts as the word: a person is only asked all the more.

    Args:
        text: The prompts.
        value: What is chosen.
        members: What may be chosen.
        chosen: All values of the argument in this call.
    """
    words = [*_WORD.findall(text.lower())]
    own = [_WORD.findall(str(each).lower()) for each in chosen if type(each) is str]
    # `lab` is not said by `lab 1`.
    for phrase in sorted([*own, _WORD.findall(value.lower())], key=len, reverse=True):
        words = _without(words, phrase)
    others = (_WORD.findall(str(each).lower()) for each in members if each not in chosen)
    return any(_stands(words, other) for other in others if other)


def _without(words: list[str], phrase: list[str]) -> list[str]:
    left: list[str] = []
    at = 0
    while at < len(words):
        if phrase and words[at : at + len(phrase)] == phrase:
            left.append("")
            at += len(phrase)
        else:
            left.append(words[at])
            at += 1
    return left


def _stands(words: list[str], phrase: list[str]) -> bool:
    return any(
        all(map(_is_form, words[at : at + len(phrase)], phrase))
        for at in range(len(words) - len(phrase) + 1)
    )


def _is_form(word: str, of: str) -> bool:
    """Whether a word is another one, or a form of it."""
    if word == of or len(of) < _LEAST or not of.isalpha():
        return word == of
    stem = of.removesuffix("s").removesuffix("e").removesuffix("y")
    return word.startswith(stem) and len(word) - len(stem) <= _ENDING
