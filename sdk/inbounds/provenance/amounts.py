"""Amounts as people write them: a number with its currency, or after words that say how much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .dates import without_dates
from .values import BLANKS, numbers_in, stands_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEAR = 96
"""So many characters before a number may say that it is an amount."""
SYMBOL = "[$\u00a3\u00a5\u0e3f\u20a0-\u20c0]"
CODES = (
    "AED|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|KRW"
    "|MAD|MXN|MYR|NGN|NOK|NZD|PEN|PHP|PKR|PLN|RON|RSD|RUB|SAR|SEK|SGD|THB|TWD|UAH|USD|VND|ZAR"
)
WORD_OF_CURRENCY = (
    "(?i:dollars?|euros?|bucks|quid|yen|yuan|francs?|rupees?|kron(?:er?|or)|zloty|pesos?|reais"
    "|pounds(?: sterling)?)"
)
_CLOSE_BEFORE = re.compile(rf"(?:{SYMBOL}|(?<![A-Za-z0-9])(?:{CODES}))\Z")
_APART_BEFORE = re.compile(rf"(?<![A-Za-z0-9])(?:{SYMBOL}|{CODES})[{BLANKS}]\Z")
_CLOSE_BEHIND = re.compile(rf"(?:{SYMBOL}|{CODES})(?![A-Za-z0-9])")
_APART_BEHIND = re.compile(
    rf"[{BLANKS}](?:(?:{SYMBOL}|(?:{CODES})(?![A-Za-z]))(?![{BLANKS}]?[0-9])|{WORD_OF_CURRENCY}(?![A-Za-z]))"
)
_BETWEEN_TWO = re.compile(rf"[0-9][{BLANKS}](?:{SYMBOL}|{CODES})[{BLANKS}]\Z")
"""The currency between two numbers is the first one's or the second one's: neither is known."""
_PAYING = (
    r"(?:pay|paid|refund(?:ed)?|reimburse[d]?|charge|donate|spen[dt]|owe[sd]?|lend|invest|wire[d]?"
    r"|cost|costs)"
)
"""What is done with money alone."""
_MOVING = r"(?:send|sent|transfer(?:red)?|deposit|withdraw|give|tip)"
"""What is done with other things as well: a number after it may count or name them."""
_FILLED = (
    r"(?:\s+(?:him|her|them|me|us|back|only|just|exactly|about|around|roughly|approximately"
    r"|another|an|additional|extra|that|up\s+to|at\s+most|a\s+total\s+of)){0,3}"
)
_SUM = r"(?:amount|sum|total|price|fee|rent|cost|budget|limit|salary|allowance)"
_PAYMENT = r"(?:payment|deposit|refund|donation|tip|transfer|subscription|instal?lment|balance)s?"
_IS = r"(?:is|was|be|are|now|only|just|exactly|about|around|up\s+to|at\s+most|=|:)"
_PHRASE = re.compile(
    rf"(?<![\w-])(?:{_PAYING}{_FILLED}"
    rf"|{_SUM}(?:\s*(?:{_IS}|of|to|by|from\s+[0-9][0-9.,]*\s+to))*"
    rf"|{_PAYMENT}(?:\s*{_IS})+"
    rf"|{_PAYMENT}(?:\s+of)(?:\s*{_IS})*"
    r")\s*\Z",
    re.IGNORECASE,
)
_MOVED = re.compile(rf"(?<![\w-]){_MOVING}(?P<filled>{_FILLED})\s*\Z", re.IGNORECASE)
_TO_PERSON = re.compile(r"\b(?:him|her|them|me|us|back)\b", re.IGNORECASE)
_UP_TO = re.compile(r"\b(?:up\s+to|at\s+most|a\s+total\s+of)\b", re.IGNORECASE)
_ENDS = r"\s*(?:\Z|[\n\x00;!?)\"'\u2019\u201d]|\.(?![0-9])|,(?!\s*[0-9])|[-\u2013\u2014]\s)"
_GOES_ON = re.compile(
    rf"{_ENDS}"
    r"|\s+(?:to|for|from|into|onto|in|on|at|as|by|via|with|per|each|extra|more|less|now|today"
    r"|tomorrow|monthly|weekly|every|a\s+month|a\s+week|and|or|back|i|that|which|instead|please)"
    r"(?![\w-])(?!\s+[#\u2116]?[0-9])",
    re.IGNORECASE,
)
_TO_SOMEBODY = re.compile(r"\s+(?:to|for|from)(?![\w-])", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.;:!?\n\x00]")
_THING = (
    r"(?:#|\u2116|(?<![\w-])(?:no\.|(?:archives?|articles?|bins?|box(?:es)?|cases?|cells?|chapters?"
    r"|columns?|copies|copy|documents?|drawers?|entr(?:y|ies)|e?-?mails?|files?|floors?|folders?"
    r"|gates?|ids?|issues?|items?|lines?|lists?|lockers?|messages?|notes?|numbers?|options?|pages?"
    r"|parcels?|photos?|pictures?|places?|printers?|queues?|questions?|records?|rooms?|rows?"
    r"|rules?|seats?|sections?|shelf|shelves|slides?|steps?|tables?|times?|units?|versions?"
    r"|warehouses?)(?![\w-])))"
)
"""What a number may count, or be the number of, and nobody pays."""
_BILL = r"(?<![\w-])(?:bills?|invoices?|orders?|tickets?)(?![\w-])"
OF_A_THING = re.compile(rf"(?:{_THING}|{_BILL})\s*\Z", re.IGNORECASE)
_THINGS = re.compile(
    rf"{_THING}|{_BILL}"
    r"|\A\s+(?:to|for|from)\s+(?:the\s+)?(?!account|acct|card|iban)[\w'-]+\s+[0-9]",
    re.IGNORECASE,
)
_CLAIMS = re.compile(
    rf"\s+(?:to|from|into|onto|in|on|at|as|by|via|with|per)\s+(?:[\w'-]+\s+){{0,2}}?{_THING}",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_OF_A_YEAR = re.compile(
    rf"(?:(?<!amount )(?<!sum )(?<!total )\bof|\b(?!amount|sum|total){_SUM})\s*\Z", re.IGNORECASE
)


def spoken_amounts(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the amounts of a text as they are written there, with their currencies."""
    found = amounts_at(without_dates(text))
    yield from ((written, currencies) for written, currencies, _ in found if written)


