"""What a prompt forbids, withholds or excepts, by the verb, the adjective or the noun that says so.

Each kind of sentence is one function: what somebody must not get (`eve@… is off limits`), what a
verb forbids (`I forbid mails to …`), what is withheld from whom (`keep this from …`), who is taken
off a list, and who is excepted.

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from .denial_words import (
    AFTER_EVERYBODY,
    AGAINST,
    APART,
    AUDIENCE,
    AWAY,
    CONDEMNS,
    DENYING,
    EVERYBODY,
    EXCEPTED,
    EXCEPTION,
    EXCEPTS,
    FLOATING,
    FORBIDDEN,
    FORBIDS,
    INSTEAD,
    INVALID,
    KEEPS,
    KEPT,
    LEAVES_OUT,
    NEGATED_FACTS,
    NOUNS_OF_FORBIDDING,
    PERMITTED,
    PREVIOUSLY,
    REFUSES,
    REMOVES,
    STAYS,
    STEERS,
    TO_ITSELF,
    UNSHARED,
    WITHHOLDS,
)
from .sentences import Reading, word_set
from .stop_words import is_common as _is_common

DETERMINERS = word_set(
    "a an the my our your his her its their this that these those any every each all some "
    "another one last next latest new no whose"
)
PREPOSITIONS = word_set(
    "of in on from about at per via for with into under over during to by towards toward through cc"
)
IF = word_set(
    "if when unless whether because since while once until wenn falls ob weil si se als indien om "
    "jeśli если quand"
)
_BE = word_set(
    "am got gets get is are was were be been being it's that's there's remains remain stays stay "
    "ist est"
)
_AUXILIARIES = word_set(
    "got gets is are was were has have had should must can could will would shall may might do "
    "does did be been being ever always also simply just really still"
)
_ADVERBS = word_set("strictly absolutely totally completely currently also still now very quite")
_LEADS = word_set(
    "and or please to i we you he she they it must should will just then also can could may who "
    "so always kindly but"
)
_AND = word_set("and or nor plus und et y e en")
is_common = lru_cache(maxsize=4096)(_is_common)
_NEVER = word_set("not never")
_BEGINS = DENYING | {"off", "out"}
_ANYTHING = word_set("everything anything")
_IS_NOT = _BE | {"that", "who", "just", "only", "though"}
_PRONOUNS = word_set("it them him her me us you he she they i we everyone everybody all")
_PASSED_ON = word_set(
    "by under whatever whoever whichever even at in to an auf für à de para per till til aan naar "
    "mit sich"
)
_FIELDS = word_set("a an the some another this my our")
MOST = 48
"""So many tokens at most are looked at beside a word; a request has no longer sentence."""
_AS = word_set("being the as an is sole only one single")
WITHOUT = word_set("without no keine sans ohne sin")
_NAMED = word_set("from by to named called with of for")
VALUES = frozenset({"mail", "account", "phone", "url", "file", "quote"})
PEOPLE = frozenset({"mail", "account", "phone"})


class Finding(NamedTuple):
    """What one word or phrase rules out.

    Attributes:
        at: Where it stands.
        span: What is ruled out.
        deeds: Whether it is something to do, and not only somebody or something.
        corrects: Whether it is taken back.
    """

    at: int
    span: range
    deeds: bool = False
    corrects: bool = False


def prohibitions(reading: Reading) -> Iterator[Finding]:
    """Yield what a prompt forbids, withholds, removes from a list of recipients and excepts."""
    tokens = reading.tokens
    for at, token in enumerate(tokens):
        following = tokens[at + 1].low if at + 1 < len(tokens) else ""
        if token.low in _BEGINS or (token.low in _BE and following in _NEVER):
            for found in _at(reading, token.clause, at):
                yield _going_on(reading, token.clause, found)


def _at(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    yield from _forbidden(reading, number, at)
    yield from _subject_denied(reading, number, at)
    yield from _forbidding(reading, number, at)
    yield from _withheld(reading, number, at)
    yield from _kept(reading, number, at)
    yield from _removed(reading, number, at)
    yield from _excepted(reading, number, at)


# --- what must not be ----------------------------------------------------------------------


def _forbidden(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Mailing eve@… is forbidden`, `it is not allowed to …`, `eve@… is out of the question`."""
    clause = reading.clauses[number]
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    two, three = reading.low(at + 2, clause), reading.low(at + 3, clause)
    is_phrase = (low == "off" and after == "limits") or (
        low == "out"
        and after == "of"
        and (two == "bounds" or (two == "the" and three in ("question", "loop")))
    )
    is_phrase |= low == "no" and after in ("go", "no") and reading.low(at - 1, clause) in ("a", "")
    if low in FORBIDDEN or is_phrase or _condemns(reading, at, clause):
        condemned = is_phrase or low in CONDEMNS
        attribute = not condemned and _is_attribute(reading, at, clause)
        if reading.low(clause.start, clause) in IF or attribute:
            return
        yield Finding(at, range(_start(reading, at, clause), clause.stop), deeds=True)
    elif _is_negated_be(reading, at, clause):
        near = range(at + 1, min(at + 4, clause.stop))
        for place in near:
            if reading.tokens[place].low in PERMITTED:
                if reading.low(clause.start, clause) in IF:
                    return
                if reading.tokens[place].low in ("to", "for") and place > at + 2:
                    return
                yield Finding(at, range(_start(reading, at, clause), clause.stop), deeds=True)
                return
            if reading.tokens[place].low not in _ADVERBS | {"not", "be"}:
                return


