"""The user's words, and what was named in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from .amounts import has_currency, spoken_amounts
from .dates import spoken_dates, spoken_times, without_dates, written_dates
from .prompt_marks import ruled_out, stretches
from .stop_words import EMPTY, FILES, GENERIC, is_common
from .title_marks import is_marked
from .values import DATE, HOST, PATH, URL, embedded, nfc, text_key, typed, written_number

if TYPE_CHECKING:
    from .sentences import Token

MOST = 200_000
"""How many characters of the prompts of a session are known; what is beyond was said nowhere."""

_ANY = "*"
"""Stands for any currency, where a tool states none."""
_DAY = len("2026-05-04")
_MOST_PLACES = 64
_LONGEST_TITLE = 200
_OUTRIGHT = 3
"""So many words that not any request may hold make, in a row, a title without quotation marks."""
_SPECIFIC = 2
"""So many words are needed of a title that the prompt names in another way."""
_BETWEEN = "\x00"
_APART = f" {_BETWEEN} "
_BLANKS = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|\n")
_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_EXTENSION = re.compile(r"\.([A-Za-z][A-Za-z0-9]{0,4})\Z")
_CHUNK = re.compile(r"\S+")
_ADDRESS = re.compile(r"@|://|\bwww\.", re.IGNORECASE)
_WORDS_ONLY = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")  # noqa: RUF001 -- as people write it
_QUOTED = re.compile(
    r"\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«([^»\n]{1,400})»|„([^“”\n]{1,400})[“”]"
    r"|(?<!\w)'([^'\n]{1,400})'(?!\w)|‘([^’\n]{1,400})’|`([^`\n]{1,400})`"  # noqa: RUF001 -- quotation marks
)
_BARE_HOST = re.compile(r"(?<![\w.@/:-])((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w@-]|\.\w)")
_FILE = re.compile(r"(?<![\w.@/:-])([\w-]+(?:\.[\w-]+)+)(?![\w@/-])")
_MAIL_SIGN = "@"
_CONNECTS = "@._-/:+#&=~\\%"
_STRIPPED = ".,;:!?'\"()[]{}“”‘’«»„`"  # noqa: RUF001 -- punctuation


class _Turn(NamedTuple):
    """The words of one prompt in lower case, a blank around each.

    Attributes:
        said: What it says.
        words: What it rules out.
        values: Of that, the addresses, files and titles, each by itself.
    """

    said: str
    words: str
    values: str


class Words:
    """The prompts of one session. Not thread-safe: whoever holds it has a lock.

    What a prompt names only to rule it out, as in "never send it to eve@evil.example", is not said
    by it, nor any longer by an earlier one. A later one may say it again, whole. A short quote is
    one value, or the title of a record: nothing within it is said.

    What was said is told apart from what was ruled out since: ask for both (`rules_out`).

    Attributes:
        denies: Whether anything has been ruled out.
    """

    def __init__(self) -> None:
        self._raw = _BETWEEN
        self._lower = _BETWEEN
        self._joined = _APART
        self._sentences = _APART
        self._quoted: set[str] = set()
        self._whole: set[str] = set()
        # The last prompt that says a value, by its number.
        self._keys: dict[str, int] = {}
        self._amounts: dict[tuple[str, str], int] = {}
        self._times: set[str] = set()
        # The same of what is ruled out.
        self._out: dict[str, int] = {}
        self._amounts_out: dict[str, int] = {}
        self._turns: list[_Turn] = []
        self.denies = False
        self._left = MOST

    def add(self, said: Iterable[str]) -> None:
        """Take the words of one more prompt, in parts between which there is something else."""
        parts = [part.replace(_BETWEEN, " ") for part in said]
        text = nfc(f"\n{_BETWEEN}\n".join(parts)[: self._left])
        self._left -= len(text)
        if not text:
            return
        values: list[str] = []
        runs: list[str] = []
        left = []
        for part in text.split(_BETWEEN):
            out = ruled_out(part)
            left.append(_without(part, out))
            values += [part[each.start : each.stop] for each in out if each.kind != "word"]
            runs += _runs(part, out)
        text = _BETWEEN.join(left)
        self._take_titles(text)
        outright, quotes = _outright(text)
        self._whole.update(quotes)
        self._raw += outright + _BETWEEN
        self._lower += _BLANKS.sub(" ", outright).lower() + _BETWEEN
        turn = len(self._turns)
        self._keys.update(dict.fromkeys(_values(outright), turn))
        self._amounts.update(dict.fromkeys(_amounts(outright), turn))
        self._times.update(_times(outright))
        self.denies |= bool(runs)
        for run in runs:
            self._out.update(dict.fromkeys(_values(run), turn))
            self._amounts_out.update((key, turn) for key, _ in _amounts(run))
        words, whole = (_APART.join(["", *map(_joined, each), ""]) for each in (runs, values))
        self._turns.append(_Turn(f" {_joined(text)} ", words, whole))

    def _take_titles(self, text: str) -> None:
        # What stands within an address or a link is not a word of a title.
        words = _BARE_HOST.sub(_without_host, _CHUNK.sub(_without_address, text))
        self._joined += f"{_joined(words)} {_BETWEEN} "
        for sentence in _SENTENCE_END.split(words):
            self._sentences += f"{_joined(sentence)} {_BETWEEN} "
        for found in _QUOTED.finditer(text):
            quoted = next(group for group in found.groups() if group is not None)
            if not (_ADDRESS.search(quoted) or _is_host(quoted)):
                self._quoted.add(_joined(quoted))

    def holds(self, key: str) -> bool:
        """Whether a typed value was said."""
        return key in self._keys or (key.startswith(DATE) and self._holds_date(key[len(DATE) :]))

    def states(self, key: str, currency: str) -> bool:
        """Whether an amount was said, as one: in this currency, or in none."""
        of = ("", currency) if currency else (_ANY,)
        said = max(self._amounts.get((key, each), -1) for each in of)
        return said > self._amounts_out.get(key, -1)

    def rules_out(self, key: str, *, amount: bool = False) -> bool:
        """Whether a typed value was ruled out, and not said since.

        Args:
            key: Its key.
            amount: Whether it says how much.
        """
        if not self.denies:
            return False
        if amount:
            return key in self._amounts_out and not self.states(key, "")
        if key.startswith(DATE):
            key = key[: len(DATE) + _DAY]
        return self._out.get(key, -1) >= max(0, self._keys.get(key, -1))

    def rules_out_text(self, text: str) -> bool:
        """Whether a text, of which one word is specific, was ruled out, and not said since."""
        return self.denies and self._rules_out(_joined(nfc(text)))

    def _rules_out(self, phrase: str) -> bool:
        if not self.denies or not phrase:
            return False
        common, whole = is_common(phrase), f"{_APART}{phrase}{_APART}"
        phrase = f" {phrase} "
        for turn in reversed(self._turns):
            # A word may be said beside it; a value, a file or a title is ruled out all the same.
            if whole in turn.values:
                return True
            if phrase in turn.said:
                return False
            if phrase in turn.words and not common:
                return True
        return False

    def _holds_date(self, written: str) -> bool:
        day, time = written[:_DAY], written[_DAY + 1 :].rstrip("Z")
        return DATE + day in self._keys and (time in ("", "00:00") or time in self._times)

    def says(self, value: str, *, exactly: bool = False) -> bool:
        """Whether a value stands in the prompts, from the beginning of a word to the end of one.

        Args:
            value: In NFC.
            exactly: Whether its case matters although it holds nothing but words.
        """
        if not value or len(value) > MOST - self._left or _BETWEEN in value:
            return False
        if value in self._whole or _stands(self._raw, value):
            return True
        if exactly or not _is_words(value):
            return False
        return value.lower() in self._whole or _stands(self._lower, value.lower())

    def names(self, title: str) -> bool:
        """Whether a record of this title was named: in quotation marks, or in several whole words.

        Case, punctuation, `-`, `_`, `.` and the extension of a file do not matter. Without
        quotation marks a title has at least three words that not any request may hold, unless it
        is a whole file name: whoever sends a mail chooses its title, and could guess fewer.
        """
        if not nameable(title):
            return False
        title = nfc(title)
        base = _without_extension(title)
        whole = _joined(title)
        phrases = [each for each in {whole, _joined(base)} if not self._rules_out(each)]
        if base != title and base.strip() and self.says(title, exactly=True) and whole in phrases:
            return True
        return any(map(self._names, phrases))

    def _names(self, phrase: str) -> bool:
        words = phrase.split()
        if phrase in self._quoted:
            return len(phrase) > 1 and any(map(_is_telling, words))
        return self._holds_phrase(phrase) and sum(map(_is_specific, words)) >= _OUTRIGHT

    def alludes(self, title: str, *, own: bool) -> str:
        """The words of a title that stand in the prompts in a row, where they may name a record.

        They are at least two, and less than what names one outright: they do where no other
        record has them. Empty where they are not in the prompts, or a single word, or where
        somebody else chose the title and the prompts do not say that it is one.

        Args:
            title: What the record is called.
            own: Whether a first party calls it so.
        """
        if not nameable(title):
            return ""
        base = _without_extension(nfc(title))
        phrase = _joined(base)
        if self._rules_out(phrase):
            return ""
        words = [word for word in phrase.split() if _is_telling(word)]
        enough = any(map(_is_specific, words)) or len(words) > _SPECIFIC
        if not enough or sum(map(str.isalpha, words)) < _SPECIFIC:
            return ""
        if own:
            return phrase if self._holds_phrase(phrase) else ""
        # A compound such as `check-up` is one word.
        compounds = [word.replace("-", "").lower() for word in _COMPOUND.findall(base)]
        specific = max(sum(map(_is_specific, each)) for each in (words, compounds)) >= _SPECIFIC
        return phrase if is_marked(self._sentences, phrase, specific=specific) else ""

    def mentions(self, name: str, *, by_id: bool) -> bool:
        """Whether the prompts mention what is called so.

        Of words that not any request may hold they do by two in a row, or by one as in "Rosa's
        mail" and "the mail from Rosa". They also do by a mail address, and by an id with a digit
        in it. That is no more than a hint at what the user means: anybody can write under a name,
        or send a mail of that title.

        Args:
            name: What a record is called, or who wrote it.
            by_id: Whether it is an id.
        """
        if not self._turns:
            return False
        if by_id or _MAIL_SIGN in name:
            said = len(name) > 1 and (_MAIL_SIGN in name or any(map(str.isdigit, name)))
            return said and self.says(name) and not self.rules_out_text(name)
        words = _joined(name).split()
        pairs = (f"{a} {b}" for a, b in pairwise(words) if _is_specific(a) and _is_specific(b))
        marked = ((each, f"{each} s", f"from {each}") for each in words if _is_specific(each))
        return any(
            any(map(self._holds_phrase, forms)) and not self._rules_out(phrase)
            for phrase, *forms in chain(((each, each) for each in pairs), marked)
        )

    def _holds_phrase(self, phrase: str) -> bool:
        return bool(phrase) and f" {phrase} " in self._joined


def _without(text: str, gone: Iterable[Token]) -> str:
    at, left = 0, []
    for token in gone:
        left.append(text[at : token.start])
        at = max(at, token.stop)
    return _APART.join([*left, text[at:]])


def _runs(text: str, gone: list[Token]) -> Iterator[str]:
    """Yield the stretches of a text that are ruled out, in which tokens follow on each other."""
    start, stop = 0, -1
    for token in gone:
        if stop >= 0 and text[stop : token.start].strip():
            yield text[start:stop]
            start = token.start
        elif stop < 0:
            start = token.start
        stop = token.stop
    if stop >= 0:
        yield text[start:stop]


def _outright(text: str) -> tuple[str, set[str]]:
    """What a text says without what stands within its short quotes, and these as a whole."""
    at, left, quotes = 0, [], set[str]()
    for stretch in stretches(text):
        inside = stretch.inside.strip()
        if stretch.kind != "quote" or not inside:
            continue
        quotes |= {inside, inside.lower()} if _is_words(inside) else {inside}
        left.append(text[at : stretch.start] + (f" {inside} " if _is_one_value(inside) else _APART))
        at = stretch.stop
    return "".join([*left, text[at:]]), quotes


def _is_one_value(text: str) -> bool:
    """Whether a quote is an address, a number or a name, and not a title that holds one."""
    if not _BLANKS.search(text):
        return not _ADDRESS.search(text) or any(True for _ in typed(text))
    if len(text.split()) == _SPECIFIC and has_currency(text):
        return True
    return any(not key.startswith(PATH) for key in typed(text))


def _values(text: str) -> set[str]:
    """The keys of the addresses, hosts, files, accounts and the like that stand in a text."""
    keys = {*embedded(without_dates(text))}
    for url in [key for key in keys if key.startswith(URL)]:
        # Who names a page names the host that it is on.
        host = url.partition("://")[2].partition("/")[0].partition("?")[0]
        keys.update(key for key in typed(host) if key.startswith(HOST))
    for found in _BARE_HOST.finditer(text):
        host = found.group(1)
        if not _is_host(host):
            continue
        keys.update(key for key in typed(host) if key.startswith(HOST))
        for scheme in ("https", "http"):
            keys.update(typed(f"{scheme}://{host}/"))
    keys.update(PATH + found.group(1) for found in _FILE.finditer(text))
    keys.update(DATE + day for day in spoken_dates(text))
    keys.update(DATE + written[:_DAY] for written in written_dates(text))
    return keys


def _amounts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of the amounts that a text states, each with a currency that it may have."""
    for written, currencies in spoken_amounts(text):
        for key in {text_key(written), written_number(written) or text_key(written)}:
            yield from ((key, currency) for currency in (*currencies, _ANY))


