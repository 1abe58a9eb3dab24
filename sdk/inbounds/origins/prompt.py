"""The user's words, and what was named in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from .dates import ANY_YEAR, spoken_dates, spoken_times, without_dates, written_dates
from .stop_words import EMPTY, FILES, GENERIC
from .values import DATE, HOST, PATH, URL, embedded, nfc

MOST = 200_000
"""How many characters of the prompts of a session are known; what is beyond was said nowhere."""

_MOST_PLACES = 64
_LONGEST_TITLE = 200
_SHORTEST_WORD = 4
_SPECIFIC = 3
"""So many words that any request may hold make, in a row, a title nevertheless."""
_BETWEEN = "\x00"
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}\Z")
_WORDS_ONLY = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001 -- as people write it
_QUOTED = re.compile(
    r"\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«([^»\n]{1,400})»|„([^“”\n]{1,400})[“”]"
    r"|(?<!\w)'([^'\n]{1,400})'(?!\w)|‘([^’\n]{1,400})’|`([^`\n]{1,400})`"  # noqa: RUF001 -- quotation marks
)
_BARE_HOST = re.compile(r"(?<![\w.@/:-])((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w@-]|\.\w)")
_FILE = re.compile(r"(?<![\w.@/:-])([\w-]+(?:\.[\w-]+)+)(?![\w@/-])")
_CONNECTS = "@._-/:+#&=~\\%"
_STRIPPED = ".,;:!?'\"()[]{}“”‘’«»„`"  # noqa: RUF001 -- punctuation


class Words:
    """The prompts of one session. Not thread-safe: whoever holds it has a lock."""

    def __init__(self) -> None:
        self._raw = _BETWEEN
        self._lower = _BETWEEN
        self._joined = f" {_BETWEEN} "
        self._quoted: set[str] = set()
        self._keys: set[str] = set()
        self._dates: set[str] = set()
        self._times: set[str] = set()
        self._left = MOST

    def add(self, said: Iterable[str]) -> None:
        """Take the words of one more prompt, in parts between which there is something else."""
        parts = [part.replace(_BETWEEN, " ") for part in said]
        text = nfc(f"\n{_BETWEEN}\n".join(parts)[: self._left])
        self._left -= len(text)
        if not text:
            return
        self._raw += text + _BETWEEN
        self._lower += _BLANKS.sub(" ", text).lower() + _BETWEEN
        self._joined += f"{_joined(text)} {_BETWEEN} "
        for found in _QUOTED.finditer(text):
            quoted = next(group for group in found.groups() if group is not None)
            self._quoted.add(_joined(quoted))
        self._keys.update(embedded(without_dates(text)))
        self._take_hosts(text)
        self._dates.update(spoken_dates(text))
        self._times.update(spoken_times(text))
        for written in written_dates(text):
            self._dates.add(written[:10])
            if len(written) > 10:
                self._times.add(written[11:].rstrip("Z"))

    def _take_hosts(self, text: str) -> None:
        from .values import typed

        for url in [key for key in self._keys if key.startswith(URL)]:
            # Who names a page names the host that it is on.
            host = url.partition("://")[2].partition("/")[0].partition("?")[0]
            self._keys.update(key for key in typed(host) if key.startswith(HOST))
        for found in _BARE_HOST.finditer(text):
            host = found.group(1)
            if host.rpartition(".")[2].lower() in FILES:
                continue
            self._keys.update(key for key in typed(host) if key.startswith(HOST))
            for scheme in ("https", "http"):
                self._keys.update(key for key in typed(f"{scheme}://{host}/"))
        for found in _FILE.finditer(text):
            self._keys.add(PATH + found.group(1))

    def holds(self, key: str) -> bool:
        """Whether a typed value was said."""
        return key in self._keys or (key.startswith(DATE) and self._holds_date(key[len(DATE) :]))

    def _holds_date(self, written: str) -> bool:
        day, time = written[:10], written[11:].rstrip("Z")
        said = day in self._dates or ANY_YEAR + day[5:] in self._dates
        return said and (time in ("", "00:00") or time in self._times)

    def says(self, value: str, *, exactly: bool = False) -> bool:
        """Whether a value stands in the prompts, from the beginning of a word to the end of one.

        Args:
            value: In NFC.
            exactly: Whether its case matters although it holds nothing but words.
        """
        if not value or len(value) > len(self._raw) or _BETWEEN in value:
            return False
        if _stands(self._raw, value):
            return True
        if exactly or not _is_words(value):
            return False
        return _stands(self._lower, _BLANKS.sub(" ", value).lower())

    def names(self, title: str) -> bool:
        """Whether a record of this title was named: in quotation marks, or in whole words.

        Case, punctuation, `-`, `_`, `.` and the extension of a file do not matter. A title of
        words that any request may hold is never named, unless it is a whole file name.
        """
        if not nameable(title) or len(self._joined) < len(_BETWEEN) + 3:
            return False
        title = nfc(title)
        base = _EXTENSION.sub("", title)
        if base != title and base.strip() and self.says(title, exactly=True):
            return True
        return self._names(title) or (base != title and self._names(base))

    def _names(self, title: str) -> bool:
        words = _joined(title).split()
        phrase = " ".join(words)
        if phrase in self._quoted:
            return _telling(words) > 0 and len(phrase) > 1
        if _telling(words, GENERIC) == 0 and _telling(words) < _SPECIFIC:
            return False
        if len(words) == 1 and sum(map(str.isalpha, phrase)) < _SHORTEST_WORD:
            return False
        return f" {phrase} " in self._joined


def nameable(title: str) -> bool:
    """Whether a prompt could name a record of this title at all."""
    return len(title) <= _LONGEST_TITLE and _telling(_joined(title).split()) > 0


def _telling(words: list[str], but: frozenset[str] = frozenset()) -> int:
    """How many words say something, and are none of those."""
    if but:
        words = [word for word in words if word not in but and not word.isdecimal()]
    return sum(word not in EMPTY for word in words)


def stands(text: str, value: str) -> bool:
    """Whether a value stands in a text, from the beginning of a word to the end of one."""
    return _stands(_BETWEEN + text + _BETWEEN, value)


def _joined(text: str) -> str:
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).lower()))


def _is_words(value: str) -> bool:
    """Whether a value is words, so that its case says nothing; an id or a path is none."""
    parts = [part.strip(_STRIPPED) for part in value.split()]
    numbers = sum(part.isdecimal() for part in parts)
    words = sum(_WORDS_ONLY.fullmatch(part) is not None for part in parts)
    return words > 0 and words + numbers == len(parts)


def _stands(text: str, value: str) -> bool:
    """Whether a value is found in a text that begins and ends with what no value holds."""
    at = text.find(value)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return False
        end = at + len(value)
        before = text[at - 1], text[at - 2] if at > 1 else _BETWEEN
        after = text[end], text[end + 1] if end + 1 < len(text) else _BETWEEN
        if not (_goes_on(value[0], *before) or _goes_on(value[-1], *after, possessive=True)):
            return True
        at = text.find(value, at + 1)
    return False


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
