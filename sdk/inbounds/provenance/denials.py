"""What a prompt says not to do, and whom and what it rules out.

Whatever is named there is not what the user asked for: "never send it to eve@evil.example".

This module does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .corrections import corrections
from .denial_words import (
    AFTER_EVERYBODY,
    CANNOT,
    CASES,
    DENIES_ACCESS,
    ELIDED,
    EVERYBODY,
    EXCEPTED,
    EXCEPTION,
    FLOATING,
    FORBIDDEN,
    FORBIDS,
    IS_LEFT_OUT,
    KEEPS,
    LEAVES_OUT,
    NEGATED_FACTS,
    NOT,
    NOUNS_OF_FORBIDDING,
    REFUSES,
    REMOVES,
    SIGNS,
    SKIPS,
    STOPS,
    TAKES_OFF,
    UNLESS,
    WARNS,
    WHOLE,
    WITHHOLDS,
)
from .prohibitions import (
    DETERMINERS,
    IF,
    MOST,
    PEOPLE,
    WITHOUT,
    Finding,
    everybody_before,
    is_verb,
    object_of,
    prohibitions,
)
from .sentences import MOST_READ, STRUCK, Reading, Token, backwards, read, stem, word_set
from .stop_words import is_common

TELLING = word_set("i they he she who which that we people")
ALL = word_set("anything everything nothing")
EXCEPT = word_set("to from except but other of in with that which")
_TOLD = word_set("did does has have had is are was were do")
_FORBIDDEN = word_set("to allowed permitted supposed authorised authorized for")
_MEANT = word_set("forget fail hesitate miss neglect omit only just worry mind merely")
_NO_BUT = word_set(
    "later earlier more less fewer longer problem matter doubt worries one rush hurry sooner"
)
_WITHOUT_BUT = word_set(
    "delay exception exceptions fail doubt hesitation further ado waiting question problems "
    "problem hurry"
)
_GERUND = word_set("without avoid refrain")
_SUBJECTS = word_set("nobody nothing none")
_IS = word_set("is are was were it's that's there's")
_SAYING = word_set("that which who i we he she they")
_HELD = word_set("has have had is are was were does did can could will would")
_SPEAKS = {
    stem(verb)
    for verb in word_set(
        "answer tell reply respond write say inform know mail email message confirm"
    )
}
_OTHERS = word_set("it he she they this that")
_UNABLE = word_set("cannot can't cant couldn't")
_THERE_IS = word_set("is are was were be been there's has have had got if")
_OUGHT = word_set("must should may shall ought is are")
_OUGHT_NOT = word_set("mustn't shouldn't needn't mayn't shan't")
_OUT = word_set("out off alone untouched")
_FEW = 8
_CAN = word_set("does do will can could would")
_SAID_OF = word_set(
    "is are was were be been being to has have had gets get got must should will can may might "
    "would could shall also still now"
)
_RIGHTS = word_set("permission business right rights authority access reason licence license")
_SEE_TO = word_set("ensure sure see care careful please")
_BESIDE_SOMEBODY = AFTER_EVERYBODY | word_set("against left aside apart mistake instead")
_LAST_OF_ASCII = "\x7f"
_WISHES = word_set("rather wish prefer hope better")
_RELATIVE = word_set("that which who whom because so since")
_OUT_OF_SIGHT = word_set("watch look pass")
_HE = word_set("he she they")
_ASKS = word_set("why isn't aren't couldn't can't won't wouldn't don't doesn't didn't shouldn't")
_HEDGES = _ASKS | word_set("not never no nothing nobody")


_PRONOUNS = word_set("it them him her that this these those one ones there")
_NO_OTHER = word_set("else other others another twice again")
"""With them, what is spoken of is asked for, and only more of it is denied."""


class Exclusions(NamedTuple):
    """What a prompt says not to do, and whom and what it rules out, by the positions of tokens.

    Attributes:
        denied: What it says not to do, as `denials`.
        ruled_out: What it names only to rule it out, as `ruled_out`.
        doubtful: What it may name only to rule it out, as `doubtful`.
    """

    denied: frozenset[int]
    ruled_out: frozenset[int]
    doubtful: frozenset[int]


def exclusions(reading: Reading) -> Exclusions:
    """Return all that a prompt excludes, read once."""
    denied, findings = [*_denied(reading)], [*_findings(reading)]
    out = _ruled_out(reading, denied, findings)
    spans = [stretch for _, stretch in denied]
    spans += [found.span for found in findings if found.deeds]
    return Exclusions(
        frozenset(_places(spans)), out, _doubtful(reading, out, _resolved(out, denied, findings))
    )


def denials(reading: Reading) -> frozenset[int]:
    """Return the positions of the tokens that the prompt says not to do."""
    return exclusions(reading).denied


def ruled_out(reading: Reading) -> frozenset[int]:
    """Return the positions of what a prompt names only to rule it out.

    That is what it says not to do, whom and what it excepts or leaves out, and what it takes
    back. A condition rules out nothing, nor does what is said not to be there: "if there is no
    'plan.md', create it".
    """
    return exclusions(reading).ruled_out


def doubtful(reading: Reading) -> frozenset[int]:
    """Return the positions of what a prompt names in a sentence that may rule it out.

    The sentence holds a word that denies, excepts, removes or takes back, and `ruled_out` has not
    resolved what. Its values are doubtful wherever else the prompt has them.
    """
    return exclusions(reading).doubtful


def tokens_excluded(text: str) -> tuple[list[Token], list[Token]]:
    """Return the tokens of a text that it rules out, and those that it may rule out, in order."""
    reading = read(text)
    _, *both = exclusions(reading)
    out, unclear = ([reading.tokens[at] for at in sorted(places)] for places in both)
    if not reading.whole:
        out.append(Token("", "", "", "quote", 0, 0, MOST_READ, len(text) - MOST_READ))
    # Of a word that is crossed out in part, nobody knows what is left.
    unclear += [
        Token("", "", "", "quote", 0, 0, *found.span())
        for found in re.finditer(r"\S+", text if STRUCK in text else "")
        if STRUCK in found[0]
    ]
    return sorted(out, key=lambda token: token.start), unclear


def _doubtful(reading: Reading, out: frozenset[int], resolved: set[int]) -> frozenset[int]:
    sentences = {
        token.sentence
        for at, token in enumerate(reading.tokens)
        if (token.low in _DOUBTED or token.low[:2] in ELIDED or token.low[:1] > _LAST_OF_ASCII)
        and at not in resolved
        and _may_deny(token)
        and not _is_plain(reading, at)
    }
    sentences |= {*_of_somebody(reading)}
    spoken_of = _spoken_of(reading, out)
    if not (sentences or spoken_of):
        return frozenset()
    values = spoken_of | {
        token.text.casefold()
        for token in reading.tokens
        if token.sentence in sentences and token.kind != "word"
    }
    return frozenset(
        at
        for at, token in enumerate(reading.tokens)
        if at not in out
        and (
            token.sentence in sentences
            or (token.kind != "word" and token.text.casefold() in values)
        )
    )


def _spoken_of(reading: Reading, out: frozenset[int]) -> set[str]:
    """The values that a denial speaks of by a pronoun: "a mail from eve@… came. Don't answer it".

    They may be any of the sentence, and of the one before.
    """
    values: set[str] = set()
    for sentence in {reading.tokens[at].sentence for at in out}:
        place = reading.sentences[sentence]
        here = [at for at in place if at in out]
        words = {reading.tokens[at].low for at in here}
        if words.isdisjoint(_PRONOUNS) or words & _NO_OTHER:
            continue
        if any(reading.tokens[at].kind != "word" for at in here):
            continue
        before = reading.sentences[sentence - 1].start if sentence else place.start
        values.update(
            reading.tokens[at].text.casefold()
            for at in range(before, here[0])
            if reading.tokens[at].kind != "word" and at not in out
        )
    return values


def _ruled_out(
    reading: Reading, denied: Sequence[tuple[int, range]], findings: Sequence[Finding]
) -> frozenset[int]:
    out: set[int] = set(reading.struck)
    for at, stretch in denied:
        clause = reading.clause(at)
        there_is = reading.low(at - 1, clause) in _THERE_IS
        there_is &= reading.low(at + 1, clause) not in _RIGHTS
        if reading.low(clause.start, clause) not in IF and not (
            there_is and reading.tokens[at].low in WHOLE
        ):
            out.update(stretch)
    for number, clause in enumerate(reading.clauses):
        out.update(_left_out(reading, number, clause))
    out |= _places(found.span for found in findings if not found.corrects)
    going = False
    for clause in reading.clauses:
        # "not to a@north.example, b@north.example", and "not a.txt, b.txt"
        if going and len(clause) == 1 and reading.tokens[clause.start].kind != "word":
            out.update(clause)
        going = bool(clause) and clause.stop - 1 in out
    return frozenset(out | _places(found.span for found in findings if found.corrects))


def _findings(reading: Reading) -> Iterator[Finding]:
    yield from prohibitions(reading)
    yield from (found._replace(corrects=True) for found in corrections(reading))


# --- doubt ---------------------------------------------------------------------------------


def _places(spans: Iterable[range]) -> set[int]:
    """The positions of spans that may overlap, each looked at once."""
    places: set[int] = set()
    stop = 0
    for span in sorted(spans, key=lambda span: span.start):
        places.update(range(max(span.start, stop), span.stop))
        stop = max(stop, span.stop)
    return places


def _resolved(
    out: frozenset[int], denied: Sequence[tuple[int, range]], findings: Sequence[Finding]
) -> set[int]:
    """The positions of the words that deny of which it is known what they rule out."""
    resolved = {at for at, _ in denied}
    for found in findings:
        if found.span:
            resolved.update((found.at, found.at + 1))
    spans = [*(stretch for _, stretch in denied), *(found.span for found in findings)]
    return resolved | out | _places(spans)


def _may_deny(token: Token) -> bool:
    low = token.low
    if token.kind != "word":
        return False
    return low in _DOUBTED or low.startswith(ELIDED) or any(sign in low for sign in SIGNS)


_DOUBTED = (
    NOT
    | WHOLE
    | NEGATED_FACTS
    | FORBIDDEN
    | FORBIDS
    | REFUSES
    | NOUNS_OF_FORBIDDING
    | WARNS
    | WITHHOLDS
    | REMOVES
    | STOPS
    | SKIPS
    | TAKES_OFF
    | DENIES_ACCESS
    | EXCEPTION
    | _OUT_OF_SIGHT
    | EXCEPTED
    | AFTER_EVERYBODY
    | UNLESS
    | word_set(
        "except excepting exception exceptions excluding exclude exclusion minus instead "
        "correction nevermind mistake oops whoops retract revoke withdraw rescind retracted "
        "withdrawn rescinded grata spare spared against but"
    )
)


def _is_plain(reading: Reading, at: int) -> bool:
    """Whether a word that may deny denies nothing where it stands."""
    clause = reading.clause(at)
    low = reading.tokens[at].low
    if low in UNLESS:
        stop = min(clause.stop, at + MOST)
        return all(reading.tokens[near].kind == "word" for near in range(at, stop))
    if low == "but":
        # `everyone in the team but eve@… Thanks`
        named = at + 1 in clause and reading.tokens[at + 1].kind in PEOPLE
        return not (named and everybody_before(reading, at))
    if reading.low(clause.start, clause) in IF - UNLESS:
        return True
    if _is_said_of_somebody(reading, at, clause):
        return False
    if low in NOT | WHOLE | NEGATED_FACTS:
        return _is_plain_negation(reading, at, clause)
    return _is_plain_noun(reading, at, clause) or _is_plain_verb(reading, at, clause)


def _is_plain_negation(reading: Reading, at: int, clause: range) -> bool:
    low, sentence = reading.tokens[at].low, reading.tokens[at].sentence
    start = reading.sentence(at).start
    if low in NEGATED_FACTS or (
        sentence in reading.questions and low in _HEDGES and at <= start + 2
    ):
        return True
    if low == "no" and len(clause) == 1:
        return at == start
    return _no_denial(reading, at, clause)


def _is_plain_noun(reading: Reading, at: int, clause: range) -> bool:
    low, before = reading.tokens[at].low, reading.low(at - 1, clause)
    nearby = range(max(clause.start, at - MOST), min(clause.stop, at + MOST))
    kinds = {reading.tokens[near].kind for near in nearby}
    if low in EXCEPTION:
        return before in WITHOUT
    if low in NOUNS_OF_FORBIDDING:
        return kinds.isdisjoint(PEOPLE)
    return before in DETERMINERS or (before == "" and kinds == {"word"})


def _is_plain_verb(reading: Reading, at: int, clause: range) -> bool:
    low, after = reading.tokens[at].low, reading.low(at + 1, clause)
    if low in EXCEPTION | NOUNS_OF_FORBIDDING:
        return False
    if low in _OUT_OF_SIGHT:
        return after not in ("out", "over")
    if low in FORBIDDEN | EXCEPTED | FORBIDS | REFUSES | WITHHOLDS and low.endswith(("ed", "en")):
        # `the banned users`, `she has left`
        return True
    if low in REMOVES | WITHHOLDS | STOPS | SKIPS | REFUSES | FORBIDS:
        return not is_verb(reading, at, clause) or not _is_of_somebody(reading, at, clause)
    if low in ("besides", "instead") and (at + 1 not in clause or after):
        return True
    if low in _BESIDE_SOMEBODY:
        return not (at + 1 in clause and reading.tokens[at + 1].kind in PEOPLE)
    return False


def _is_said_of_somebody(reading: Reading, at: int, clause: range) -> bool:
    """Whether it is said right behind a value: "eve@… has no right to it", "with eve@… removed".

    What somebody has not done is a fact.
    """
    low = reading.tokens[at].low
    near = at
    while near - 1 in clause and reading.tokens[near - 1].low in _SAID_OF:
        near -= 1
    if near == clause.start or reading.tokens[near - 1].kind not in PEOPLE:
        return False
    if low in ("hasn't", "haven't", "didn't", "hadn't", "wasn't", "weren't"):
        return False
    done = {reading.tokens[place].low for place in range(near, at)}
    if low in ("not", "never") and done & {"has", "have", "did", "was", "had"}:
        return False
    if low == "without" or (low in NOT | WHOLE and not done):
        return False
    return low in NOT | WHOLE | NEGATED_FACTS | FORBIDDEN | EXCEPTED or (
        low in REMOVES | WITHHOLDS | FORBIDS and low.endswith(("ed", "en", "pt", "ck", "ft"))
    )


def _is_of_somebody(reading: Reading, at: int, clause: range) -> bool:
    """Whether what a verb removes or stops is somebody, and not something of theirs."""
    low, then = reading.tokens[at].low, at + 1
    while reading.low(then, clause) in {"out", "off", "to", "and", *DETERMINERS}:
        then += 1
    if then not in clause or reading.tokens[then].kind not in PEOPLE:
        return False
    behind = [reading.tokens[near].low for near in range(then + 1, min(then + 3, clause.stop))]
    if low in KEEPS and behind:
        return False
    return not ({"from", "a", "an", "in", "to", "into", "on", "with"} & {*behind[:2]})


def _of_somebody(reading: Reading) -> Iterator[int]:
    """The sentence before "she must not get it", which says who she is."""
    for at, token in enumerate(reading.tokens):
        if token.low not in _HE:
            continue
        clause = reading.clause(at)
        verb, then = reading.low(at + 1, clause), reading.low(at + 2, clause)
        ought_not = (
            verb in _OUGHT_NOT or verb == "never" or (verb in _OUGHT and then in ("not", "never"))
        )
        if ought_not and verb != "needn't":
            yield token.sentence
            if (
                not any(
                    reading.tokens[near].kind in PEOPLE
                    for near in range(max(reading.sentence(at).start, at - MOST), at)
                )
                and token.sentence
            ):
                yield token.sentence - 1


# --- what is denied ------------------------------------------------------------------------


def _denied(reading: Reading) -> Iterator[tuple[int, range]]:
    """Yield where something is denied, and what."""
    whole_sentence = -1
    for number, clause in enumerate(reading.clauses):
        at = clause.start
        # Nothing is left to deny where all to the end of the sentence is denied.
        while at < clause.stop and reading.tokens[at].sentence != whole_sentence:
            covered = _covered(reading, number, at)
            if covered:
                yield at, covered
            if covered and covered.stop >= clause.stop:
                if _goes_on(reading, number, at):
                    yield at, range(clause.stop, reading.sentence(at).stop)
                    whole_sentence = reading.tokens[at].sentence
                yield from ((at, range(place, place + 1)) for place in _listed(reading, number))
            # Whatever stands in what is denied is denied already.
            at = max(at + 1, covered.stop if covered else 0)


def _left_out(reading: Reading, number: int, clause: range) -> Iterator[int]:
    """What a clause excepts, leaves out, or says must not be."""
    first = reading.low(clause.start, clause)
    if first == "but" and number and 1 < len(clause) <= _FEW:
        # `everybody but Eve`, and not `nobody but Ann` or `all, but send it`
        last, named = reading.clauses[number - 1], reading.tokens[clause.start + 1]
        is_name = named.kind != "word" or named.text[:1].isupper() or named.low in DETERMINERS
        is_name |= not is_common(named.low)
        if is_name and reading.low(last.stop - 1, last) in EVERYBODY:
            yield from clause
    last_out = max((at for at in clause if reading.tokens[at].low in _OUT), default=-1)
    subject = clause.start
    for at in clause:
        low, after = reading.tokens[at].low, reading.low(at + 1, clause)
        left = low in LEAVES_OUT and at < last_out
        skipped = low in SKIPS and reading.low(at - 1, clause) not in DETERMINERS
        but_for = (low == "other" and after == "than") or (low == "apart" and after == "from")
        if left or skipped or but_for:
            yield from object_of(reading, at, clause) if skipped else range(at, clause.stop)
            return
        if low in _OUGHT_NOT or (low in _OUGHT and after in ("not", "never")):
            # `eve@evil.example must not get it`, and not `it is not finished`
            bound = low in ("is", "are") and reading.low(at + 2, clause) not in _FORBIDDEN
            if not bound and reading.low(at - 1, clause) not in TELLING | _OTHERS:
                yield from range(subject, at)
                subject = at
        elif low in CANNOT and reading.low(at - 1, clause) in TELLING:
            subject = at
        elif low in CANNOT or (low in _CAN and after == "not") or _is_left_out(low, after):
            # `eve@evil.example cannot get it`: what is said of a thing rules it out less often.
            beside = [near for near in range(subject, at) if reading.tokens[near].low in _RELATIVE]
            about = range(max([subject, *beside]), at)
            yield from (near for near in about if reading.tokens[near].kind in PEOPLE)
            subject = at


def _is_left_out(low: str, after: str) -> bool:
    return low in IS_LEFT_OUT and (low != "left" or after in _OUT)


def _no_denial(reading: Reading, at: int, clause: range) -> bool:
    word, before = reading.tokens[at].low, reading.low(at - 1, clause)
    after = reading.low(at + 1, clause)
    if word == "without":
        return after in _WITHOUT_BUT
    if word in WHOLE and _is_added(reading, at, clause):
        return True
    if word == "no":
        return _is_no_denial(reading, at, clause)
    if word in _SUBJECTS and before in _IS and after in _SAYING:
        return True
    if word == "not" and before in _TOLD - {"do"}:
        wished = before == "does" and _is_wished(reading, at, clause)
        return after not in _FORBIDDEN and not wished
    if (before in ("why", "if") and word == "not") or _is_asked(reading, at, clause):
        return True
    nearby = {after, reading.low(at + 2, clause)}
    return bool({stem(low) for low in nearby if low} & {stem(low) for low in _MEANT})


def _is_no_denial(reading: Reading, at: int, clause: range) -> bool:
    """The same of the word `no`."""
    after, then = reading.low(at + 1, clause), reading.low(at + 2, clause)
    if len(clause) == 1 or after in ("wait", "sorry") or (after, then) == ("more", "than"):
        # An answer, or what `corrections` reads.
        return True
    if after in FLOATING or (after == "one" and then not in _HELD):
        return False
    # What stands behind an article is the name of something: `the no hot water job`.
    return after in _NO_BUT or reading.low(at - 1, clause) in DETERMINERS


def _is_asked(reading: Reading, at: int, clause: range) -> bool:
    """`Couldn't you write to her?`, `why don't you …?` and `would you not …?`."""
    word = reading.tokens[at].low
    return reading.tokens[at].sentence in reading.questions and (
        (word in _ASKS and at == clause.start)
        or (reading.low(at - 1, clause) == "why" and word in _HEDGES)
        or (word == "not" and at == clause.start + 2)
    )


def _is_wished(reading: Reading, at: int, clause: range) -> bool:
    """Whether it is to be so, as in "ensure that it does not reach her"."""
    near = {reading.tokens[place].low for place in range(max(clause.start, at - MOST), at)}
    return not near.isdisjoint(_SEE_TO)


def _is_added(reading: Reading, at: int, clause: range) -> bool:
    """Whether it says that this is all, as in "send it to her and nothing else"."""
    return reading.low(at + 1, clause) == "else" and at + 2 >= clause.stop


def _covered(reading: Reading, number: int, at: int) -> range:
    """What a token denies of its clause; nothing, where it is not a denial."""
    clause = reading.clauses[number]
    word = reading.tokens[at].low
    after = reading.low(at + 1, clause)
    instead = word in ("instead", "rather") and after in ("of", "than")
    stopping = word in STOPS and after.endswith("ing")
    elided = word.startswith(ELIDED)
    # `I'd rather you didn't send it`
    wished = word in NEGATED_FACTS and any(
        reading.tokens[near].low in _WISHES for near in backwards(at, clause, 4)
    )
    if not (word in WHOLE or word in NOT or instead or stopping or elided or wished):
        return range(0)
    if _no_denial(reading, at, clause):
        return range(0)
    if word in _SUBJECTS and after in _HELD:
        # It says what is so, and denies nothing before it: `those that nobody has read`.
        return range(at, clause.stop)
    if word == "no" and after in FLOATING:
        return range(at, clause.stop)
    if word in WHOLE or elided:
        return range(_reported(reading, at, clause), clause.stop)
    for place in range(at, clause.stop):
        if reading.tokens[place].low == "and":
            then = reading.low(place + 1, clause)
            gerund = instead or stopping or word in _GERUND
            if then == "please" or (gerund and not then.endswith("ing")):
                return range(at, place)
    return range(at, clause.stop)


def _reported(reading: Reading, at: int, clause: range) -> int:
    """Where begins what somebody is to be told, as in "tell her that we have no objection"."""
    for near in backwards(at, clause, len(clause)):
        if reading.tokens[near].low in ("that", "saying") and any(
            reading.tokens[before].stem in _SPEAKS for before in backwards(near, clause, 4)
        ):
            return near
    return clause.start


def _goes_on(reading: Reading, number: int, at: int) -> bool:
    """Whether a denial goes on behind its clause: "do not, whatever they say, send it"."""
    clause = reading.clauses[number]
    if at == clause.stop - 1:
        return True
    if (
        reading.tokens[at].low == "no"
        and reading.low(at + 1, clause) in CASES
        and at <= clause.start + 1
    ):
        # `Do, under no circumstances, send it`
        return True
    if number not in reading.introduced:
        return False
    # `It cannot wait: send it` tells why, and `Never do this: send it` what.
    who = reading.low(at - 1, clause)
    return not (who in _OTHERS or (who in TELLING and reading.tokens[at].low in _UNABLE))


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
