"""What all spellings of one value have in common, to know an echo by: coarser than its key.

Two values under one key are equal. An echo is told by less, since a tool may put what it was
given in another form before it gives it back: in lower case, without spaces, as another kind of
number. What is taken for an echo by mistake is asked about once more; what is not taken for
one would be trusted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .values import (
    DATE,
    HOST,
    LONG,
    MAIL,
    NUMBER,
    PHONE,
    TEXT,
    URL,
    number_key,
    plain_of,
    signs_of,
    signs_of_long,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SAME_NUMBER = 9
"""So many last digits tell a telephone, however much of its prefix was written."""
_NO_SMALL_NUMBER = 7
"""A number of so many digits may be an id, an account or a telephone as well."""
LONGEST_AMOUNT = 64

_CURRENCY = r"(?:[A-Z]{3}|[Rr]s|[Kk]r)?"
_AMOUNT = re.compile(
    rf"\W{{0,4}}{_CURRENCY}\W{{0,4}}([0-9](?:[0-9.,'_\s\u2019]{{0,40}}[0-9])?)"
    rf"\W{{0,4}}{_CURRENCY}\W{{0,4}}"
)
_SCIENTIFIC = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?[eE][+-]?[0-9]{1,2}")
_DIGIT = re.compile(r"[0-9]")
NOT_A_DIGIT = re.compile(r"[^0-9]+")
PHONE_AS_WRITTEN = re.compile(
    r"(?<![\w.])(?:\+|\(|0)[0-9(]?(?:[\s()./\u2010-\u2015-]{0,3}[0-9]){7,17}"
)


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
            yield from amount_keys(plain)
            if PHONE_AS_WRITTEN.fullmatch(plain):
                yield PHONE + NOT_A_DIGIT.sub("", plain)[-SAME_NUMBER:]
        if family == PHONE and len(signs) >= SAME_NUMBER:
            yield PHONE + signs[-SAME_NUMBER:]


def hosts_of(key: str) -> Iterator[str]:
    """What the host of an address, a URL or a host has in common with its other spellings."""
    family, value = key[:2], key[2:]
    if family == MAIL:
        yield HOST + signs_of(value.rpartition("@")[2])
    elif family == URL:
        yield HOST + signs_of(_of_no_scheme(value).partition("/")[0])
    elif family == HOST:
        yield HOST + signs_of(value)


def _of_no_scheme(url: str) -> str:
    return url.partition("://")[2] or url


def amount_keys(text: str) -> Iterator[str]:
    """The numbers that a text is as a whole, perhaps with its currency."""
    if len(text) > LONGEST_AMOUNT or not _DIGIT.search(text):
        return
    whole = _AMOUNT.fullmatch(text)
    if whole:
        yield from read_as_numbers(whole.group(1))
    if _SCIENTIFIC.fullmatch(text):
        yield number_key(float(text))


def read_as_numbers(written: str) -> Iterator[str]:
    """Both readings of a number: all its digits, and with those behind its last separator apart."""
    yield NUMBER + (NOT_A_DIGIT.sub("", written).lstrip("0") or "0")
    last = max(written.rfind("."), written.rfind(","))
    if last >= 0:
        whole = NOT_A_DIGIT.sub("", written[:last]).lstrip("0") or "0"
        part = NOT_A_DIGIT.sub("", written[last:]).rstrip("0")
        yield f"{NUMBER}{whole}.{part}".removesuffix(".")
