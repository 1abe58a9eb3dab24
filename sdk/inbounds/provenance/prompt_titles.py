"""Records that the user names, alludes to or mentions, by their titles or by who wrote them."""

from __future__ import annotations

import re
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from .prompt import ADDRESS, BARE_HOST, is_apart, joined_words, without_spans
from .prompt_text import APART, BETWEEN
from .stop_words import EMPTY, FILES, GENERIC
from .title_marks import SOMETHING, Mark, is_marked, quote_marks
from .values import nfc
from .whole_names import is_host

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .prompt import Words

_LONGEST_TITLE = 200
_OUTRIGHT = 3
"""So many words that not any request may hold make, in a row, a title without quotation marks."""
_SPECIFIC = 2
"""So many words are needed of a title that the prompt names in another way."""
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|\n")
_INTERRUPTS = re.compile(r"[:;](?=\s|\Z)|\x00")
_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_EXTENSION = re.compile(r"\.([A-Za-z][A-Za-z0-9]{0,4})\Z")
_CHUNK = re.compile(r"\S+")
_QUOTED = re.compile(
    r"\"([^\"\n]{1,400})\"|“([^”\n]{1,400})”|«([^»\n]{1,400})»|„([^“”\n]{1,400})[“”]"
    r"|(?<!\w)'([^'\n]{1,400})'(?!\w)|‘([^’\n]{1,400})’|`([^`\n]{1,400})`"  # noqa: RUF001 -- quotation marks
)
_MAIL_SIGN = "@"
_OF_MANY = frozenset(["everyone", "everybody", "each", "every", "all"])


