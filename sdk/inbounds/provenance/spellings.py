"""What all spellings of one value have in common, to know an echo by: coarser than its key.

Two values under one key are equal. An echo is told by less, since a tool may put what it was
given in another form before it gives it back: in lower case, without spaces, as another kind of
number. What is taken for an echo by mistake is asked about once more; what is not taken for
one would be trusted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inbounds.canonical.formats import InvalidFormat, normalize

from .link_marks import may_link
from .values import (
    ACCOUNT,
    DATE,
    HOST,
    LONG,
    MAIL,
    NUMBER,
    NUMBERS,
    PHONE,
    TEXT,
    URL,
    embedded,
    number_key,
    plain_of,
    signs_of,
    signs_of_long,
    stands_alone,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAME_NUMBER = 9
"""So many last digits tell a telephone, however much of its prefix was written."""
_NO_SMALL_NUMBER = 7
"""A number of so many digits may be an id, an account or a telephone as well."""
_LONGEST_AMOUNT = 64

_GROUPED = re.compile(
    "[0-9]{1,3}(?:['_\u2019\u00a0\u202f ][0-9]{3}){1,6}(?:[.,][0-9]{1,9})?(?![0-9])"
)
_CURRENCY = r"(?:[A-Z]{3}|[Rr]s|[Kk]r)?"
_AMOUNT = re.compile(
    rf"\W{{0,4}}{_CURRENCY}\W{{0,4}}([0-9](?:[0-9.,'_\s\u2019]{{0,40}}[0-9])?)\W{{0,4}}{_CURRENCY}\W{{0,4}}"
)
_SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?[eE][+-]?[0-9]{1,2}")
_DIGIT = re.compile(r"[0-9]")
_NOT_A_DIGIT = re.compile(r"[^0-9]+")
_ACCOUNT = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=iban))[a-z]{2}[0-9]{2}(?:[\s._\u2010-\u2015-]{0,2}[a-z0-9]){11,30}",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"[A-Za-z0-9._+-]{1,64}@[^\W_](?:[^\W_]|-){0,62}(?:\.[^\W_](?:[^\W_]|-){0,62}){1,9}"
)
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[A-Za-z0-9])")
_PHONE = re.compile(r"(?<![\w.])(?:\+|\(|0)[0-9(]?(?:[\s()./\u2010-\u2015-]{0,3}[0-9]){7,17}")


def spellings_of(key: str) -> Iterator[str]:
    """What a value has in common with the same value in another spelling.

    Args:
        key: Its key, as `values` makes it.
    """
    family, value = key[:2], key[2:]
    if family == NUMBER:
        value = value.lstrip("-")
        yield NUMBER + value
        if "." not in value and len(value) >= _NO_SMALL_NUMBER:
            yield value
    elif family == DATE:
        yield DATE + value.removesuffix("Z").removesuffix("T00:00")
    elif family == LONG:
        yield signs_of_long(key)
    else:
        signs = signs_of(_of_no_scheme(value) if family == URL else value)
        # What has no letter or digit is told as it stands: else all of that would be one value.
        yield signs or TEXT + "".join(plain_of(value.casefold()).split())
        if family == TEXT and not value.isdecimal():
            plain = plain_of(value)
            yield from _amount(plain)
            if _PHONE.fullmatch(plain):
                yield PHONE + _NOT_A_DIGIT.sub("", plain)[-_SAME_NUMBER:]
        if family == PHONE and len(signs) >= _SAME_NUMBER:
            yield PHONE + signs[-_SAME_NUMBER:]


def hosts_of(key: str) -> Iterator[str]:
    """What the host of an address, a URL or a host has in common with its other spellings."""
    family, value = key[:2], key[2:]
    if family == MAIL:
        yield HOST + signs_of(value.rpartition("@")[2])
    elif family == URL:
        yield HOST + signs_of(_of_no_scheme(value).partition("/")[0])
    elif family == HOST:
        yield HOST + signs_of(value)


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
    for found in _PHONE.finditer(plain):
        yield PHONE + _NOT_A_DIGIT.sub("", found.group())
    if not may_link(plain):
        return
    from .links import BARE, CALL, MAILTO, links_of

    for url, host in links_of(plain, markup=False):
        if url.startswith(BARE):
            yield f"{URL}https://{host}/"
        elif url and not url.startswith((MAILTO, CALL)):
            yield URL + url


def _of_no_scheme(url: str) -> str:
    return url.partition("://")[2] or url


def _numbers(text: str) -> Iterator[str]:
    for pattern in (NUMBERS, _GROUPED):
        for found in pattern.finditer(text):
            if stands_alone(text, found.start(), found.end()):
                yield from _read_as_numbers(found.group())
    yield from _amount(text)


def _amount(text: str) -> Iterator[str]:
    """The numbers that a text is as a whole, perhaps with its currency."""
    if len(text) > _LONGEST_AMOUNT or not _DIGIT.search(text):
        return
    whole = _AMOUNT.fullmatch(text)
    if whole:
        yield from _read_as_numbers(whole.group(1))
    if _SCIENTIFIC.fullmatch(text):
        yield number_key(float(text))


def _read_as_numbers(written: str) -> Iterator[str]:
    """Both readings of a number: all its digits, and with those behind its last separator apart."""
    yield NUMBER + (_NOT_A_DIGIT.sub("", written).lstrip("0") or "0")
    last = max(written.rfind("."), written.rfind(","))
    if last >= 0:
        whole = _NOT_A_DIGIT.sub("", written[:last]).lstrip("0") or "0"
        part = _NOT_A_DIGIT.sub("", written[last:]).rstrip("0")
        yield f"{NUMBER}{whole}.{part}".removesuffix(".")


def _dates(text: str) -> Iterator[str]:
    if _DIGIT.search(text) and not text.isdecimal():
        from .dates import spoken_dates

        for date in spoken_dates(text):
            yield DATE + date
    if len(text) > _LONGEST_AMOUNT:
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
