"""The text of prompts, and whether a value stands in it as a whole."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from .whole_names import goes_on, name_spans, without_names

How = Literal["words", "exactly", "name", "deleted", "order"]
"""How a value has to be said.

`words`: words in any case. `exactly`: its case matters. `name`: a word with a capital that no
sentence begins with. `deleted`: what a word for deleting has as its object, and no word that any
request may hold. `order`: all that the user says is to be run.
"""

BETWEEN = "\x00"
APART = f" {BETWEEN} "
_BLANKS = re.compile(r"\s+")
_WORDS_ONLY = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001 -- as people write it
_STRIPPED = ".,;:!?'\"()[]{}“”‘’«»„`"  # noqa: RUF001 -- punctuation
_CONNECTS = "@._-/:+#&=~\\%"
_WORD = re.compile(r"[^\W_]+")
_BETWEEN_WORDS = r"(?:[^\w\n\x00.!?]{1,3}|[_.])"
_ALNUM = re.compile(r"[^\W_]")
_MOST_PLACES = 64
_NEAR = 96
_FAR = 256
_DIGITS_BEFORE = re.compile(r"[0-9]{3} \Z")
_DIGITS_BEHIND = re.compile(r" [0-9]{3}")
_ENDS_IN_DIGITS = re.compile(r"[0-9]{3}\Z")
_BEGINS_SENTENCE = re.compile(r"(?:[.!?:\n\x00][\"'”’)\s]*|\A\s*)\Z")  # noqa: RUF001 -- quotation marks


class PromptText:
    """What the prompts of one session say, as text. A short quote that is one value stands in it.

    A URL, a path and the name of a file are said as a whole, and nothing within them is.

    Attributes:
        quotes_what_stays: Whether something is quoted that no word for deleting has as its object.
        quoted: The short quotes, and what stands before and behind each.
        text: What is said, with a null character behind each prompt.
        numbers: Its numbers.
    """

    def __init__(self) -> None:
        self.text = BETWEEN
        self.numbers: set[str] = set()
        self._plain = BETWEEN
        # Where names begin and end in the text.
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._quotes: set[str] = set()
        self._orders: set[str] = set()
        self._deleted: set[str] = set()
        self._deleted_titles: set[str] = set()
        self.quotes_what_stays = False
        self.quoted: list[tuple[str, str, str]] = []

    def add(self, text: str, quotes: dict[str, tuple[str, str]]) -> list[tuple[int, int]]:
        """Take the text of one more prompt; returns where names stand in it.

        Args:
            text: In NFC, without what is data, ruled out, or several values in a short quote.
            quotes: The short quotes, and what stands before and behind each.
        """
        spans = name_spans(text)
        begin = len(self.text)
        self._starts += [begin + start for start, _ in spans]
        self._ends += [begin + end for _, end in spans]
        self.text += text + BETWEEN
        self.numbers.update(filter(str.isdecimal, _WORD.findall(text)))
        # Blanks may stand for line ends there.
        self._plain += _BLANKS.sub(" ", without_names(text, spans, APART)).lower() + BETWEEN
        self._quotes.update(quotes)
        self.quoted += [(quote, *around) for quote, around in quotes.items()]
        self._quotes.update(quote.lower() for quote in quotes if is_words(quote))
        if quotes:
            self._read_around(quotes)
        return spans

    def _read_around(self, quotes: dict[str, tuple[str, str]]) -> None:
        """Take what quotes are said to be: to be run, to be deleted, or neither."""
        from inbounds.provenance.prompt_orders import deletes_title, is_deleted, is_ordered

        self._orders.update(quote for quote, (before, _) in quotes.items() if is_ordered(before))
        deleted = {quote for quote, (before, _) in quotes.items() if is_deleted(before)}
        self._deleted |= deleted
        self._deleted_titles.update(
            " ".join(_WORD.findall(quote.lower()))
            for quote, (before, behind) in quotes.items()
            if deletes_title(before, behind, quote)
        )
        self.quotes_what_stays |= deleted != quotes.keys()

    def says(self, value: str, how: How) -> bool:
        """Whether a value stands in the text, from the beginning of a word to the end of one.

        Args:
            value: In NFC.
            how: How it has to be said.
        """
        if not value or BETWEEN in value:
            return False
        quotes = {"order": self._orders, "deleted": self._deleted}.get(how, self._quotes)
        if value in quotes:
            return True
        found = value in self.text and _ALNUM.search(value)
        if found and any(_suits(self.text, value, at, how) for at in self._places(value)):
            return True
        low = value.lower()
        if how not in ("words", "deleted") or not is_words(value):
            return False
        return low in quotes or (
            low in self._plain
            and any(_suits(self._plain, low, at, how) for at in _places(self._plain, low))
        )

    def asks_plainly(self, value: str, how: How) -> bool:
        """Whether the text plainly asks to delete a value, or to run it (`plain_requests`).

        Args:
            value: In NFC. The text says it so.
            how: `deleted` or `order`.
        """
        from .plain_requests import asks_to_delete, asks_to_run

        # What is said of a quote last: it may have been asked for before.
        around = [(before, behind) for quote, before, behind in self.quoted if quote == value][-1:]
        texts = [(self.text, value, self._places(value))]
        if how == "deleted" and is_words(value):
            low = value.lower()
            texts.append((self._plain, low, _places(self._plain, low)))
        for text, said, places in texts:
            for at in places:
                end = at + len(said)
                around.append((text[max(0, at - _FAR) : at], text[end : end + _FAR]))
        if how == "deleted":
            return any(asks_to_delete(before, behind, value) for before, behind in around)
        return any(asks_to_run(before, behind) for before, behind in around)

    def deletes(self, phrase: str) -> bool:
        """Whether a word for deleting has what is called so as its object.

        Args:
            phrase: A title, in lower case, as its words with a space between.
        """
        if not phrase or phrase in self._deleted_titles:
            return bool(phrase)
        from inbounds.provenance.prompt_orders import deletes_title

        words = _BETWEEN_WORDS.join(map(re.escape, phrase.split()))
        title = re.compile(rf"(?<![^\W_]){words}(?![^\W_]|['’]\w)", re.IGNORECASE)  # noqa: RUF001 -- as people write it
        return any(
            deletes_title(
                self.text[max(0, found.start() - _FAR) : found.start()],
                self.text[found.end() : found.end() + _FAR],
            )
            for found in islice(title.finditer(self.text), _MOST_PLACES)
        )

    def _places(self, value: str) -> Iterator[int]:
        """Where a value stands, and no part of a name."""
        for at in _places(self.text, value):
            if not (self._is_within(at) or self._is_within(at + len(value))):
                yield at

    def _is_within(self, at: int) -> bool:
        """Whether a place is inside a name, and not where it begins or ends."""
        number = bisect_right(self._starts, at) - 1
        return number >= 0 and self._starts[number] < at < self._ends[number]


def since_last(ends: re.Pattern[str], text: str) -> str:
    """Return what of a text stands behind the last match, or all of it."""
    *_, at = [0, *(found.end() for found in ends.finditer(text))]
    return text[at:]


def stands(text: str, value: str) -> bool:
    """Whether a value stands in a text, from the beginning of a word to the end of one."""
    return any(True for _ in _places(BETWEEN + text + BETWEEN, value))


def is_words(value: str) -> bool:
    """Whether a value is words, so that its case says nothing; an id or a path is not."""
    parts = [part.strip(_STRIPPED) for part in value.split()]
    numbers = sum(part.isdecimal() for part in parts)
    words = sum(_WORDS_ONLY.fullmatch(part) is not None for part in parts)
    return words > 0 and words + numbers == len(parts)


def _suits(text: str, value: str, at: int, how: How) -> bool:
    """Whether what stands around a value is how it has to be said."""
    end = at + len(value)
    if _is_group(text, value, at, end) or ("/" in value and goes_on(text, at, end)):
        return False
    before = text[max(0, at - _NEAR) : at]
    if how == "name":
        return value[:1].isupper() and _BEGINS_SENTENCE.search(before) is None
    if how not in ("deleted", "order"):
        return True
    from inbounds.provenance.prompt_orders import END_OF_ORDER, SUBJECT, is_deleted, is_ordered

    if how == "order":
        return is_ordered(before) and END_OF_ORDER.match(text, end) is not None
    from inbounds.provenance.stop_words import is_common

    # `Delete a.txt, b.txt is the new one`
    subject = SUBJECT.match(text, end) is not None
    return not (subject or is_common(value)) and is_deleted(text[max(0, at - _FAR) : at])


def _places(text: str, value: str) -> Iterator[int]:
    """Yield where a value is found in a text that begins and ends with what no value holds."""
    at = text.find(value)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        end = at + len(value)
        before = text[at - 1], text[at - 2] if at > 1 else BETWEEN
        after = text[end], text[end + 1] if end + 1 < len(text) else BETWEEN
        if not (_goes_on(value[0], *before) or _goes_on(value[-1], *after, possessive=True)):
            yield at
        at = text.find(value, at + 1)


def _is_group(text: str, value: str, at: int, end: int) -> bool:
    """Whether digits are a group of a longer number, as `1234` of `1234 5678 9012`."""
    if value[:3].isdecimal() and _DIGITS_BEFORE.search(text, max(0, at - 4), at):
        return True
    return _ENDS_IN_DIGITS.search(value) is not None and _DIGITS_BEHIND.match(text, end) is not None


def _goes_on(edge: str, near: str, far: str, *, possessive: bool = False) -> bool:
    """Whether the word at the edge of a value is longer than the value."""
    if near.isalnum() or near == "_":
        return True
    if near in "'’" and far.isalnum():  # noqa: RUF001 -- as people write it
        return not (possessive and far == "s")
    if near == ",":
        return edge.isdecimal() and far.isdecimal()
    if near not in _CONNECTS:
        return False
    if near == "%":
        return edge.isdecimal()
    return far.isalnum() or far in _CONNECTS or not edge.isalnum()
