"""What a text may be taken for by whoever is less exact than an index of values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inbounds.canonical.formats import InvalidFormat, normalize

from .link_marks import may_link
from .spellings import LONGEST_AMOUNT, NOT_A_DIGIT, PHONE_AS_WRITTEN, amount_keys, read_as_numbers
from .values import (
    ACCOUNT,
    DATE,
    MAIL,
    NUMBERS,
    PHONE,
    URL,
    embedded,
    plain_of,
    stands_alone,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
_GROUPED = re.compile(
    "[0-9]{1,3}(?:['_\u2019\u00a0\u202f ][0-9]{3}){1,6}(?:[.,][0-9]{1,9})?(?![0-9])"
)
_ACCOUNT = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=iban))[a-z]{2}[0-9]{2}(?:[\s._\u2010-\u2015-]{0,2}[a-z0-9]){11,30}",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"[A-Za-z0-9._+-]{1,64}@[^\W_](?:[^\W_]|-){0,62}(?:\.[^\W_](?:[^\W_]|-){0,62}){1,9}"
)
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[A-Za-z0-9])")
_DIGIT = re.compile(r"[0-9]")


def readings(text: str) -> Iterator[str]:
    """The keys of what a text may be taken for by whoever is less exact than an index.

    Addresses whatever stands beside them, of numbers both readings of `1.200`, of telephones
    those without a country, of accounts those in lower case or with dots, of links those without
    a scheme, dates as people write them.
    """
    plain = plain_of(text)
    if plain != text:
        yield from typed(plain)
        yield from embedded(plain)
    for each in {text, plain, _ESCAPE.sub(" ", plain)}:
        for found in _MAIL.finditer(each):
            yield MAIL + found.group()
    yield from _numbers(plain)
    yield from _dates(plain)
    for found in _ACCOUNT.finditer(plain):
        yield from _accounts(found.group())
    for found in PHONE_AS_WRITTEN.finditer(plain):
        yield PHONE + NOT_A_DIGIT.sub("", found.group())
    if not may_link(plain):
        return
    from .links import BARE, CALL, MAILTO, links_of

    for url, host in links_of(plain, markup=False):
        if url.startswith(BARE):
            yield f"{URL}https://{host}/"
        elif url and not url.startswith((MAILTO, CALL)):
            yield URL + url


def _numbers(text: str) -> Iterator[str]:
    for pattern in (NUMBERS, _GROUPED):
        for found in pattern.finditer(text):
            if stands_alone(text, found.start(), found.end()):
                yield from read_as_numbers(found.group())
    yield from amount_keys(text)


def _dates(text: str) -> Iterator[str]:
    if _DIGIT.search(text) and not text.isdecimal():
        from .dates import spoken_dates

        for date in spoken_dates(text):
            yield DATE + date
    if len(text) > LONGEST_AMOUNT:
        return
    try:
        date = normalize("date", text.strip())[0]
        if "T" in date:
            from .dates import moment

            date = moment(date)
        yield DATE + date
    except (InvalidFormat, ValueError, OverflowError):
        return


def _accounts(written: str) -> Iterator[str]:
    """An account number; the words after it may look like the rest of one."""
    signs = "".join(filter(str.isalnum, written)).upper()
    yield ACCOUNT + signs
    for length in range(15, len(signs)):
        try:
            yield ACCOUNT + normalize("iban", signs[:length])[0]
        except InvalidFormat:
            continue
