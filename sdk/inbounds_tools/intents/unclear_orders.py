"""Orders in words that an intent does not list, such as "have that one thrown away".

Verbs of looking and telling are few, and the same for every kind of work; verbs of doing are not.
So an order is unclear where its verb is none of the former and its clause holds no word of the
intent.

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence

from inbounds.provenance.prohibitions import DETERMINERS
from inbounds.provenance.sentences import Reading, stem, word_set

from .requests import Match

_SHOWN = 5
_LOOKING = {
    stem(verb)
    for verb in word_set(
        "show list read find search see view track check fetch summarise summarize count display "
        "review tell inform sum total compare look go explain describe brief recap name point "
        "remind help know calculate work compute translate say match identify figure scan browse "
        "analyse analyze examine inspect verify confirm consider think guess report outline gimme "
        "highlight extract collect gather pull print dig use wait keep thank leave skip ignore "
        "include exclude limit sort group rank try start begin remember note watch listen wonder "
        "ask answer learn determine evaluate assess estimate pick choose suggest recommend walk "
        "run make bring open log sign navigate visit visualise plot"
    )
}
_NO_VERBS = (
    DETERMINERS
    | word_set(
        "i we you he she it they there here this that these those who whom whose what which when "
        "where why how whether if as since because although though while after before until unless "
        "once from to of in on at by for with without about per via into under over during between "
        "among not never any anything anybody all both each every either neither everyone "
        "everything nobody nothing somebody someone something anyone mr mrs ms dr and or but nor "
        "yet so than too very only even still already soon up down out off back away "
        "across along around behind beside beyond despite except inside near onto outside past "
        "regarding through toward towards upon"
    )
    | word_set(
        "hello hi hey dear thanks thx cheers sorry good ok okay yes no well mind sure be do does "
        "did am is are was were has had could would will should may might must can i'm im it's "
        "that's there's here's what's whats who's whos how's hows where's wheres"
    )
)
"""Neither of them begins an order, but `have`, which may."""
_TOLD = word_set(
    "summary summaries overview list table report comparison digest outline recap gist"
)
"""Who is to create one of them is to tell something."""
_NEAR = 6
_OPENERS = word_set(
    "just now then also and or so but first next finally again today ugh oh "
    "hello hi hey ok okay yes well"
)
_PLEASE = word_set("please pls plz kindly")
_MODALS = word_set("can could would will might")
_KIND = word_set("kind good")
_BEFORE = _OPENERS | _PLEASE
_KINDLY = _BEFORE | _KIND | word_set("you be able willing to enough as like love")
_SPEAKER = word_set("me us")
_PRONOUNS = word_set("it them him her everything everyone this that these those all both rid")
_OBJECTS = DETERMINERS | _PRONOUNS | _SPEAKER
_DONE_TO = word_set("a an another you we they i")
"""What stands behind `have` where nothing is to be done to it: `have a look`."""


def unclear_order(reading: Reading, found: Sequence[Match]) -> str:
    """Return the first words of an order that is not understood, or "" where there is none.

    Args:
        reading: The prompt.
        found: The words of the intent that it holds.
    """
    understood = {reading.tokens[match.at].clause for match in found}
    for number, clause in enumerate(reading.clauses):
        verb = None if number in understood else _verb(reading, clause)
        if verb is not None:
            shown = reading.tokens[verb : min(verb + _SHOWN, clause.stop)]
            return " ".join(token.text for token in shown)
    return ""


def _verb(reading: Reading, clause: range) -> int | None:
    """Return the position of the verb of an order for something else than looking or telling."""
    at, asks = _first(reading, clause)
    if at not in clause or any(
        reading.low(near, clause) in _TOLD for near in range(at, at + _NEAR)
    ):
        return None
    token, behind = reading.tokens[at], reading.low(at + 1, clause)
    if token.kind != "word" or not token.low.isalpha() or token.low in _NO_VERBS:
        return None
    if token.low in ("give", "let"):
        return at if at + 1 in clause and behind not in _SPEAKER else None
    if token.low == "get":
        return at if behind in _PRONOUNS or _is_number(reading, at + 1, clause) else None
    if token.low == "have":
        return at if at + 1 in clause and behind not in _DONE_TO else None
    if token.stem in _LOOKING:
        return None
    return at if asks or _is_object(reading, at + 1, clause) else None


def _first(reading: Reading, clause: range) -> tuple[int, bool]:
    """Return where a clause says what is to be done, and whether it asks for it politely."""
    at, asks = clause.start, False
    while reading.low(at, clause) in _BEFORE:
        asks |= reading.tokens[at].low in _PLEASE
        at += 1
    # `Could you be so kind as to`: a clause begins with the `so` in it.
    polite = reading.low(at, clause) in _MODALS and reading.low(at + 1, clause) == "you"
    if polite or reading.low(at, clause) in _KIND:
        asks = True
        at += 2 if polite else 1
        while reading.low(at, clause) in _KINDLY:
            at += 1
    return at, asks


def _is_object(reading: Reading, at: int, clause: range) -> bool:
    """Whether what stands behind a word shows that it is a verb: the name of a thing does not."""
    return at in clause and (
        reading.tokens[at].kind != "word"
        or reading.tokens[at].low in _OBJECTS
        or _is_number(reading, at, clause)
    )


def _is_number(reading: Reading, at: int, clause: range) -> bool:
    return at in clause and reading.tokens[at].text[:1].isdigit()
