"""What a prompt takes back, as in "mail eve@… - sorry, I meant bob@…".

A correction withdraws what it replaces: the values of the same kind that stand before it, or all
that stands before it where it names nothing else.

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from .amounts import has_currency
from .denial_words import CORRECTS, CORRECTS_DIRECTLY, REPLACES
from .prohibitions import IF, MOST, PEOPLE, VALUES, Finding, is_verb
from .sentences import Reading, word_set

_Phrases = dict[str, tuple[tuple[str, ...], ...]]


def _by_first_word(phrases: tuple[str, ...]) -> _Phrases:
    """Return phrases by their first word, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append(words)
    return {first: tuple(every) for first, every in found.items()}


_PHRASES = _by_first_word(CORRECTS)
_DIRECT = _by_first_word(CORRECTS_DIRECTLY)
_FIRST_WORDS = frozenset({*_PHRASES, *_DIRECT})
_BETWEEN = word_set(
    "to it is it's the a an no not wait sorry and or for with pay mail send use make that i mean "
    "meant rather better actually just please oh should be"
)
"""Words that may stand between a correction and what it puts in place."""
_REFERS = word_set("forget ignore disregard cancel undo scratch strike")
_NOT_SO = word_set("don't not never")
_NEAR = 6
_MOST_WITHDRAWN = 12
_FOLLOWING = 2
"""So many sentences behind a correction may say what is meant instead."""


def corrections(reading: Reading) -> Iterator[Finding]:
    """Yield what a prompt withdraws."""
    for at, token in enumerate(reading.tokens):
        if token.low in _FIRST_WORDS:
            yield from _withdrawn(reading, at)
        if token.low in REPLACES:
            yield from _replaced(reading, at)


def _withdrawn(reading: Reading, at: int) -> Iterator[Finding]:
    sentence = reading.sentence(at)
    if reading.tokens[at].low == "instead":
        yield from _in_its_place(reading, at)
        return
    size, whole = _marker(reading, at, sentence)
    if not size or reading.low(sentence.start, sentence) in IF:
        return
    before = _before(reading, at)
    after = _after(reading, at + size, sentence)
    kinds = {kind for near in after if (kind := _kind(reading, near))}
    same = [near for near in before if _kind(reading, near) in kinds][-_MOST_WITHDRAWN:]
    if same:
        for near in same:
            yield Finding(at, _with_currency(reading, near, before))
        yield Finding(at, range(at, at + size))
    elif whole and before:
        yield Finding(at, range(before.start, at + size), deeds=True)


def _marker(reading: Reading, at: int, sentence: range) -> tuple[int, bool]:
    """How many words a correction has, and whether it withdraws what it replaces by nothing."""
    low = reading.tokens[at].low
    size = _phrase(reading, at, sentence, _PHRASES)
    if size:
        refers = low in _REFERS and reading.low(at - 1, sentence) in _NOT_SO
        minds = low == "never" and not _ends(reading, at + size, sentence)
        made = (low, reading.low(at + 1, sentence)) == ("make", "it")
        if refers or minds or (made and not _directly(reading, at + size, sentence)):
            return 0, False
        return size, True
    size = _phrase(reading, at, sentence, _DIRECT)
    if low in ("no", "nope") and not _stands_alone(reading, at):
        return 0, False
    if _is_no(reading, at):
        return size, True
    return (size, False) if size and _directly(reading, at + size, sentence) else (0, False)


def _stands_alone(reading: Reading, at: int) -> bool:
    """Whether `no` is an answer, and no part of `no mail to eve@…`."""
    clause = reading.clause(at)
    after = at + 1
    return after not in clause or bool(_kind(reading, after)) or reading.tokens[after].low == "wait"


def _in_its_place(reading: Reading, at: int) -> Iterator[Finding]:
    """`Mail it to eve@…. Mail it to bob@… instead`: the former is withdrawn."""
    sentence = reading.sentence(at)
    clause = reading.clause(at)
    if reading.low(at + 1, clause) == "of":
        return
    if any(reading.tokens[near].low in IF for near in sentence[:MOST]):
        return
    kinds = {
        kind for near in clause[:MOST] if (kind := _kind(reading, near)) in PEOPLE | {"number"}
    }
    before = range(sentence.start, clause.start)
    number = reading.tokens[at].sentence
    if not any(_kind(reading, near) in kinds for near in before[-MOST:]):
        if not number or reading.paragraphs[number - 1] != reading.paragraphs[number]:
            return
        before = reading.sentences[number - 1]
    for near in before[-MOST:]:
        if _kind(reading, near) in kinds:
            yield Finding(at, _with_currency(reading, near, before))


