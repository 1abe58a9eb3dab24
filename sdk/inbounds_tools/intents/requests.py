"""What a prompt asks for: the words of an intent that it holds, and whether it means them.

A word asks where it can be read as a request. It does not where it is the name of something
("the transfer"), where it tells what somebody did ("files shared with me", "what they pay"), and
where it is denied ("do not send", "without deleting"): there it takes away.

This module does no I/O.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inbounds.model.deployment import AskedFor
from inbounds.provenance.denials import ALL, EXCEPT, TELLING
from inbounds.provenance.doubts import holds_back
from inbounds.provenance.prohibitions import DETERMINERS
from inbounds.provenance.sentences import Reading, backwards, stem, word_set, words_of
from inbounds.provenance.spoken_effects import asks_for

_FINAL = frozenset({"delete", "spend", "administer", "execute"})
"""Effects that cannot be undone, and that a prompt may only speak of."""
_NEAR = 16
"""So many words before the place that something is put in may say that it is put."""
_FAR = 2
"""So many sentences before may hold what a pronoun stands for."""
_MOST = 1000
"""No more places of one phrase are looked at, of those that ask and of those that deny."""


_PREPOSITIONS = word_set("of in on from about at per via for with into under over during")
_OPENERS = word_set(
    "please pls plz and or to you then also can could would will should must shall may might let's "
    "lets just kindly now not never don't dont do us me first next finally again so today "
    "tomorrow tonight noon am pm monday tuesday wednesday thursday friday saturday sunday "
    "week month year morning afternoon evening it them him her there here nor neither"
)
_OBJECTS = DETERMINERS | word_set("it them him her me us everything everyone anything nothing both")
_LIGHT = word_set("make set create issue schedule arrange perform initiate prepare place need want")
_ASKING = word_set("what how when where whom which whether who why")
_ASIDE = word_set(
    "usually often always normally already also just regularly sometimes still really"
)
_MODALS = word_set("can could may shall should must will")
_WISHED = word_set("want need like should must be wants needs sure ensure")
_NOTED = word_set("shoot write drop")
"""Verbs that make a request of a noun that is new: `drop Rosa a mail`, and not `drop the mail`."""
_PUT = word_set("put move throw toss drop stick chuck")
_INTO = word_set("in into to")
_PAGE = {stem(noun) for noun in word_set("page site website")}
"""An entry of words with one of them opens what a prompt gives the address of."""
_ABOUT = word_set("of from about on at what whatever")
_HANDS_OUT = {
    stem(verb) for verb in word_set("share send create include add post paste copy make insert")
}
_BESIDE = 4
_THEREUPON = word_set("after before besides following upon with like")
_PRONOUNS = word_set("it that this them those these")
_LOOKS = word_set(
    "show list read find search see view track check get fetch summarise summarize open count "
    "display review"
)
"""What stands right behind them is looked at: `show mail from Rosa`, `look up order 7`."""
_TOLD = word_set("tell let inform notify answer ask brief alert warn")
"""Who is told is who asks: `tell me what Rosa wants`."""
_LEADS = word_set(
    "mind by try start begin keep and or then help please finish consider after before when "
    "while without avoid not never than of from stop any no"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of an intent, found in a prompt.

    Attributes:
        entry: The number of its `AskedFor`.
        phrase: As the intent has it.
        at: The position of its first word.
        denied: Whether the prompt says not to.
        flatly: Whether it says so of all there are: "do not delete any files".
        paragraph: The number of its paragraph.
        spoken: Whether the prompt only speaks of an act that cannot be undone.
    """

    entry: int
    phrase: str
    at: int
    denied: bool
    flatly: bool = False
    paragraph: int = 0
    spoken: bool = False


def matches(
    reading: Reading, words: Sequence[AskedFor], denied: frozenset[int]
) -> tuple[Match, ...]:
    """Find what a prompt asks for and what it says not to do.

    Args:
        reading: The prompt.
        words: Those of the intent.
        denied: What `denials` says of the prompt.

    Returns:
        Each phrase in each place where it asks or is denied, in order of the entries.
    """
    places = _places(reading)
    pages = [*_pages(reading, denied)]
    return tuple(
        match
        for number, entry in enumerate(words)
        for match in (
            *(
                found
                for phrase in entry.words
                for found in _found(reading, places, denied, (number, entry), phrase)
            ),
            *_opened(reading, pages, (number, entry)),
        )
    )