def _times(text: str) -> Iterator[str]:
    """Yield the times of day that a text states."""
    yield from spoken_times(text)
    for written in written_dates(text):
        if len(written) > _DAY:
            yield written[_DAY + 1 :].rstrip("Z")


def nameable(title: str) -> bool:
    """Whether a prompt could name a record of this title at all."""
    return len(title) <= _LONGEST_TITLE and any(map(_is_telling, _joined(title).split()))


def _is_telling(word: str) -> bool:
    """Whether a word says something."""
    return len(word) > 1 and word not in EMPTY


def _is_specific(word: str) -> bool:
    """Whether a word is one that not any request may hold."""
    return word.isalpha() and _is_telling(word) and word not in GENERIC


def _without_extension(title: str) -> str:
    """A title without the extension of a file; one that holds an address is not a file's."""
    found = None if _ADDRESS.search(title) else _EXTENSION.search(title)
    if found is None or found.group(1).lower() not in FILES:
        return title
    return title[: found.start()]


def _is_host(text: str) -> bool:
    """Whether a text is the name of a host rather than that of a file."""
    found = _BARE_HOST.fullmatch(text)
    return found is not None and text.rpartition(".")[2].lower() not in FILES


def _without_address(found: re.Match[str]) -> str:
    return _APART if _ADDRESS.search(found.group()) else found.group()


def _without_host(found: re.Match[str]) -> str:
    return _APART if _is_host(found.group(1)) else found.group()


def stands(text: str, value: str) -> bool:
    """Whether a value stands in a text, from the beginning of a word to the end of one."""
    return _stands(_BETWEEN + text + _BETWEEN, value)


def _joined(text: str) -> str:
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).lower()))


def _is_words(value: str) -> bool:
    """Whether a value is words, so that its case says nothing; an id or a path is not."""
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
