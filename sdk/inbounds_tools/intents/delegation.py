"""Instructions that stand in a record: "do what the mail says", "pay the bill 'may.pdf'".

The user names the record and does not know, or does not say, what stands in it. So this is said
by name: which words leave a decision to a record, to which record, and which effects that permits.

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inbounds.model.deployment import AskedFor
from inbounds.provenance.sentences import Reading, stem, word_set

from .requests import Match, requested

_VERBS = {
    stem(verb): verb
    for verb in word_set(
        "do follow perform execute complete implement obey fulfil fulfill handle process "
        "carry act take work "
        "finish"
    )
}
_ORDERS = {
    stem(noun)
    for noun in word_set(
        "instruction action task step todo to-do todos direction chore request duty procedure "
        "checklist"
    )
}
_WHATEVER = word_set("what whatever everything all anything as")
_SAYS = {
    stem(verb)
    for verb in word_set(
        "say says tell ask want require request describe instruct specify order state list stand "
        "contain suggest demand"
    )
}
_ASKING = word_set("what how when where whom which who why")
_HERE = word_set("following these below")
_JOINS = word_set("in from of on within inside by under at")
_TOLD = {
    stem(verb)
    for verb in word_set(
        "specified described listed given mentioned contained stated outlined named assigned "
        "requested written found set"
    )
}
_AS_TOLD = _TOLD | {
    stem(verb)
    for verb in word_set("instructed told asked ordered required indicated it they he she")
}
_SAME = word_set("accordingly")
_RECORDS = word_set(
    "file document doc email mail message note notes letter minutes page pdf attachment "
    "invoice bill spreadsheet sheet ticket issue report list form memo wiki agenda readme comment "
    "review post"
)
_PLAIN = word_set(
    "the my our your this that these those a an new in of from on to about for with and "
    "please each every all file document"
)
_VALUE_BEFORE = word_set(
    "be is are as saying says reads reference description caption password label comment "
    "format text message body"
)
_TITLE = word_set("subject title name")
_MADE = word_set("titled called named entitled")
_NEW = word_set("a an new another one")
_FROM = word_set("of from in about on according to")
_KNOWN = word_set("the my our your his her their its that this")
_TO = word_set(
    "to cc bcc invite notify email mail tell inform ask remind message pay reimburse refund "
    "with for include add"
)
_LOOSE = word_set("with for include add")
_EACH = word_set("each every everyone everybody all those them people whoever anyone both")
_THE = word_set("the my our its their his her")
_THINGS = word_set(
    "list file files folder calendar drive document event meeting draft spreadsheet sheet "
    "table report page repository branch email mail message letter inbox mailbox channel end "
    "top same amount price subject body"
)
_AFTER_NOUN = _FROM | word_set(
    "via by with for at and or as that who which when if please to using"
)
_ADDRESS = word_set("address account iban email mail e-mail number recipient payee")
_IT = word_set("it this that them these those bill invoice")
_OUTWARD = frozenset({"export", "spend", "delegate"})
_VALUES = frozenset({"mail", "account", "url", "phone"})


@dataclass(frozen=True, slots=True)
class Delegation:
    """What a prompt leaves to a record.

    Attributes:
        record: The record, as the prompt names it.
        words: The words that leave it to a record.
        entries: The numbers of the `AskedFor` whose acting is steered by the record; empty where
            the record is to say even what is done.
        whom: Whether the record is to say no more than for whom it is done.
    """

    record: str = field(repr=False)
    words: str = field(repr=False)
    entries: tuple[int, ...] = ()
    whom: bool = False


def delegations(
    reading: Reading, words: Sequence[AskedFor], found: Sequence[Match], denied: frozenset[int]
) -> tuple[Delegation, ...]:
    """Find what a prompt leaves to the text of a record that it names.

    Args:
        reading: The prompt.
        words: Those of the intent.
        found: Where they were found.
        denied: The positions of what the prompt says not to do.
    """
    asking = [match for match in found if not match.denied]
    by_sentence: dict[int, list[Match]] = {}
    for match in asking:
        by_sentence.setdefault(reading.tokens[match.at].sentence, []).append(match)
    told: list[Delegation] = []
    before = range(0)
    for number, sentence in enumerate(reading.sentences):
        near = _records(reading, sentence, described=True)
        earlier = _records(reading, before, described=True)
        told += _followed(reading, sentence, near, earlier, denied)
        told += _steered(reading, sentence, (near, earlier), by_sentence.get(number, []), words)
        if len(sentence) > 1:
            before = sentence
        if len(told) > 16:
            break
    return tuple(told)


def unnamed(reading: Reading, denied: frozenset[int]) -> str:
    """Return the words that leave something to a record which the prompt does not name."""
    for sentence in reading.sentences:
        for _, words in _follows(reading, sentence, denied):
            return words
    return ""


def recipients(reading: Reading, sentence: range) -> bool:
    """Whether a sentence itself says to whom: an address, an account, or somebody by name."""
    for at in sentence:
        token = reading.tokens[at]
        if token.kind in _VALUES and not sourced(reading, at):
            return True
        before = reading.low(at - 1, sentence)
        if token.kind == "word" and before in _TO and token.text[:1].isupper():
            return True
    return False


def sourced(reading: Reading, at: int) -> bool:
    """Whether a value says where something came from, as in "the mail from ann@acme.example"."""
    sentence = reading.sentence(at)
    return any(reading.low(near, sentence) in ("from", "by") for near in range(at - 1, at - 4, -1))


def made(reading: Reading, at: int) -> bool:
    """Whether a quoted text is the name or the text of something that is yet to be made."""
    sentence = reading.sentence(at)
    before = reading.low(at - 1, sentence)
    text = reading.tokens[at].text
    if before in _VALUE_BEFORE or reading.low(at + 1, sentence) == "format":
        return True
    if all(sign in "YMDHhmsdyTtAaPpZz:-/. " for sign in text):
        return True
    start = at - 1
    if before in _TITLE:
        # "a mail with the subject 'x'" is as new as the mail.
        start -= 1 + (reading.low(start - 1, sentence) == "the")
        if reading.low(start, sentence) in ("have", "has", "add", "use"):
            return True
    for near in range(start, max(reading.clause(at).start, at - 10) - 1, -1):
        low = reading.tokens[near].low
        if low in _NEW:
            return True
        if low in _KNOWN or low in _FROM:
            return False
    return before in _MADE


# --- records -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Record:
    at: int
    text: str
    quoted: bool


def _records(reading: Reading, sentence: range, *, described: bool) -> list[_Record]:
    found = []
    for at in sentence:
        token = reading.tokens[at]
        if token.kind in ("quote", "file"):
            if not made(reading, at):
                found.append(_Record(at, token.text, quoted=True))
        elif described and token.low in _RECORDS:
            words = _described(reading, sentence, at)
            if words:
                found.append(_Record(at, words, quoted=False))
        if len(found) > 32:
            break
    return found


def _described(reading: Reading, sentence: range, at: int) -> str:
    """The words around "file" or "mail" that say which one; "" where none does."""
    start = at
    for near in range(at - 1, max(sentence.start, at - 7) - 1, -1):
        low = reading.tokens[near].low
        if low in _KNOWN or low.endswith(("'s", "s'")):
            start = near
            break
        if not low or low in _NEW:
            break
    which = {reading.tokens[near].low for near in range(start, at)} - _PLAIN
    stop = at + 1
    if reading.low(stop, sentence) in (
        "from",
        "about",
        "with",
        "of",
        "containing",
        "called",
        "titled",
        "named",
        "by",
    ):
        stop = min(at + 6, sentence.stop)
        which.add("which")
    elif start == at:
        return ""
    if not which:
        return ""
    return " ".join(reading.tokens[near].text for near in range(start, stop))


# --- what is left to a record -------------------------------------------------------------


def _followed(
    reading: Reading,
    sentence: range,
    near: list[_Record],
    earlier: list[_Record],
    denied: frozenset[int],
) -> Iterator[Delegation]:
    for at, words in _follows(reading, sentence, denied):
        after = [record for record in near if record.at > at]
        quoted = [record for record in after if record.quoted]
        record = next(iter([*quoted, *after, *near, *earlier]), None)
        if record is not None:
            yield Delegation(record.text, words)
            return


def _follows(
    reading: Reading, sentence: range, denied: frozenset[int]
) -> Iterator[tuple[int, str]]:
    """Where a sentence says to do what is to be read somewhere else."""
    for at in sentence:
        verb = _VERBS.get(reading.tokens[at].stem, "")
        if not verb or at in denied or not requested(reading, at, verb):
            continue
        if verb == "do" and reading.low(at - 1, sentence) in _ASKING:
            continue
        for place in range(at + 1, min(at + 9, sentence.stop)):
            low, stemmed = reading.tokens[place].low, reading.tokens[place].stem
            if low in _HERE or place in denied:
                break
            rest = range(place + 1, min(place + 12, sentence.stop))
            if stemmed in _ORDERS or (
                low in _WHATEVER and any(reading.tokens[near].stem in _SAYS for near in rest)
            ):
                yield place, _spoken(reading, at, place + 1)
                break


def _steered(
    reading: Reading,
    sentence: range,
    records: tuple[list[_Record], list[_Record]],
    matches: Sequence[Match],
    words: Sequence[AskedFor],
) -> Iterator[Delegation]:
    """What the user asks for in so many words, and leaves to a record for whom or how."""
    near, earlier = records
    if not matches or not (near or earlier):
        return
    acting = {match.entry: match for match in matches if set(words[match.entry].effects) - {"read"}}
    outward = [entry for entry in acting if set(words[entry].effects) & _OUTWARD]
    quoted = [record for record in [*near, *earlier] if record.quoted]
    told = _told(reading, sentence)
    if told and acting:
        yield Delegation([*near, *earlier][0].text, told, tuple(sorted(acting)))
        return
    if not outward or recipients(reading, sentence):
        return
    number = reading.tokens[sentence.start].sentence
    if any(_address_told(reading, near) for near in (number - 1, number + 1)):
        return
    whom, which = _whom(reading, sentence)
    if whom and (which or quoted):
        record = next(iter(quoted or near or earlier))
        yield Delegation(record.text, whom, tuple(sorted(outward)), whom=True)
        return
    spending = [entry for entry in outward if "spend" in words[entry].effects]
    if spending and quoted:
        at = acting[spending[0]].at
        here = [record for record in near if record.quoted]
        if here or any(reading.tokens[place].low in _IT for place in range(at, sentence.stop)):
            spoken = _spoken(reading, at, at + 4)
            yield Delegation(quoted[0].text, spoken, tuple(sorted(spending)), whom=True)


def _address_told(reading: Reading, number: int) -> bool:
    """Whether a sentence beside says the address, as in "Her account is 12345678"."""
    if not 0 <= number < len(reading.sentences):
        return False
    sentence = reading.sentences[number]
    has = any(reading.tokens[at].kind in _VALUES and not sourced(reading, at) for at in sentence)
    return has and any(reading.tokens[at].low in _ADDRESS for at in sentence)


def _told(reading: Reading, sentence: range) -> str:
    """The words that say that it is to be done as a record has it."""
    for at in sentence:
        low = reading.tokens[at].low
        if low in _SAME:
            return low
        if low == "according" and reading.low(at + 1, sentence) == "to":
            return _spoken(reading, at, at + 4)
        if low == "as" and reading.tokens[min(at + 1, sentence.stop - 1)].stem in _AS_TOLD:
            return _spoken(reading, at, at + 4)
    return ""


def _whom(reading: Reading, sentence: range) -> tuple[str, bool]:
    """The words for people that no name says, and whether they say where to look them up."""
    for at in sentence:
        if reading.tokens[at].low not in _TO:
            continue
        who = reading.low(at + 1, sentence)
        if who in _EACH:
            rest = range(at + 2, min(at + 10, sentence.stop))
            looked_up = any(reading.tokens[near].stem in _TOLD for near in rest) or any(
                reading.tokens[near].low in _JOINS for near in rest
            )
            return _spoken(reading, at, at + 6), looked_up
        by_role = who in _THE and reading.tokens[at].low not in _LOOSE
        if by_role and _head(reading, sentence, at + 2) not in _THINGS:
            return _spoken(reading, at, at + 4), False
    return "", False


def _head(reading: Reading, sentence: range, start: int) -> str:
    """The last word of what begins here, as "list" of "to the team's shopping list for May"."""
    head = ""
    for at in range(start, min(start + 4, sentence.stop)):
        low = reading.tokens[at].low
        if not low or low in _AFTER_NOUN:
            break
        head = low
    return head


def _spoken(reading: Reading, start: int, stop: int) -> str:
    within = reading.sentence(start)
    return " ".join(reading.tokens[at].text for at in range(start, min(stop, within.stop)))