def _condemns(reading: Reading, at: int, clause: range) -> bool:
    """`It would be wrong to copy her`."""
    if reading.tokens[at].low not in CONDEMNS:
        return False
    said = any(reading.low(near, clause) in _BE for near in range(at - 3, at))
    return said and "to" in (reading.low(at + 1, clause), reading.low(at + 2, clause))


def _is_negated_be(reading: Reading, at: int, clause: range) -> bool:
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    if low in ("isn't", "aren't", "won't", "can't", "cannot", "shouldn't"):
        return low in ("isn't", "aren't") or after == "be"
    negated = after in ("not", "never", "no") and reading.low(at + 2, clause) not in FLOATING
    return low in ("is", "are", "be", "it's", "that's") and negated


def _is_attribute(reading: Reading, at: int, clause: range) -> bool:
    """Whether it says of which kind something is, as in "the list of banned users"."""
    if at + 1 not in clause or reading.tokens[at + 1].kind != "word":
        return False
    before, after = reading.low(at - 1, clause), reading.low(at + 1, clause)
    if before in _BE | _ADVERBS | {"not"} or after in PREPOSITIONS | IF | _PRONOUNS | _AND:
        return False
    return before in DETERMINERS | PREPOSITIONS


def _start(reading: Reading, at: int, clause: range) -> int:
    """Where what is said of something begins: behind "and note that", and not at "a and b"."""
    for near in range(at - 1, max(clause.start, at - MOST), -1):
        low = reading.tokens[near].low
        if low in ("that", "because", "since", "note"):
            return near
        if low == "and" and not (
            is_name(reading, near - 1) and (is_name(reading, near + 1) or near + 1 == at)
        ):
            return near
    return clause.start


def is_name(reading: Reading, at: int) -> bool:
    """Whether a token is a value or may be a name."""
    token = reading.tokens[at]
    return token.kind != "word" or not is_common(token.low)


def subject(reading: Reading, at: int, clause: range) -> range:
    """Return the names right before a verb, of which it says something."""
    stop = at
    while stop - 1 in clause and stop > at - MOST and reading.tokens[stop - 1].low in _AUXILIARIES:
        stop -= 1
    start = stop
    while (
        start - 1 in clause
        and start > stop - MOST
        and (is_name(reading, start - 1) or reading.tokens[start - 1].low in ("and", "or", "nor"))
    ):
        start -= 1
    while start < stop and not is_name(reading, start):
        start += 1
    if reading.low(start - 1, clause) in PREPOSITIONS:
        return range(stop, stop)
    return range(start, stop)


