"""What a prompt asks for: the words of an intent that it holds, and whether it means them.

A word asks where it can be read as a request. It does not where it is the name of something
("the transfer"), where it tells what somebody did ("files shared with me", "what they pay"), and
where it is denied ("do not send", "without deleting"): there it takes away.

This module does no I/O.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inbounds.model.deployment import AskedFor

from .words import Reading, stem, word_set, words_of

_MOST = 1000
"""No more places of one phrase are looked at, of those that ask and of those that deny."""


_DETERMINERS = word_set(
    "a an the my our your his her its their this that these those any every each all some "
    "another one last next latest new no whose"
)
_PREPOSITIONS = word_set("of in on from about at per via for with into under over during")
_OPENERS = word_set(
    "please and or to you then also can could would will should must shall may might let's "
    "lets just kindly now not never don't dont do us me first next finally again so today "
    "tomorrow tonight noon am pm monday tuesday wednesday thursday friday saturday sunday "
    "week month year morning afternoon evening it them him her there here nor neither"
)
_OBJECTS = _DETERMINERS | word_set(
    "it them him her me us everything everyone anything nothing both"
)
_LIGHT = word_set("make set create issue schedule arrange perform initiate prepare place need want")
_TELLING = word_set("i they he she who which that we people")
_ASKING = word_set("what how when where whom which whether who why")
_ASIDE = word_set(
    "usually often always normally already also just regularly sometimes still really"
)
_MODALS = word_set("can could may shall should must will")
_WISHED = word_set("want need like should must be wants needs")
_LEADS = word_set(
    "mind by try start begin keep and or then help please finish consider after before when "
    "while without avoid not never than of from stop any no"
)

_NOT = word_set(
    "not don't dont never cannot can't cant won't wont shouldn't mustn't without avoid "
    "refrain mayn't needn't shan't neither nor wouldn't couldn't"
)
_WHOLE = word_set(
    "no nothing nobody none nowhere nicht kein keine keinen keiner keinem keines niemals ohne "
    "pas jamais sans nunca jamás sin senza niet geen zonder não sem"
)
_TOLD = word_set("did does has have had is are was were do")
_FORBIDDEN = word_set("to allowed permitted supposed authorised authorized for")
_MEANT = word_set("forget fail hesitate miss neglect omit only just worry")
_NO_BUT = word_set("later earlier more less fewer longer problem matter doubt worries one")
_GERUND = word_set("without avoid refrain")
_BUT_FOR = word_set("except excepting excluding exclude minus außer sauf excepto salvo eccetto")
_ALL = word_set("anything everything nothing")
_EXCEPT = word_set("to from except but other of in with that which")


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
    """

    entry: int
    phrase: str
    at: int
    denied: bool
    flatly: bool = False
    paragraph: int = 0


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
    return tuple(
        match
        for number, entry in enumerate(words)
        for phrase in entry.words
        for match in _found(reading, places, denied, (number, entry), phrase)
    )


def denials(reading: Reading) -> frozenset[int]:
    """Return the positions of the tokens that the prompt says not to do."""
    denied: set[int] = set()
    for number, clause in enumerate(reading.clauses):
        at = clause.start
        while at < clause.stop:
            covered = _covered(reading, number, at)
            denied.update(covered)
            # Whatever stands in what is denied is denied already.
            at = max(at + 1, covered.stop if covered else 0)
            if covered and covered.stop >= clause.stop:
                denied.update(_listed(reading, number))
    return frozenset(denied)


def excepted(reading: Reading, at: int) -> bool:
    """Whether a value is taken out of what is asked for, as in "to all except eve@acme.example"."""
    clause = reading.clause(at)
    return any(reading.tokens[near].low in _BUT_FOR for near in _before(at, clause, 6))


def requested(reading: Reading, at: int, word: str) -> bool:
    """Whether a token can be read as a request for what a word says.

    Args:
        reading: The prompt.
        at: The position of the token.
        word: The word as an intent has it; the token is this word or another form of it.
    """
    clause = reading.clause(at)
    low = reading.tokens[at].low
    if _light(reading, at, clause):
        return True
    if low != word:
        if low.endswith("ing") and not word.endswith("ing"):
            return _gerund(reading, at, clause)
        if low.endswith("ed") and not word.endswith("ed"):
            return any(reading.tokens[before].low in _WISHED for before in _before(at, clause, 8))
        if low.endswith("s") and not word.endswith("s"):
            return False
    return not (_names(reading, at, clause) or _tells(reading, at, clause))


# --- phrases -------------------------------------------------------------------------------


def _places(reading: Reading) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for at, token in enumerate(reading.tokens):
        if token.stem:
            places.setdefault(token.stem, []).append(at)
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
        if not anything and not _in_order(rest, at, reading.sentence(at).stop):
            continue
        if negative or requested(reading, at, words[0]):
            left[negative] -= 1
            flatly = negative and _flatly(reading, at, entry.resource)
            yield Match(number, phrase, at, negative, flatly, reading.paragraph(at))


