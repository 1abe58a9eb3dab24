"""What a prompt says not to do, and whom and what it rules out.

Whatever is named there is not what the user asked for: "never send it to eve@evil.example".

This module does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator

from .sentences import MOST_READ, Reading, Token, backwards, read, stem, word_set
from .stop_words import is_common

DETERMINERS = word_set(
    "a an the my our your his her its their this that these those any every each all some "
    "another one last next latest new no whose"
)
TELLING = word_set("i they he she who which that we people")
ALL = word_set("anything everything nothing")
EXCEPT = word_set("to from except but other of in with that which")
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
_STOP = word_set("stop quit cease")
_OTHERS = word_set("it he she they this that")
_UNABLE = word_set("cannot can't cant couldn't")
_IF = word_set("if when unless whether because since while once until")
_THERE_IS = word_set("is are was were be been there's has have had got if")
_OUGHT = word_set("must should may shall ought is are")
_OUGHT_NOT = word_set("mustn't shouldn't needn't mayn't shan't")
_LEAVE = word_set("leave keep cut take")
_OUT = word_set("out off alone untouched")
_SKIP = word_set("skip omit ignore block ban")
_EVERYBODY = word_set("everyone everybody all anyone anybody everything anything other apart")
_FEW = 8
_CANNOT = word_set("doesn't don't won't can't cannot cant couldn't wouldn't")
_CAN = word_set("does do will can could would")
_LEFT_OUT = word_set("left excluded omitted skipped ignored blocked banned")
_PEOPLE = frozenset({"mail", "account", "phone"})


def denials(reading: Reading) -> frozenset[int]:
    """Return the positions of the tokens that the prompt says not to do."""
    return frozenset(place for _, stretch in _denied(reading) for place in stretch)


def ruled_out(reading: Reading) -> frozenset[int]:
    """Return the positions of what a prompt names only to rule it out.

    That is what it says not to do, and whom and what it excepts or leaves out. A condition rules
    out nothing, nor does what is said not to be there: "if there is no 'plan.md', create it".
    """
    out: set[int] = set()
    for at, stretch in _denied(reading):
        clause = reading.clause(at)
        there_is = reading.low(at - 1, clause) in _THERE_IS
        if reading.low(clause.start, clause) not in _IF and not (
            there_is and reading.tokens[at].low in _WHOLE
        ):
            out.update(stretch)
    for number, clause in enumerate(reading.clauses):
        out.update(_left_out(reading, number, clause))
    going = False
    for clause in reading.clauses:
        # "not to a@north.example, b@north.example", and "not a.txt, b.txt"
        if going and len(clause) == 1 and reading.tokens[clause.start].kind != "word":
            out.update(clause)
        going = bool(clause) and clause.stop - 1 in out
    return frozenset(out)


def tokens_ruled_out(text: str) -> list[Token]:
    """Return the tokens of a text that it names only to rule them out, in order.

    Of a text that is too long to be read whole, what lies between is ruled out in one.
    """
    reading = read(text)
    found = [reading.tokens[at] for at in sorted(ruled_out(reading))]
    if not reading.whole:
        found.append(Token("", "", "", "quote", 0, 0, MOST_READ, len(text) - MOST_READ))
    return sorted(found, key=lambda token: token.start)


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
        if is_name and reading.low(last.stop - 1, last) in _EVERYBODY:
            yield from clause
    last_out = max((at for at in clause if reading.tokens[at].low in _OUT), default=-1)
    subject = clause.start
    for at in clause:
        low, after = reading.tokens[at].low, reading.low(at + 1, clause)
        left = low in _LEAVE and at < last_out
        skipped = low in _SKIP and reading.low(at - 1, clause) not in DETERMINERS
        but_for = (low == "other" and after == "than") or (low == "apart" and after == "from")
        if left or skipped or but_for or low in _BUT_FOR:
            yield from range(at, clause.stop)
            return
        if low in _OUGHT_NOT or (low in _OUGHT and after in ("not", "never")):
            # `eve@evil.example must not get it`, and not `it is not finished`
            bound = low in ("is", "are") and reading.low(at + 2, clause) not in _FORBIDDEN
            if not bound and reading.low(at - 1, clause) not in TELLING | _OTHERS:
                yield from range(subject, at)
                subject = at
        elif low in _CANNOT or (low in _CAN and after == "not") or _is_left_out(low, after):
            # `eve@evil.example cannot get it`: what is said of a thing rules it out less often.
            yield from (near for near in range(subject, at) if reading.tokens[near].kind in _PEOPLE)
            subject = at


def _is_left_out(low: str, after: str) -> bool:
    return low in _LEFT_OUT and (low != "left" or after in _OUT)


def _no_denial(reading: Reading, at: int, clause: range) -> bool:
    word, before = reading.tokens[at].low, reading.low(at - 1, clause)
    after = reading.low(at + 1, clause)
    if word == "no":
        # What stands behind an article is the name of something: `the no hot water job`.
        return after in _NO_BUT or before in DETERMINERS
    if word in _SUBJECTS and before in _IS and after in _SAYING:
        return True
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
    after = reading.low(at + 1, clause)
    instead = word in ("instead", "rather") and after in ("of", "than")
    stopping = word in _STOP and after.endswith("ing")
    if not (word in _WHOLE or word in _NOT or instead or stopping):
        return range(0)
    if _no_denial(reading, at, clause):
        return range(0)
    if word in _SUBJECTS and after in _HELD:
        # It says what is so, and denies nothing before it: `those that nobody has read`.
        return range(at, clause.stop)
    if word in _WHOLE:
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