class PromptTitles:
    """What the prompts of one session call records by. Not thread-safe, as `Words`.

    Args:
        words: The user's words, which may rule a title out.
        texts: What the prompts say, each in NFC.
    """

    def __init__(self, words: Words, texts: Iterable[str]) -> None:
        self._words = words
        self._joined = APART
        self._said: set[str] = set()
        # Words without a capital: a name has none.
        self._small: set[str] = set()
        self._sentences = APART
        # How firmly the prompts say of what they quote that it is a title.
        self._quoted: dict[str, Mark] = {}
        self._empty = True
        self._tells_many = False
        for text in texts:
            self.add(text)

    def add(self, text: str) -> None:
        """Take the text of one more prompt."""
        self._empty = False
        # What stands within an address or a link is not a word of a title.
        words = _without_addresses(text)
        joined = joined_words(words)
        self._joined += f"{joined} {BETWEEN} "
        self._said.update(joined.split())
        self._small.update(word for word in _WORD.findall(words) if word[:1].islower())
        if not _OF_MANY.isdisjoint(joined.split()):
            # Imported here: few prompts speak of all of somebody.
            from .recipients import tells_many

            self._tells_many = self._tells_many or tells_many(text)
        quotes = [each for each in _QUOTED.finditer(text) if is_apart(text, *each.span())]
        outside = _without_addresses(without_spans(text, (each.span() for each in quotes)))
        for sentence in _SENTENCE_END.split(_INTERRUPTS.sub(f" {SOMETHING} ", outside)):
            self._sentences += f"{joined_words(sentence)} {BETWEEN} "
        for found, mark in zip(quotes, quote_marks(text, quotes), strict=True):
            quoted = next(group for group in found.groups() if group is not None)
            if not (ADDRESS.search(quoted) or is_host(quoted)):
                phrase = joined_words(quoted)
                self._quoted[phrase] = max(mark, self._quoted.get(phrase, mark))

    def names(self, title: str, *, own: bool) -> bool:
        """Whether a record of this title was named: in quotation marks, or in several whole words.

        Case, punctuation, `-`, `_`, `.` and the extension of a file do not matter. Whoever sends a
        mail chooses its title: the prompt has to say that the words are one (`title_marks`), unless
        they are a whole file name. Without quotation marks they are at least three that not any
        request may hold, since fewer could be guessed.

        Args:
            title: What the record is called.
            own: Whether a first party calls it so: then the words are enough, but for those that
                may be somebody's name since all of them have a capital.
        """
        if not nameable(title):
            return False
        title = nfc(title)
        base = _without_extension(title)
        whole = joined_words(title)
        phrases = [
            each for each in {whole, joined_words(base)} if not self._words.rules_out_phrase(each)
        ]
        if (
            base != title
            and base.strip()
            and self._words.says(title, "exactly")
            and whole in phrases
        ):
            return True
        return any(self._names(phrase, own=own) for phrase in phrases)

    def _names(self, phrase: str, *, own: bool) -> bool:
        words = phrase.split()
        telling = sum(map(_is_telling, words))
        if telling and phrase in self._quoted:
            mark = self._quoted[phrase]
            if mark == Mark.TITLE or (telling >= _OUTRIGHT and (own or mark)):
                return True
        specific = [*filter(is_specific, words)]
        if len(specific) < _OUTRIGHT or not self._holds_phrase(phrase):
            return False
        # `Write to Rosa Maria Lind` names no record that somebody has given her name.
        if own and not self._small.isdisjoint(specific):
            return True
        return is_marked(self._sentences, phrase, specific=True)

    def says_file(self, title: str) -> bool:
        """Whether a title is the name of a file, and the prompts say it whole."""
        title = nfc(title)
        return _without_extension(title) != title and self._words.says(title, "exactly")

    def deletes(self, title: str) -> bool:
        """Whether the prompts say to delete the record of this title."""
        phrases = {joined_words(title), joined_words(_without_extension(title))}
        return any(map(self._words.outright.deletes, phrases))

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
        phrase = phrase_of(title)
        if self._words.rules_out_phrase(phrase):
            return ""
        words = [word for word in phrase.split() if _is_telling(word)]
        if len(words) >= _SPECIFIC and phrase in self._quoted and (own or self._quoted[phrase]):
            return phrase
        enough = any(map(is_specific, words)) or len(words) > _SPECIFIC
        if not enough or sum(map(str.isalpha, words)) < _SPECIFIC:
            return ""
        if own:
            return phrase if self._holds_phrase(phrase) else ""
        # A compound such as `check-up` is one word.
        base = _without_extension(nfc(title))
        compounds = [word.replace("-", "").lower() for word in _COMPOUND.findall(base)]
        specific = max(sum(map(is_specific, each)) for each in (words, compounds)) >= _SPECIFIC
        return phrase if is_marked(self._sentences, phrase, specific=specific) else ""

    @property
    def tells_many(self) -> bool:
        """Whether the prompts tell something to people whom a list names, and leave nobody out."""
        return self._tells_many and not self._words.denies

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
        if self._empty:
            return False
        if by_id or _MAIL_SIGN in name:
            said = len(name) > 1 and (_MAIL_SIGN in name or any(map(str.isdigit, name)))
            return said and self._words.says(name) and not self._words.rules_out_text(name)
        words = joined_words(name).split()
        if self._said.isdisjoint(words):
            return False
        pairs = (f"{a} {b}" for a, b in pairwise(words) if is_specific(a) and is_specific(b))
        marked = ((each, f"{each} s", f"from {each}") for each in words if is_specific(each))
        return any(
            any(map(self._holds_phrase, forms)) and not self._words.rules_out_phrase(phrase)
            for phrase, *forms in chain(((each, each) for each in pairs), marked)
        )

    def _holds_phrase(self, phrase: str) -> bool:
        return bool(phrase) and f" {phrase} " in self._joined


def nameable(title: str) -> bool:
    """Whether a prompt could name a record of this title at all."""
    return len(title) <= _LONGEST_TITLE and any(map(_is_telling, joined_words(title).split()))


def phrase_of(title: str) -> str:
    """Return the words of a title, without the extension of a file, in lower case."""
    return joined_words(_without_extension(nfc(title)))


def _is_telling(word: str) -> bool:
    """Whether a word says something."""
    return len(word) > 1 and word not in EMPTY


def is_specific(word: str) -> bool:
    """Whether a word is one that not any request may hold."""
    return word.isalpha() and _is_telling(word) and word not in GENERIC


def _without_extension(title: str) -> str:
    """A title without the extension of a file; one that holds an address is not a file's."""
    found = None if ADDRESS.search(title) else _EXTENSION.search(title)
    if found is None or found.group(1).lower() not in FILES:
        return title
    return title[: found.start()]


def _without_addresses(text: str) -> str:
    return BARE_HOST.sub(_without_host, _CHUNK.sub(_without_address, text))


def _without_address(found: re.Match[str]) -> str:
    return APART if ADDRESS.search(found.group()) else found.group()


def _without_host(found: re.Match[str]) -> str:
    return APART if is_host(found.group(1)) else found.group()
