"""Values that a prompt leaves to a record: "open the link in her mail", "to whom the letter says".

The user does not state the value, and says that it stands somewhere. A draft then lets the texts of
records state it that the prompt names or mentions, and a person is asked about each such value.

This module does no I/O.
"""

from __future__ import annotations

from inbounds.provenance.sentences import Reading, stem, word_set

from .delegation import recipients
from .requests import handed_out

_LINKS = {stem(noun) for noun in word_set("link hyperlink url")}
_SAYS = word_set(
    "says said gives gave mentions mentioned names asks asked wants wanted states stated provides "
    "provided specifies specified tells told writes wrote lists suggests suggested speaks requests "
    "requested prefers"
)
_SAID = word_set(
    "given mentioned named stated listed specified written said provided linked told asked "
    "requested suggested"
)
_HAS = word_set("has have had he's she's they've")
_ASKING = word_set("what whatever where wherever whom who whoever whomever which")
_SOMEBODY = word_set("he she it they")
_DETAILS = word_set(
    "address account iban email mail e-mail number recipient payee name contact phone details"
)
_PLACES = word_set("in at on inside within from under")
_THERE = word_set("there below above")
_SOURCES = word_set("it there that this the his her their its my our your a an")

_FAR = 10
"""So many words before a verb may say that it asks, as "what the mail from Rosa Lind says"."""
_NEAR = 4
_BESIDE = 2


def left_to_sources(reading: Reading, denied: frozenset[int]) -> str:
    """Return the words that leave a value to a record, or "" where none do.

    Args:
        reading: The prompt.
        denied: The positions of what the prompt says not to do.
    """
    for sentence in reading.sentences:
        told = recipients(reading, sentence)
        for at in sentence:
            if at in denied:
                continue
            if _is_link(reading, at) or (
                not told
                and (
                    _is_said(reading, sentence, at)
                    or _is_given(reading, sentence, at)
                    or _is_kept(reading, sentence, at)
                )
            ):
                start, stop = max(sentence.start, at - _BESIDE), min(at + _NEAR, sentence.stop)
                return " ".join(reading.tokens[near].text for near in range(start, stop))
    return ""


def _is_link(reading: Reading, at: int) -> bool:
    """Whether a link that is there is spoken of, and not one that somebody is to get."""
    return reading.tokens[at].stem in _LINKS and handed_out(reading, at) is None


def _is_said(reading: Reading, sentence: range, at: int) -> bool:
    """Whether somebody says it: "the person he names", "what Rosa asks", "see the mail"."""
    low = reading.tokens[at].low
    if low == "see":
        return _any(reading, _after(sentence, at, 1), _SOURCES)
    if low not in _SAYS:
        return False
    return (
        _any(reading, _before(sentence, at, _BESIDE), _SOMEBODY)
        or _any(reading, _before(sentence, at, _FAR), _ASKING)
        or _any(reading, _after(sentence, at, _BESIDE), _ASKING)
    )


def _is_given(reading: Reading, sentence: range, at: int) -> bool:
    """Whether it is written somewhere: "the page that is given there", "he has named"."""
    if reading.tokens[at].low not in _SAID:
        return False
    return _any(reading, _after(sentence, at, 1), _PLACES | _THERE) or _any(
        reading, _before(sentence, at, _BESIDE), _HAS
    )


def _is_kept(reading: Reading, sentence: range, at: int) -> bool:
    """Whether an address or the like stands in a record: "the address is in the file"."""
    if reading.tokens[at].low.removesuffix("'s") not in _DETAILS:
        return False
    return any(
        reading.tokens[near].low in _PLACES
        and (
            _any(reading, _after(sentence, near, 1), _SOURCES)
            or any(reading.tokens[it].kind != "word" for it in _after(sentence, near, 1))
        )
        for near in _after(sentence, at, _BESIDE)
    )


def _any(reading: Reading, places: range, words: frozenset[str]) -> bool:
    return any(reading.tokens[at].low in words for at in places)


def _before(sentence: range, at: int, most: int) -> range:
    return range(max(sentence.start, at - most), at)


def _after(sentence: range, at: int, most: int) -> range:
    return range(at + 1, min(at + 1 + most, sentence.stop))
