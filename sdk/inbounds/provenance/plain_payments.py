"""Whether a prompt plainly pays an amount, and does not only calculate with it.

A prompt says a price, a total or a debt in the same words as a payment, and then has a part of it
paid: "the bill is EUR 300, pay Ann half". No list holds all of what can be calculated. So this
knows the few forms in which an amount is plainly paid, or stated and then paid as a whole, and no
other number or number word may stand beside it. A person is asked about the rest.

This module does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .amounts import CODES, OF_A_THING, SYMBOL, WORD_OF_CURRENCY
from .stop_words import EMPTY

AMOUNT = "\x01"
"""Stands for each character of the number of an amount."""
UNIT = rf"(?:(?-i:{CODES})(?![A-Za-z])|{WORD_OF_CURRENCY}(?![A-Za-z])|{SYMBOL})"
"""A currency, as it is written beside an amount."""

_CALCULATING = (
    r"(?:hal(?:f|ve[sd]?|ving)|thirds?|quarters?|(?:fif|six|seven|eigh|nin|ten|twelf|hundred)ths?"
    r"|fourths?|per\s*cents?|percentages?|fractions?|proportion\w*|pro\s*rat\w+|part(?:s|ly|ial\w*)?"
    r"|portions?|shar(?:es?|ed|ing)|split\w*|go(?:ing)?\s+dutch|rest|remainder|remaining|tranches?"
    r"|instal?l?ments?|deposits?|down\s*payments?|less|minus|plus|(?<!pay )(?<!paying )off"
    r"|deduct\w*|subtract\w*|offset\w*|withh[eo]ld\w*|retain\w*|discount\w*|rebates?|skonto|re(?:duced|ducing"
    r"|ductions?)|lowered|decreased|adjusted|net|gross|without|except|exclud\w+|divid\w+|multipl\w+"
    r"|times|twice|thrice|doubl(?:e[sd]?|ing)|tripled?|quadrupled?|each(?!\s+to\b)|(?<!\bas )per"
    r"|apiece|both|equal(?:ly)?|evenly|spread|together|jointly"
    r"|(?<!\bbe )(?<!\bget )(?<!\bgets )paid"
    r"|already\s+(?:\w+\s+)?(?:sent|gave|given|transferred|made|covered|settled|got|received)"
    r"|in\s+(?:stages|steps|bits|pieces)|bit\s+by\s+bit|(?:after|before)\s+tax\w*|over\s+time"
    r"|(?:(?<!\bin )(?<!\bfor )an?|by\s+the)\s+(?:hour|day|week|month|year|night|head)"
    r"(?!\s+(?:ago|off))"
    r"|for\s+every|(?:lower|lesser|smaller|larger|higher|greater)\s+of|of\s+which"
    r"|equivalent|worth(?!\s+of\b)"
    r"|(?:yearly|annual(?:ly)?)\b[^.!?\n]{0,80}\b(?:monthly|weekly|every))"
)
_NUMBERS = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh"
    r"|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundreds?|thousands?|millions?|dozens?"
    r"|couple|several|few)"
)
_SUM = rf"(?:{UNIT}\s?)?[0-9{AMOUNT}]"
_OPERATOR = rf"[-+*x\u00d7\u00f7\u2212\u2013][ \t]+{_SUM}"
CALCULATES = re.compile(
    rf"%|\b{_CALCULATING}\b|(?<![\w/])[0-9]+\s*/\s*[0-9]+(?![\w/])"
    rf"|[0-9{AMOUNT}](?:\s?{UNIT})?[ \t]*{_OPERATOR}"
    rf"|\b(?:sent|transferred|wired|gave|given|refunded)(?:\s+\w+)?\s+{_SUM}",
    re.IGNORECASE,
)
"""What says that an amount is to be a part or a multiple of what is paid, or less than it."""
_PART_OF_ITS_OWN = re.compile(
    rf"[0-9{AMOUNT}](?:\s?{UNIT})?\s+deposit\b"
    rf"|\bdeposit\b(?:\s+(?:is|was|of|comes\s+to)\b|\s*[:=])?\s*{_SUM}",
    re.IGNORECASE,
)
"""A deposit of which the prompt says how much it is, or `deposit EUR 50`."""
_QUANTITY = re.compile(
    rf"(?<![\w#@./:-])[0-9][0-9.,]*(?!(?:st|nd|rd|th)\b|[-/:]\w)|\b(?:{_NUMBERS})\b", re.IGNORECASE
)
SPELLED_OUT = re.compile(rf"\b(?:{_NUMBERS})[\s-]+{WORD_OF_CURRENCY}\b", re.IGNORECASE)
_ONE = re.compile(r"\bone\b", re.IGNORECASE)
_IDS = re.compile(
    r"[0-9]{5,}|(?:19|20)[0-9]{2}\b|(?:\A\s*|\n[^\S\n]*)[0-9]{1,2}[.)]\s|[0-9]{1,2}(?=\s?(?:[ap]\.?m\b|o'clock))"
    r"|(?-i:\b[A-Z]{2}[0-9]{2}(?:\s?[A-Z0-9]{4}){1,7}(?:\s?[A-Z0-9]{1,3})?\b)|[0-9]{4}(?:\s[0-9]{4})+"
    r"|\bfrom\s+[0-9][0-9.,]*(?=\s+to\W+\Z)",
    re.IGNORECASE,
)
"""Digits that are an account, a year, the number of a line, a time, or what a value was before."""
_NAMES_A_NUMBER = re.compile(
    r"\b(?:accounts?|acct|a/c|cards?|ref(?:erence)?s?|contracts?|bookings?|flats?|apartments?|claims?"
    r"|po|permits?|weeks?|grades?|class|(?:numbers?|no|nr)\.?|to(?=\s+[0-9]{4}))[\s:#]*\Z",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"\b(?:for|of|with|at)\s+(?:the\s+|these\s+|all\s+|another\s+)?\Z", re.IGNORECASE
)
_BY_NOUN = re.compile(
    r"\s+(?!(?:of|in|by|and|or|is|was|were|to|a|an|per|each|from|over|on|at|for|i|we|she|he|they)\b)[a-z]"
)
_DET = r"(?:the|an?|my|our|his|her|their|your|this|that|its)"
_DETERMINED = re.compile(
    rf"(?:\b{_DET}|['\u2019]s)(?:\s+[\w-]+){{0,2}}?\s*(?:{UNIT})?\s?\Z", re.IGNORECASE
)
_GOVERNED = re.compile(
    r"\b(?:(?:on|upon|against|from|with|at|as|in|by|into|over|under|after|before|than|via|beyond"
    rf"|within|through|during)(?:\s+{_DET}(?:\s+[\w-]+){{0,2}}?)?|to(?:\s+{_DET})?"
    rf"|(?<!\A )(?:of|for)\s+{_DET}(?:\s+[\w-]+){{0,2}}?"
    r"|(?:some|most|much|more|bits?|cuts?|pieces?|slices?|stakes?|chunks?|days?|weeks?|months?"
    r"|years?|value|average|interest|vat|tax(?:es)?|commission)\s+(?:of|for))"
    rf"\s+(?:{UNIT})?\s?\Z",
    re.IGNORECASE,
)
"""What an amount belongs to that is not paid itself: `the interest on the 300 euros`."""
_SEVERAL = re.compile(r"\band\b|&", re.IGNORECASE)
_TWO = re.compile(
    rf"\s?(?:{UNIT})?\s+(?i:to|for)\s+(?:[A-Z][\w.'\u2019-]*\s+){{1,3}}(?:and|&|with)\s+"
    rf"(?!(?:{UNIT})?\s?{AMOUNT})(?:to\s+)?[A-Z]"
)
"""Two that an amount goes to: nobody knows how much each of them gets."""
_NOUN = (
    rf"(?:[\s-]+(?!(?:\w+ed|{'|'.join(sorted(EMPTY))}|bit|gross|right)\b)[^\W\d_][\w'-]*){{0,3}}?"
)
_HARMLESS = (
    r"(?:\s*(?:\Z|[.,;:!?)(\"'\n\x00\]]|[-\u2013\u2014]\s+(?!\W*(?:[A-Z]{3}\s)?[0-9\x01]))"
    r"|\s+(?:to|for|of|from|on|onto|into|via|by(?!\s+the\b)|using|at|as|towards?|and|but|then|now|today|tonight"
    r"|tomorrow|please|pls|again|back|so|because|since|i|we|you|she|he|they|it|that|which|who|due"
    r"|worth\s+of|monthly|weekly|every\s+(?:month|week)|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|in\s+(?:full|total|cash|advance|time|return|order|the|my|our|his|her|their|this)"
    r"|with\s+(?:[\w-]+\s+){0,3}?(?:reference|ref|note|message|number|purpose|subject|memo|words?"
    r"|text|card|visa|mastercard|paypal|account|thanks))\b)"
)
_GOES_ON = re.compile(rf"\s?(?:{UNIT})?{_HARMLESS}", re.IGNORECASE)
_GOES_ON_WITH_NOUN = re.compile(rf"\s?(?:{UNIT})?{_NOUN}{_HARMLESS}", re.IGNORECASE)
_WITH_OPERATOR = re.compile(rf"(?<=\s){_OPERATOR}", re.IGNORECASE)
_CHANGED_BY = re.compile(rf"\bby\s+(?:{UNIT})?\s?\Z", re.IGNORECASE)
_PAYS = r"\b(?:pay|transfer|wire|refund|reimburse|settle|donate|send|give)\b"
_CLAUSE_END = re.compile(r"[.!?;\n\x00]")
_ORDER = re.compile(_PAYS, re.IGNORECASE)
_WHOM = r"(?:him|her|them|[A-Z][a-z][\w'\u2019-]*(?:\s+[A-Z][a-z][\w'\u2019-]*){0,3})"
_PAYS_IT = re.compile(
    rf"(?i:{_PAYS})\s+(?:(?:{_WHOM}\s+)?(?:it|that|this|them|the\s+(?:whole\s+|full\s+)?"
    r"(?:sum|amount|rent|fee|bill|invoice|money|total|lot))"
    r"(?:\s+(?:to|from|by|on|via|with|at|now|today|tomorrow|in\s+full|please|back|and|into|for\s+(?:me|us))\b"
    rf"|\s*(?:\Z|[.,;:!?)\n\x00]))|{_WHOM}\s*(?:\Z|[.!\n\x00]))"
)


def last_calculation(text: str) -> int:
    """Return where the last word stands by which something is calculated, or -1.

    Args:
        text: The prompts, with `AMOUNT` in the place of each amount.
    """
    text = _PART_OF_ITS_OWN.sub(lambda found: AMOUNT * len(found[0]), text)
    return max((found.start() for found in CALCULATES.finditer(text)), default=-1)


def is_plain(between: str, behind: str, *, first: bool, sets: bool) -> bool:
    """Tell whether an amount is paid whole by what stands around it in its clause.

    Args:
        between: What stands before it, behind the verb and any earlier amount.
        behind: What stands behind it in its sentence.
        first: Whether it is the first amount behind the verb.
        sets: Whether the verb sets something: what is changed by an amount is another one then.
    """
    if _ONE.search(between) or any(_quantities(between, counts=False)):
        return False
    if _CHANGED_BY.search(between) if sets else _GOVERNED.search(between):
        return False
    if (first and _SEVERAL.search(between)) or _TWO.match(behind):
        return False
    return _goes_on(behind, has_noun=_DETERMINED.search(between) is not None)


def is_paid_whole(behind: str, later: str, *, has_account: bool) -> bool:
    """Tell whether a stated amount is paid, and not something of it.

    Args:
        behind: What stands behind it in its sentence.
        later: All that stands behind it in the prompt.
        has_account: Whether an account is stated beside it: then nothing has to follow.
    """
    if not _goes_on(behind, has_noun=False):
        return False
    text, amount, _ = later.partition(AMOUNT)
    order = _ORDER.search(text)
    if order is None:
        return has_account
    if _PAYS_IT.match(text + amount, order.start()) is None:
        # What it pays instead may be the next amount.
        return has_account and bool(amount) and not _CLAUSE_END.search(text, order.end())
    end = _CLAUSE_END.search(text, order.end())
    return not any(_quantities(text[: end.start() if end else None], counts=False))


def _goes_on(behind: str, *, has_noun: bool) -> bool:
    """Whether a clause ends behind an amount, or goes on to something else than another one."""
    goes_on = _GOES_ON_WITH_NOUN if has_noun else _GOES_ON
    if goes_on.match(behind) is None or _WITH_OPERATOR.search(behind):
        return False
    return not any(_quantities(behind, counts=True))


def _quantities(text: str, *, counts: bool) -> Iterator[bool]:
    """Yield whether each number and number word of a text may be another amount.

    Args:
        text: What stands around an amount, with no amounts in it.
        counts: Whether one behind a preposition may only count something: `for two nights`.
    """
    ids = [found.span() for found in _IDS.finditer(text)]
    for found in _QUANTITY.finditer(text):
        before = text[max(0, found.start() - 48) : found.start()]
        is_id = any(start <= found.start() < end for start, end in ids)
        is_named = OF_A_THING.search(before) or _NAMES_A_NUMBER.search(before)
        is_count = counts and _COUNTED.search(before) and _BY_NOUN.match(text, found.end())
        yield not (is_id or (is_named and found[0][0].isdecimal()) or is_count)