def _subject_denied(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Make sure eve@… never receives it`, `eve@… is no longer valid`, `eve@… was wrong`."""
    clause = reading.clauses[number]
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    never = low == "never" or (low == "no" and after in FLOATING)
    then = at + 1 + (low == "no")
    if never and then in clause and reading.tokens[then].kind == "word":
        following = reading.tokens[then].low
        if following in PREPOSITIONS | DETERMINERS:
            return
    elif low == "not" and after in PERMITTED | {"among"} - {"to", "for"}:
        found = subject(reading, at, clause)
        if found and found.stop == at and reading.tokens[at - 1].kind != "word":
            yield Finding(at, found)
        return
    elif not never and not (low in INVALID and reading.low(at - 1, clause) in _BE | _ADVERBS):
        return
    found = subject(reading, at, clause)
    # Words alone are names where a verb goes with them: `Rosa should never get it`.
    named = any(reading.tokens[near].kind != "word" for near in found)
    if found and (named or found.stop < at):
        yield Finding(at, found)


def _going_on(reading: Reading, number: int, found: Finding) -> Finding:
    """Let what names nothing go on: "it is forbidden, on whatever ground, to mail eve@…"."""
    clause = reading.clauses[number]
    if found.span.stop < clause.stop or number + 1 >= len(reading.clauses):
        return found
    following = reading.clauses[number + 1]
    if (
        not following
        or reading.tokens[following.start].sentence != reading.tokens[found.at].sentence
    ):
        return found
    names = any(reading.tokens[near].kind != "word" for near in found.span[:MOST])
    first = reading.tokens[following.start]
    if number in reading.introduced and not names:
        return found._replace(span=range(found.span.start, reading.sentence(found.at).stop))
    alone = len(found.span) == 1 and reading.tokens[found.at].low in EXCEPTS
    if alone or (found.deeds and not names and first.low in _PASSED_ON):
        return found._replace(span=range(found.span.start, reading.sentence(found.at).stop))
    return found


# --- verbs ---------------------------------------------------------------------------------


def is_verb(reading: Reading, at: int, clause: range) -> bool:
    """Whether a word is rather what is done than the name of something."""
    before, low = reading.low(at - 1, clause), reading.tokens[at].low
    if at == clause.start or before in _LEADS:
        return True
    return before not in DETERMINERS | PREPOSITIONS and not low.endswith("ed")


def object_of(reading: Reading, at: int, clause: range) -> range:
    """Return what a verb is said of: to the end of the clause, or to what else is to be done."""
    for near in range(at + 1, min(clause.stop - 1, at + MOST)):
        if reading.tokens[near].low not in ("and", "then"):
            continue
        then = reading.tokens[near + 1]
        a_name = then.kind != "word" or then.text[:1].isupper() or not is_common(then.low)
        if then.low == "please" or not (a_name or then.low in DETERMINERS | _PRONOUNS):
            return range(at, near)
    return range(at, clause.stop)


def _forbidding(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`I forbid mails to eve@…`, `refuse to write to her`, `I am against mailing her`."""
    clause = reading.clauses[number]
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    if _in_condition(reading, clause):
        return
    if low in FORBIDS - FORBIDDEN and reading.low(at - 1, clause) in _BE and low[-3:] != "ing":
        return
    if (
        (low in FORBIDS and low not in FORBIDDEN and is_verb(reading, at, clause))
        or (low in REFUSES and after in ("to", "any", "all") and not low.endswith("ed"))
        or (low in AGAINST and reading.low(at - 1, clause) in _BE | {"i'm", "we're", "advise"})
        or (low in ("object", "objects") and after == "to")
        or (low in ("hold", "stop", "stops", "holds") and after in ("off", "short"))
    ):
        yield Finding(at, object_of(reading, at, clause), deeds=True)
    elif low in ("forget", "forgetting") and after == "about":
        if reading.low(at - 1, clause) not in ("don't", "not", "never"):
            yield Finding(at, object_of(reading, at, clause), deeds=True)
    elif (
        (low in STEERS and "clear" in (after, reading.low(at + 2, clause)))
        or (low in STEERS and after == "away")
        or (low == "hands" and after == "off")
    ):
        yield Finding(at, object_of(reading, at, clause), deeds=True)


def _in_condition(reading: Reading, clause: range) -> bool:
    return reading.low(clause.start, clause) in IF


# --- from whom, and off what ---------------------------------------------------------------


def _withheld(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Keep this from eve@…`, `prevent anybody from deleting mail`."""
    clause = reading.clauses[number]
    low = reading.tokens[at].low
    keeps = low in KEEPS
    if not (keeps or low in WITHHOLDS) or not is_verb(reading, at, clause):
        return
    reach = object_of(reading, at, clause)
    for near in reach[:MOST]:
        if near == at or reading.tokens[near].low != "from":
            continue
        if keeps and near > at + 1:
            kept = [reading.tokens[place].low for place in range(at + 1, near)]
            if not ({kept[0], kept[-1]} & KEPT):
                return
        yield Finding(at, reach, deeds=True)
        return


def _kept(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Keep b.xlsx private`, `b.xlsx stays confidential`, `hold b.xlsx back`."""
    clause = reading.clauses[number]
    low = reading.tokens[at].low
    stays = low in STAYS
    keeps = low in KEEPS | LEAVES_OUT | {"hold"} and is_verb(reading, at, clause)
    if not (stays or keeps) or reading.tokens[at].sentence in reading.questions:
        return
    if any(reading.tokens[near].low in IF for near in range(clause.start, at)):
        return
    reach = object_of(reading, at, clause)
    for near in reach[:MOST]:
        before, word = reading.low(near - 1, clause), reading.tokens[near].low
        itself = word in TO_ITSELF and before in PREPOSITIONS
        itself |= (before, word) == ("between", "us")
        held = word == "back" and low == "hold"
        # `Keep the private list up to date` says what kind of list it is.
        if (word in UNSHARED and not _is_followed(reading, near, reach)) or itself or held:
            first = _start(reading, at, clause) if stays else at
            yield Finding(at, range(first, near + 1), deeds=True)
            return


def _is_followed(reading: Reading, at: int, reach: range) -> bool:
    """Whether what an adjective says something of stands behind it."""
    behind = PREPOSITIONS | IF | _AND | {"please"}
    return at + 1 in reach and reading.tokens[at + 1].low not in behind


def _removed(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Remove eve@… from the recipients`, `strike her off the list`, `leave her aside`."""
    clause = reading.clauses[number]
    low = reading.tokens[at].low
    if low not in REMOVES or not is_verb(reading, at, clause):
        return
    reach = object_of(reading, at, clause)
    kept = at > clause.start and reading.tokens[at - 1].kind in PEOPLE
    if reading.low(at - 1, clause) in _BE or kept:
        # `eve@… is to be kept out of it`, and `with eve@… kept out`
        of = _run_before(reading, at, clause, frozenset()) if kept else subject(reading, at, clause)
        reach = range(of.start if of else at, reach.stop)
    for near in reach[:MOST]:
        if near <= at:
            continue
        word = reading.tokens[near].low
        if word in AWAY and low not in ("get", "getting", "delete", "remove"):
            yield Finding(at, reach)
            return
        if word in ("from", "off", "of"):
            places = range(near + 1, min(near + 5, reach.stop))
            if any(reading.tokens[place].low in AUDIENCE - {"mail"} for place in places):
                yield Finding(at, reach)
                return
    if low in ("leave", "leaving") and reading.low(clause.stop - 1, clause) in ("dark", "alone"):
        yield Finding(at, reach)


# --- exceptions ----------------------------------------------------------------------------


def everybody_before(reading: Reading, at: int) -> bool:
    """Whether everybody is spoken of before a place of a sentence."""
    sentence = reading.sentence(at)
    start = max(sentence.start, at - MOST)
    return any(reading.tokens[near].low in EVERYBODY for near in range(start, at))


def _excepted(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    yield from _excepts(reading, number, at)
    yield from _excepted_before(reading, number, at)
    yield from _but_for(reading, number, at)
    yield from _is_not(reading, number, at)
    yield from _instead(reading, number, at)


def _excepts(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Except eve@…`, `bar eve@…`, `aside from eve@…`: it stands behind the word."""
    clause = reading.clauses[number]
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    behind = range(at, clause.stop)
    if low in AFTER_EVERYBODY and at + 1 in clause:
        named = number in reading.introduced or _leads_to_name(reading, at, clause)
        if named and everybody_before(reading, at):
            yield Finding(at, behind, _is_deed(reading, at, clause))
    elif low in EXCEPTS:
        if not (low.endswith("ing") and reading.low(at - 1, clause) in PREPOSITIONS):
            yield Finding(at, behind, _is_deed(reading, at, clause))
    elif (low == "not" and after in ("counting", "including")) or APART.get(low) == after:
        if low != "but" or everybody_before(reading, at):
            yield Finding(at, behind, _is_deed(reading, at + 1, clause))
    elif (low == "bis" and after == "auf" and everybody_before(reading, at)) or (
        low == "leaving" and any(reading.tokens[near].low == "out" for near in behind[:MOST])
    ):
        yield Finding(at, behind)


def _excepted_before(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Eve@… excepted`, `with eve@… as the exception`, `exceptions: eve@…`."""
    clause = reading.clauses[number]
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    if low in NOUNS_OF_FORBIDDING and number in reading.introduced and at == clause.stop - 1:
        yield Finding(at, range(at, clause.stop), deeds=True)
    elif low in EXCEPTION and reading.low(at - 1, clause) not in WITHOUT:
        yield Finding(at, _run_before(reading, at, clause, _AS))
        yield Finding(at, range(at, clause.stop))
    elif low in EXCEPTED and at == clause.stop - 1:
        run = _run_before(reading, at, clause, frozenset())
        if any(reading.tokens[near].kind != "word" for near in run):
            yield Finding(at, range(run.start, at + 1))
    elif low in ("doesn't", "don't") and after in ("count", "matter"):
        yield Finding(at, subject(reading, at, clause))


def _but_for(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`All of them but eve@…`, `anything but reply`."""
    clause = reading.clauses[number]
    if reading.tokens[at].low != "but" or at != clause.start or not number:
        return
    if _names_alone(reading, clause) and everybody_before(reading, at):
        yield Finding(at, clause)
    elif reading.tokens[at - 1].low in _ANYTHING and _is_deed(reading, at, clause):
        yield Finding(at, clause, deeds=True)


def _is_not(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`Everybody who isn't eve@…`, `if they are not from eve@…`."""
    clause = reading.clauses[number]
    low, before = reading.tokens[at].low, reading.low(at - 1, clause)
    if not (low in NEGATED_FACTS or (low == "not" and before in _IS_NOT)):
        return
    if reading.tokens[at].sentence in reading.questions and at == clause.start:
        return
    named = at + 1 + (reading.low(at + 1, clause) in _NAMED)
    if named in clause and reading.tokens[named].kind != "word":
        yield Finding(at, range(at, clause.stop))


def _instead(reading: Reading, number: int, at: int) -> Iterator[Finding]:
    """`In place of eve@…`, `formerly eve@…`."""
    clause = reading.clauses[number]
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    of = INSTEAD.get(low)
    if of is not None and (not of or after in of) and at + 1 + bool(of) in clause:
        yield Finding(at, object_of(reading, at, clause), deeds=True)
    elif low in PREVIOUSLY and at + 1 in clause and reading.tokens[at + 1].kind in VALUES:
        yield Finding(at, range(at, at + 2))


def _is_deed(reading: Reading, at: int, clause: range) -> bool:
    """Whether what is excepted is to do something: "anything except reply"."""
    if at + 1 not in clause or reading.tokens[at + 1].kind != "word":
        return False
    low = reading.tokens[at + 1].low
    return is_common(low) and low not in DETERMINERS | PREPOSITIONS | _PRONOUNS


def _leads_to_name(reading: Reading, at: int, clause: range) -> bool:
    """Whether a name, and no verb, stands behind a word such as `save`."""
    near = at + 1
    while near in clause and reading.tokens[near].low in {"for", "of", *DETERMINERS}:
        near += 1
    return near in clause and is_name(reading, near)


def _run_before(reading: Reading, at: int, clause: range, between: frozenset[str]) -> range:
    stop = at
    while stop - 1 in clause and reading.tokens[stop - 1].low in between:
        stop -= 1
    start = stop
    while (
        start - 1 in clause
        and start > stop - MOST
        and (
            reading.tokens[start - 1].kind != "word"
            or reading.tokens[start - 1].text[:1].isupper()
            or reading.tokens[start - 1].low in _AND
        )
    ):
        start -= 1
    if start < stop and reading.tokens[start].kind == "word" and start == clause.start:
        # `Mail eve@… aside`: the verb that begins the sentence is no name.
        start += is_common(reading.tokens[start].low)
    return range(start, stop)


def _names_alone(reading: Reading, clause: range) -> bool:
    for at in range(clause.start + 1, min(clause.stop, clause.start + MOST)):
        token = reading.tokens[at]
        if token.low in DETERMINERS | _AND | PREPOSITIONS:
            continue
        if token.kind == "word" and is_common(token.low):
            return False
    return len(clause) > 1
