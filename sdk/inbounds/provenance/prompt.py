"""The user's words, and what was named in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .amounts import has_currency, spoken_amounts
from .dates import spoken_dates, spoken_times, without_dates, written_dates
from .doubts import holds_back, is_doubtful, words_kept
from .prompt_marks import excluded, stretches
from .prompt_text import APART, BETWEEN, How, PromptText
from .values import (
    DATE,
    FAMILIES,
    HOST,
    NUMBER,
    PATH,
    URL,
    embedded,
    nfc,
    text_key,
    typed,
    written_number,
)
from .whole_names import BEHIND, LABEL, keys_of_names, without_names

if TYPE_CHECKING:
    from inbounds.model.question import Kind

    from .prompt_titles import PromptTitles

MOST = 200_000
"""How many characters of the prompts of a session are known; what is beyond was said nowhere."""

_FOR_GOOD = 1 << 60
"""Later than any prompt."""
_ANY = "*"
"""Stands for any currency, where a tool states none."""
DAY = len("2026-05-04")
_GROUP = 3
_AMOUNT = 2
"""An amount with its currency is two words."""
_FEW = 4
_NEAR = 65
_FAR = 256
_BLANKS = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_CHUNK_BEFORE = re.compile(r"(?<!\S)\S{0,64}\Z")
_CHUNK_BEHIND = re.compile(r"\S{0,64}")
ADDRESS = re.compile(r"@|://|\bwww\.", re.IGNORECASE)
BARE_HOST = re.compile(r"(?<![\w.@/:-])((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24})(?![\w@-]|\.\w)")
_DIGIT_GROUPS = re.compile(r"\b(?:[A-Z]{2}[0-9]{2}|[0-9]{3,})(?: [0-9]{2,})+\b")


class _Turn(NamedTuple):
    """The words of one prompt in lower case, a blank around each.

    Attributes:
        said: What it says.
        words: What it rules out.
        values: Of that, the addresses, files and titles, each by itself.
        names: Of that, the words of each name.
        ids: Of that, the forms of the words that hold a digit.
    """

    said: str
    words: str
    values: str
    names: list[frozenset[str]]
    ids: frozenset[str]


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
        self._text = PromptText()
        self._texts: list[str] = []
        # The last prompt that says a value, by its number.
        self._keys: dict[str, int] = {}
        # Of what kinds the values are that the last prompt says.
        self._families: set[str] = set()
        self._amounts: dict[tuple[str, str], int] = {}
        self._times: set[str] = set()
        # The same of what is ruled out.
        self._out: dict[str, int] = {}
        self._amounts_out: dict[str, int] = {}
        self._turns: list[_Turn] = []
        # The last prompt that may mean something else than that what it says be done.
        self._doubtful = -1
        # The same of a prompt that leaves open what is to be done.
        self._held_back = -1
        # The words of sentences that say to keep something.
        self._kept: dict[str, int] = {}
        self.denies = False
        self._left = MOST

    def add(self, said: Iterable[str]) -> list[str]:
        """Take the words of one more prompt, in parts between which there is something else.

        Returns:
            The short quotes that are more than one value: somebody else may have written them.
        """
        parts = [part.replace(BETWEEN, " ") for part in said]
        whole = f"\n{BETWEEN}\n".join(parts)
        text = nfc(whole[: self._left])
        if len(whole) > self._left:
            self.doubt()  # what rules something out may stand in what is not read
        self._left -= len(text)
        if not text:
            return []
        values: list[str] = []
        runs: list[str] = []
        left = []
        turn = len(self._turns)
        for part in text.split(BETWEEN):
            out, unclear = excluded(part)
            if out or unclear or is_doubtful(part):
                self._doubtful = max(self._doubtful, turn)
            self._kept.update(dict.fromkeys(words_kept(part), turn))
            if holds_back(part):
                self._doubtful = self._held_back = max(self._held_back, turn)
            unsaid = sorted([*out, *unclear], key=lambda token: token.start)
            left.append(without_spans(part, ((token.start, token.stop) for token in unsaid)))
            values += [part[each.start : each.stop] for each in out if each.kind != "word"]
            if out:
                from inbounds.provenance.ruled_out_values import runs as runs_of

                runs += runs_of(part, out)
        text = BETWEEN.join(left)
        self._texts.append(text)
        if "titles" in vars(self):
            self.titles.add(text)
        outright, quotes = _outright(text)
        spans = self._text.add(outright, quotes)
        plain = without_names(outright, spans, APART)
        found = _values(outright, spans, plain)
        self._keys.update(dict.fromkeys(found, turn))
        self._families = {key[:2] for key in found}
        self._amounts.update(dict.fromkeys(_amounts(plain), turn))
        self._times.update(_times(plain))
        self.denies |= bool(runs)
        names: list[frozenset[str]] = []
        ids: set[str] = set()
        if runs:
            from inbounds.provenance.coarse_forms import words_of
            from inbounds.provenance.ruled_out_values import all_values, names_in

            for run in runs:
                self._out.update(dict.fromkeys(all_values(run), turn))
                self._amounts_out.update((key, turn) for key, _ in _amounts(run))
                names += names_in(run)
                ids.update(words_of(run))
        words, whole = (APART.join(["", *map(joined_words, each), ""]) for each in (runs, values))
        said_words = f" {joined_words(text)} "
        self._turns.append(_Turn(said_words, words, whole, names, frozenset(ids)))
        return [quote for quote in quotes if not _is_one_value(quote)]

    def holds(self, key: str) -> bool:
        """Whether a typed value was said."""
        return key in self._keys or (key.startswith(DATE) and self._holds_date(key[len(DATE) :]))

    def says_some(self, kind: Kind) -> bool:
        """Whether the last prompt says a value of a kind, such as an address."""
        return FAMILIES.get(kind) in self._families

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
            key = key[: len(DATE) + DAY]
        from inbounds.provenance.coarse_forms import values_of
        from inbounds.provenance.ruled_out_values import is_out

        # A longer text only speaks of what it holds.
        every = values_of(key) if key.count(" ") < _FEW else (key,)
        return any(is_out(each, self._keys.get(each, -1), self._out) for each in every)

    def rules_out_text(self, text: str, *, is_value: bool = False) -> bool:
        """Whether a text, of which one word is specific, was ruled out, and not said since.

        With `is_value`, an id in it is known in any spelling.
        """
        if not (self.denies and text):
            return False
        ids = frozenset[str]()
        if is_value and text.count(" ") < _FEW:
            from inbounds.provenance.coarse_forms import words_of

            ids = frozenset(words_of(text))
        return self.rules_out_phrase(joined_words(nfc(text)), ids)

    def rules_out_phrase(self, phrase: str, ids: frozenset[str] = frozenset()) -> bool:
        """Whether these words, as `joined_words` returns them, or ids were ruled out since."""
        if not self.denies or not phrase:
            return False
        from inbounds.provenance.stop_words import is_common

        common, whole = is_common(phrase), f"{APART}{phrase}{APART}"
        parts = set(phrase.split())
        phrase = f" {phrase} "
        for turn in reversed(self._turns):
            # A word may be said beside it; a value, a file or a title is ruled out all the same.
            if whole in turn.values:
                return True
            if phrase in turn.said:
                return False
            if phrase in turn.words and not common:
                return True
            if ids & turn.ids or any(name.issubset(parts) for name in turn.names):
                return True
        return False

    def keeps(self, title: str) -> int:
        """The last prompt of which one sentence holds a word of a title and says to keep something.

        Its number, or -1 for none.
        """
        if not self._kept:
            return -1
        from inbounds.provenance.prompt_titles import is_specific

        words = filter(is_specific, joined_words(nfc(title)).split())
        return max((self._kept.get(word, -1) for word in words), default=-1)

    def doubts(self, keys: Iterable[str], said: str, *, prompted: bool, kept: int = -1) -> bool:
        """Whether a prompt may mean something else than a value, and none after it says that.

        Args:
            keys: Those of the value.
            said: The value as text, or "".
            prompted: Whether the prompts vouch for it. For any other value, only a prompt counts
                that leaves open what is to be done.
            kept: The last prompt that may say to keep what it stands in (`keeps`).
        """
        last = max(kept, self._doubtful if prompted else self._held_back)
        if last < 0 or any(self._keys.get(key, -1) > last for key in keys):
            return False
        phrase = joined_words(said)
        return not (phrase and any(f" {phrase} " in turn.said for turn in self._turns[last + 1 :]))

    @property
    def is_doubtful(self) -> bool:
        """Whether a prompt may mean something else than that what it says be done."""
        return self._doubtful >= 0

    def doubt(self) -> None:
        """Have every value in doubt, whatever a later prompt says."""
        self._doubtful = self._held_back = _FOR_GOOD

    def asks_plainly(self, value: str, how: How) -> bool:
        """See `PromptText.asks_plainly`."""
        return self._text.asks_plainly(value, how)

    @property
    def outright(self) -> PromptText:
        """What the prompts say, as text."""
        return self._text

    @property
    def quotes_what_stays(self) -> bool:
        """See `PromptText.quotes_what_stays`."""
        return self._text.quotes_what_stays

    @cached_property
    def titles(self) -> PromptTitles:
        """What the prompts call records by. It is read when a record is asked for."""
        from inbounds.provenance.prompt_titles import PromptTitles

        return PromptTitles(self, self._texts)

    def _holds_date(self, written: str) -> bool:
        day, time = written[:DAY], written[DAY + 1 :].rstrip("Z")
        return DATE + day in self._keys and (time in ("", "00:00") or time in self._times)

    def says(self, value: str, how: How = "words") -> bool:
        """Whether a value stands in the prompts, from the beginning of a word to the end of one.

        Args:
            value: In NFC.
            how: How it has to be said.
        """
        return len(value) <= MOST - self._left and self._text.says(value, how)


def without_spans(text: str, gone: Iterable[tuple[int, int]]) -> str:
    """Return a text with `APART` in the place of each of these spans, which are in order."""
    at, left = 0, []
    for start, stop in gone:
        left.append(text[at:start])
        at = max(at, stop)
    return APART.join([*left, text[at:]])


def _outright(text: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """What a text says without what stands within its short quotes, and these as a whole.

    Returns:
        The text, and the quotes, each with what stands before and behind it.
    """
    at, left, quotes = 0, [], dict[str, tuple[str, str]]()
    for stretch in stretches(text):
        inside = stretch.inside.strip()
        if stretch.kind != "quote" or not inside or not is_apart(text, stretch.start, stretch.stop):
            continue
        before = text[max(0, stretch.start - _FAR) : stretch.start]
        quotes[inside] = before, text[stretch.stop : stretch.stop + _FAR]
        left.append(text[at : stretch.start] + (f" {inside} " if _is_one_value(inside) else APART))
        at = stretch.stop
    return "".join([*left, text[at:]]), quotes


def is_apart(text: str, start: int, stop: int) -> bool:
    """Whether quotation marks stand around words, and not within a name as in `/a/'b'/c`."""
    before, after = (
        _CHUNK_BEFORE.search(text, max(0, start - _NEAR), start),
        _CHUNK_BEHIND.match(text, stop),
    )
    return bool(
        before and after and LABEL.fullmatch(before.group()) and BEHIND.fullmatch(after.group())
    )


def _is_one_value(text: str) -> bool:
    """Whether a quote is an address, a number or a name, and not a title that holds one."""
    if not _BLANKS.search(text):
        return not ADDRESS.search(text) or any(True for _ in typed(text))
    if len(text.split()) == _AMOUNT and has_currency(text):
        return True
    return any(not key.startswith(PATH) for key in typed(text))


def _values(text: str, spans: list[tuple[int, int]], plain: str) -> set[str]:
    """The keys of the addresses, hosts, files, accounts and the like that a text says.

    Args:
        text: Whatever it is.
        spans: Where names stand in it, of which nothing within is said.
        plain: The text without these.
    """
    undated = without_dates(plain)
    keys = {key for key in embedded(undated) if not key.startswith(NUMBER)}
    # A group of a longer number is none by itself.
    ungrouped = _DIGIT_GROUPS.sub(_without_groups, undated)
    keys.update(key for key in embedded(ungrouped) if key.startswith(NUMBER))
    keys.update(keys_of_names(text, spans))
    for url in [key for key in keys if key.startswith(URL)]:
        # Who names a page names the host that it is on.
        keys.update(key for key in typed(host_of(url)) if key.startswith(HOST))
    keys.update(DATE + day for day in spoken_dates(plain))
    keys.update(DATE + written[:DAY] for written in written_dates(plain))
    return keys


def host_of(url: str) -> str:
    """Return what stands between the scheme and the path of a URL."""
    return url.partition("://")[2].partition("/")[0].partition("?")[0]


def _without_groups(found: re.Match[str]) -> str:
    """Nothing of an account or a card, and all of `100 000`, which is one number."""
    groups = found.group().split(" ")
    if any(len(group) > _GROUP or not group.isdecimal() for group in groups):
        return APART
    return found.group()


def _amounts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of the amounts that a text states, each with a currency that it may have."""
    for written, currencies in spoken_amounts(text):
        for key in {text_key(written), written_number(written) or text_key(written)}:
            yield from ((key, currency) for currency in (*currencies, _ANY))


def _times(text: str) -> Iterator[str]:
    """Yield the times of day that a text states."""
    yield from spoken_times(text)
    for written in written_dates(text):
        if len(written) > DAY:
            yield written[DAY + 1 :].rstrip("Z")


def joined_words(text: str) -> str:
    """Return the words of a text in lower case, with a space between."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", text).lower()))