def _of_anything(reading: Reading, at: int) -> bool:
    """Whether what is denied is denied of whatever there is: "do not delete anything"."""
    clause = reading.clause(at)
    near = range(at + 1, min(at + 5, clause.stop))
    return any(reading.tokens[place].low in _ALL for place in near)


def _flatly(reading: Reading, at: int, resource: str) -> bool:
    clause = reading.clause(at)
    kinds = {stem(word) for word in words_of(resource.replace("_", " "))}
    for near in range(at + 1, min(at + 5, clause.stop)):
        if reading.tokens[near].low in ("any", "all", "no"):
            of, then = reading.low(near + 1, clause), reading.low(near + 2, clause)
            return stem(of) in kinds and then not in _EXCEPT
    return False


def _in_order(rest: Sequence[list[int]], at: int, stop: int) -> bool:
    for places in rest:
        found = bisect_right(places, at)
        if found == len(places) or places[found] >= stop:
            return False
        at = places[found]
    return True


# --- requests ------------------------------------------------------------------------------


def _before(at: int, clause: range, most: int) -> range:
    """The positions before one in its clause, the nearest first."""
    return range(at - 1, max(clause.start, at - most) - 1, -1)


def _light(reading: Reading, at: int, clause: range) -> bool:
    """Whether it is what is to be made, as in "set up a transfer"."""
    if reading.low(at - 1, clause) in ("to", "and", "or", "please", "you"):
        return False
    for before in _before(at, clause, 5):
        low = reading.tokens[before].low
        if low in _LIGHT:
            return not (_names(reading, before, clause) or _tells(reading, before, clause))
        if low in _PREPOSITIONS or not low:
            return False
    return False


def _gerund(reading: Reading, at: int, clause: range) -> bool:
    before = reading.low(at - 1, clause)
    return at == clause.start or before in _LEADS


def _names(reading: Reading, at: int, clause: range) -> bool:
    """Whether it is rather the name of something than something to do."""
    if reading.low(at - 1, clause) in _DETERMINERS - {"next", "one", "that"}:
        return True
    after = at + 1
    if after in clause:
        token = reading.tokens[after]
        if token.low in _OBJECTS or token.kind != "word":
            return reading.low(at - 1, clause) in _PREPOSITIONS
    for before in _before(at, clause, 3):
        low = reading.tokens[before].low
        if low in _OPENERS or not low or low == "file":
            return False
        if low in _DETERMINERS or low in _PREPOSITIONS:
            return True
    return False


def _tells(reading: Reading, at: int, clause: range) -> bool:
    """Whether it tells what somebody does or did, as in "what I pay" and "did she send"."""
    before = at - 1
    while reading.low(before, clause) in _ASIDE:
        before -= 1
    who, verb = reading.low(before, clause), reading.low(before - 1, clause)
    if who in _TELLING:
        return verb not in _MODALS
    if who == "to" and verb in _ASKING:
        return True
    if who == "you" and verb in ("did", "do", "have", "had"):
        return True
    return any(reading.tokens[near].low in ("did", "does") for near in _before(at, clause, 4))


# --- denials -------------------------------------------------------------------------------


def _no_denial(reading: Reading, at: int, clause: range) -> bool:
    word, before = reading.tokens[at].low, reading.low(at - 1, clause)
    after = reading.low(at + 1, clause)
    if word == "no":
        return after in _NO_BUT
    if word == "not" and before in _TOLD - {"do"}:
        return after not in _FORBIDDEN
    if before in ("why", "if") and word == "not":
        return True
    nearby = {after, reading.low(at + 2, clause)} if word != "without" else set[str]()
    return bool({stem(low) for low in nearby if low} & {stem(low) for low in _MEANT})


def _covered(reading: Reading, number: int, at: int) -> range:
    """What a token denies of its clause; nothing, where it is not a denial."""
    clause = reading.clauses[number]
    word = reading.tokens[at].low
    instead = word in ("instead", "rather") and reading.low(at + 1, clause) in ("of", "than")
    if not (word in _WHOLE or word in _NOT or instead) or _no_denial(reading, at, clause):
        return range(0)
    if word in _WHOLE:
        return clause
    for place in range(at, clause.stop):
        if reading.tokens[place].low == "and":
            after = reading.low(place + 1, clause)
            gerund = instead or word in _GERUND
            if after == "please" or (gerund and not after.endswith("ing")):
                return range(at, place)
    return range(at, clause.stop)


def _listed(reading: Reading, number: int) -> Iterator[int]:
    """The clauses of a list that a denial begins, as in "do not send, share, or delete it"."""
    for further in range(number + 1, _last_of_list(reading, number) + 1):
        yield from reading.clauses[further]


def _last_of_list(reading: Reading, number: int) -> int:
    sentence = reading.tokens[reading.clauses[number].start].sentence
    for further in range(number + 1, min(number + 12, len(reading.clauses))):
        clause = reading.clauses[further]
        if not clause or reading.tokens[clause.start].sentence != sentence:
            break
        if reading.tokens[clause.start].low in ("or", "nor"):
            return further
        if len(clause) > 4:
            break
    return number