def without_spoken(
    prompt: str, reading: Reading, words: Sequence[AskedFor], found: Sequence[Match]
) -> tuple[Match, ...]:
    """Mark the phrases that a prompt only speaks of, of entries that it asks for nowhere.

    Where a prompt asks for nothing that cannot be undone, it stays as it is: a person is asked
    before any such call (`holds_back`).

    Args:
        prompt: What the user said.
        reading: The same, taken apart.
        words: Those of the intent.
        found: What `matches` found.
    """
    final = {number for number, entry in enumerate(words) if not _FINAL.isdisjoint(entry.effects)}
    final &= {match.entry for match in found if not match.denied}
    if not final or holds_back(prompt):
        return (*found,)
    asked = {
        match.entry
        for match in found
        if match.entry in final and not match.denied and not _is_spoken_of(prompt, reading, match)
    }
    spoken = final - asked
    return tuple(
        replace(match, spoken=True) if match.entry in spoken and not match.denied else match
        for match in found
    )


def _is_spoken_of(prompt: str, reading: Reading, match: Match) -> bool:
    token = reading.tokens[match.at]
    start = prompt.lower().find(token.low, token.start, token.stop) if token.low else -1
    return start >= 0 and asks_for(prompt, start, start + len(token.low)) is False


def requested(reading: Reading, at: int, word: str) -> bool:
    """Whether a token can be read as a request for what a word says.

    Args:
        reading: The prompt.
        at: The position of the token.
        word: The word as an intent has it; the token is this word or another form of it.
    """
    clause = reading.clause(at)
    low = reading.tokens[at].low
    if low in _TOLD and reading.low(at + 1, clause) in ("me", "us"):
        return False
    if _light(reading, at, clause) or _destined(reading, at, clause):
        return True
    if low != word:
        if low.endswith("ing") and not word.endswith("ing"):
            return _gerund(reading, at, clause)
        if low.endswith("ed") and not word.endswith("ed"):
            return any(reading.tokens[before].low in _WISHED for before in backwards(at, clause, 8))
        if low.endswith("s") and not word.endswith("s"):
            return False
    return not (_names(reading, at, clause) or _tells(reading, at, clause))


def handed_out(reading: Reading, at: int) -> int | None:
    """Return the position of a verb that gives something to others, shortly before a token."""
    near = backwards(at, reading.sentence(at), _BESIDE)
    return next((place for place in near if reading.tokens[place].stem in _HANDS_OUT), None)


# --- pages ---------------------------------------------------------------------------------


def _pages(reading: Reading, denied: frozenset[int]) -> Iterator[int]:
    """The addresses of pages that a prompt gives and that nobody else is to get."""
    for at, token in enumerate(reading.tokens):
        if token.kind != "url" or at in denied:
            continue
        # `Share https://…`, and not `share a summary of https://…`.
        given = handed_out(reading, at)
        if given is None or any(reading.tokens[near].low in _ABOUT for near in range(given, at)):
            yield at


def _opened(
    reading: Reading, pages: Sequence[int], numbered: tuple[int, AskedFor]
) -> Iterator[Match]:
    number, entry = numbered
    if any(stem(word) in _PAGE for phrase in entry.words for word in words_of(phrase)):
        for at in pages:
            text, paragraph = reading.tokens[at].text, reading.paragraph(at)
            yield Match(number, text, at, False, paragraph=paragraph)


# --- phrases -------------------------------------------------------------------------------


def _places(reading: Reading) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, token in enumerate(reading.tokens):
        if token.stem:
            places.setdefault(token.stem, []).append(at)
        # `re-send` and `squash-merge` say what their last part says.
        last = token.low.rpartition("-")[2] if token.kind == "word" else ""
        if last and stem(last) != token.stem:
            places.setdefault(stem(last), []).append(at)
    return places


def _found(
    reading: Reading,
    places: dict[str, list[int]],
    denied: frozenset[int],
    numbered: tuple[int, AskedFor],
    phrase: str,
) -> Iterator[Match]:
    number, entry = numbered
    words = words_of(phrase)
    if not words:
        return
    rest = [places.get(stem(word), []) for word in words[1:]]
    left = {True: _MOST, False: _MOST}
    for at in places.get(stem(words[0]), []):
        negative = at in denied
        if not left[negative]:
            continue
        anything = negative and _of_anything(reading, at)
        if not anything and not (
            _in_order(rest, at, reading.sentence(at).stop) or _said_before(reading, rest, at)
        ):
            continue
        if negative or requested(reading, at, words[0]):
            left[negative] -= 1
            flatly = negative and _flatly(reading, at, entry.resource)
            yield Match(number, phrase, at, negative, flatly, reading.paragraph(at))


def _of_anything(reading: Reading, at: int) -> bool:
    """Whether what is denied is denied of whatever there is: "do not delete anything"."""
    clause = reading.clause(at)
    near = range(at + 1, min(at + 5, clause.stop))
    return any(reading.tokens[place].low in ALL for place in near)