def _is_no(reading: Reading, at: int) -> bool:
    """Whether it is the answer `eve@…: no`."""
    clause = reading.clause(at)
    alone = len(clause) == 1 and reading.tokens[at].low in ("no", "nope")
    return alone and clause.stop == reading.sentence(at).stop and at > reading.sentence(at).start


def _phrase(reading: Reading, at: int, sentence: range, phrases: _Phrases) -> int:
    """How many words the longest of some phrases has that stands at a place."""
    for phrase in phrases.get(reading.tokens[at].low, ()):
        stop = at + len(phrase)
        found = tuple(token.low for token in reading.tokens[at : min(stop, sentence.stop)])
        if found == phrase:
            return len(phrase)
    return 0


def _ends(reading: Reading, at: int, sentence: range) -> bool:
    """Whether a clause ends at a place, or goes on with a pronoun."""
    if at not in sentence or at in {clause.start for clause in (reading.clause(at),)}:
        return True
    return reading.tokens[at].low in ("that", "it", "this")


def _directly(reading: Reading, at: int, sentence: range) -> bool:
    """Whether a value, or a name, stands right behind a correction."""
    stop = sentence.stop
    if at >= stop and sentence.stop < len(reading.tokens):
        # `No wait. bob@…`
        stop = reading.sentence(sentence.stop).stop
    for near in range(at, min(at + _NEAR, stop)):
        if _kind(reading, near):
            return True
        if reading.tokens[near].low not in _BETWEEN and not _is_currency(reading, near):
            return False
    return False


def _is_currency(reading: Reading, at: int) -> bool:
    return _names_currency(reading.tokens[at].text)


@lru_cache(maxsize=1024)
def _names_currency(text: str) -> bool:
    return has_currency(f"{text} 1") or has_currency(f"1 {text}")


def _before(reading: Reading, at: int) -> range:
    """What stands before a correction: in its sentence, or else the sentence before."""
    token = reading.tokens[at]
    sentence = reading.sentence(at)
    here = range(max(sentence.start, at - MOST), at)
    if any(_kind(reading, near) for near in here):
        return here
    number = token.sentence
    if number and reading.paragraphs[number - 1] == reading.paragraphs[number]:
        return range(max(reading.sentences[number - 1].start, at - 2 * MOST), at)
    return here if len(here) > 1 else range(0)


def _after(reading: Reading, at: int, sentence: range) -> range:
    """What stands behind a correction, up to what says what is meant instead."""
    number = reading.tokens[sentence.start].sentence
    stop = min(sentence.stop, at + MOST)
    last = min(number + 1 + _FOLLOWING, len(reading.sentences))
    for further in range(number + 1, last):
        if any(_kind(reading, near) for near in range(at, stop)):
            break
        stop = min(reading.sentences[further].stop, at + 2 * MOST)
    return range(at, stop)


def _kind(reading: Reading, at: int) -> str:
    """Of which kind a value is; "" where a token is not a value."""
    token = reading.tokens[at]
    if token.kind in VALUES:
        return token.kind
    if token.text.isalpha():
        return ""
    return "number" if any(map(str.isdigit, token.text)) else ""


def _with_currency(reading: Reading, at: int, within: range) -> range:
    start, stop = at, at + 1
    if _kind(reading, at) == "number":
        if at - 1 in within and _is_currency(reading, at - 1):
            start -= 1
        if at + 1 in within and _is_currency(reading, at + 1):
            stop += 1
    return range(start, stop)


def _replaced(reading: Reading, at: int) -> Iterator[Finding]:
    """`Replace eve@… by bob@…`, `the address changed from eve@… to bob@…`."""
    sentence = reading.sentence(at)
    clause = reading.clause(at)
    low = reading.tokens[at].low
    if not is_verb(reading, at, clause) and not low.endswith("ed"):
        return
    joints = REPLACES[low]
    values = [
        near
        for near in range(at, min(sentence.stop, at + MOST))
        if reading.tokens[near].kind in PEOPLE
    ]
    for old, new in pairwise(values):
        between = [reading.tokens[near].low for near in range(old + 1, new)]
        if len(between) <= _NEAR and any(word in joints for word in between):
            yield Finding(at, range(at, old + 1))
            return