def amounts_at(text: str) -> Iterator[tuple[str, frozenset[str], tuple[int, int]]]:
    """The amounts of a text as they are written there, such as `1,200.00`, and their currencies.

    A sign such as `$` may be of several currencies (ISO 4217); an amount may state none.

    A number is one where its currency stands beside it, or where words before it say how much
    and nothing beside it is what it counts or names: `pay 50 to Bob`, not `pay 3 bills` or
    `transfer 7 to the archive`. What moves other things than money as well, such as `send`, says
    so only with somebody who gets it. Any other may be the number of an invoice, a year or a date.

    Args:
        text: Any text without dates.

    Yields:
        What is written, its currencies, and where the number begins and ends. `5 thousand` is
        `5000`, and a multiple that is not certain, such as `5 mio`, is "".
    """
    for found in numbers_in(text):
        start, end = found.span()
        before, behind = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
        if found[1] == " " and OF_A_THING.search(before):
            continue  # `invoice 7 200 EUR` are two numbers, or one
        written, length = _multiple(found[0], behind)
        behind = behind[length:]
        currency = _currency(before, behind)
        if currency or (stands_alone(text, start, end) and _says_amount(before, behind, found[0])):
            from .currencies import meant

            yield written, meant(currency), (start, end + length)


def amounts_with_currency(text: str) -> Iterator[str]:
    """Yield the numbers of a text that stand beside their currency, as they are written there."""
    for found in numbers_in(text):
        start, end = found.span()
        written, length = _multiple(found[0], text[end : end + _NEAR])
        end += length
        if written and _currency(text[max(0, start - _NEAR) : start], text[end : end + _NEAR]):
            yield written


def has_currency(text: str) -> bool:
    """Whether a text has a number that stands beside its currency."""
    return any(True for _ in amounts_with_currency(text))


def _multiple(written: str, behind: str) -> tuple[str, int]:
    """Return the number that `5 thousand` is, "" where none is certain, and how much follows."""
    if not behind[:2].strip()[:1].isalpha():
        return written, 0
    from .multiples import multiplied

    return multiplied(written, behind)


def _currency(before: str, behind: str) -> str:
    """Return the sign, the code or the word of a currency that stands beside a number, or ""."""
    if found := _CLOSE_BEFORE.search(before):
        return "" if behind[:1].isalnum() else found[0]
    if not _begins(before):
        return ""
    if found := _CLOSE_BEHIND.match(behind):
        return found[0]
    if behind[:1].isalnum() or behind[:1] in ("-", "%", "/"):
        return ""
    if found := _APART_BEHIND.match(behind):
        return found[0]
    found = None if _BETWEEN_TWO.search(before) else _APART_BEFORE.search(before)
    return found[0] if found else ""


def _begins(before: str) -> bool:
    return not before or before[-1].isspace() or before[-1] in "(\"'["


def _says_amount(before: str, behind: str, number: str) -> bool:
    if not _GOES_ON.match(behind):
        return False
    if _PHRASE.search(before):
        # `Pay 50 for invoice 7` says how much, `the limit is 5 per page` does not.
        return not (
            _CLAIMS.match(behind) or (_YEAR.fullmatch(number) and _OF_A_YEAR.search(before))
        )
    moved = _MOVED.search(before)
    if moved is None or _THINGS.search(_SENTENCE_END.split(behind, maxsplit=1)[0]):
        return False
    filled = moved["filled"]
    return bool(_TO_PERSON.search(filled) or _UP_TO.search(filled) or _TO_SOMEBODY.match(behind))