def _flatly(reading: Reading, at: int, resource: str) -> bool:
    clause = reading.clause(at)
    kinds = {stem(word) for word in words_of(resource.replace("_", " "))}
    for near in range(at + 1, min(at + 5, clause.stop)):
        if reading.tokens[near].low in ("any", "all", "no"):
            of, then = reading.low(near + 1, clause), reading.low(near + 2, clause)
            return stem(of) in kinds and then not in EXCEPT
    return False


def _in_order(rest: Sequence[list[int]], at: int, stop: int) -> bool:
    for places in rest:
        found = bisect_right(places, at)
        if found == len(places) or places[found] >= stop:
            return False
        at = places[found]
    return True


def _said_before(reading: Reading, rest: Sequence[list[int]], at: int) -> bool:
    """Whether a pronoun stands for the words of a phrase: "My address is wrong. Change it"."""
    clause = reading.clause(at)
    if not rest or not any(
        reading.low(near, clause) in _PRONOUNS for near in range(at + 1, at + 4)
    ):
        return False
    number = reading.tokens[at].sentence
    first = number
    for _ in range(_FAR):
        if first == 0 or reading.paragraphs[first - 1] != reading.paragraphs[number]:
            break
        first -= 1
        start = reading.sentences[first].start
        # What begins with a pronoun itself is about what stands before it.
        if reading.low(start, reading.sentences[first]) not in _PRONOUNS:
            break
    return _in_order(rest, reading.sentences[first].start - 1, at)


# --- requests ------------------------------------------------------------------------------


def _light(reading: Reading, at: int, clause: range) -> bool:
    """Whether it is what is to be made, as in "set up a transfer"."""
    if reading.low(at - 1, clause) in ("to", "and", "or", "please", "you"):
        return False
    for before in backwards(at, clause, 5):
        low = reading.tokens[before].low
        if low in _LIGHT or (low in _NOTED and reading.low(at - 1, clause) in ("a", "an")):
            return not (_names(reading, before, clause) or _tells(reading, before, clause))
        if low in _PREPOSITIONS or not low:
            return False
    return False


def _destined(reading: Reading, at: int, clause: range) -> bool:
    """Whether something is to be put where it says, as in "put the letter into the trash"."""
    if reading.low(at - 2, clause) not in _INTO:
        return False
    if reading.low(at - 1, clause) not in DETERMINERS:
        return False
    return any(
        reading.tokens[near].low in _PUT
        and not (_names(reading, near, clause) or _tells(reading, near, clause))
        for near in backwards(at - 2, clause, _NEAR)
    )


def _gerund(reading: Reading, at: int, clause: range) -> bool:
    before = reading.low(at - 1, clause)
    return at == clause.start or before in _LEADS


def _looked_at(reading: Reading, at: int, clause: range) -> bool:
    """Whether a verb right before it, which begins what is asked for, looks at it."""
    verb = at - 1
    if reading.low(verb, clause) == "up":
        verb -= 1
        if reading.low(verb, clause) != "look":
            return False
    elif reading.low(verb, clause) not in _LOOKS:
        return False
    return verb == clause.start or reading.low(verb - 1, clause) in _OPENERS


def _names(reading: Reading, at: int, clause: range) -> bool:
    """Whether it is rather the name of something than something to do."""
    known = reading.low(at - 1, clause) in DETERMINERS - {"next", "one", "that"}
    if known or _looked_at(reading, at, clause):
        return True
    after = at + 1
    if after in clause:
        token = reading.tokens[after]
        if token.low in _OBJECTS or token.kind != "word":
            return reading.low(at - 1, clause) in _PREPOSITIONS
    for before in backwards(at, clause, 3):
        low = reading.tokens[before].low
        if low in _OPENERS or not low or low == "file":
            return False
        if low in DETERMINERS or low in _PREPOSITIONS:
            return True
    return False


def _tells(reading: Reading, at: int, clause: range) -> bool:
    """Whether it tells what somebody does or did, as in "what I pay" and "did she send"."""
    before = at - 1
    while reading.low(before, clause) in _ASIDE:
        before -= 1
    who, verb = reading.low(before, clause), reading.low(before - 1, clause)
    if who in TELLING and not (who == "that" and verb in _THEREUPON):
        return verb not in _MODALS
    if who == "to" and verb in _ASKING:
        return True
    if who == "you" and verb in ("did", "do", "have", "had"):
        return True
    return any(reading.tokens[near].low in ("did", "does") for near in backwards(at, clause, 4))
