"""The one form in which values are compared wherever that restricts a call.

Whether a value is ruled out, excluded, kept, paid or changed is told by less than its key: the user
or a listing may spell it in another way than the call does. What is taken for the same by mistake
is asked about once more; what is not taken for the same would pass. What vouches for a value goes
by its key alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from .spellings import NOT_A_DIGIT, PHONE_AS_WRITTEN, SAME_NUMBER
from .values import (
    ACCOUNT,
    DATE,
    HOST,
    LONG,
    MAIL,
    NUMBER,
    PATH,
    PHONE,
    TEXT,
    URL,
    embedded,
    plain_of,
    signs_of_long,
    typed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WORD = "w:"
"""The family of the words of a text that hold a digit, such as the id behind a noun."""
_VALUES = (MAIL, URL, HOST, ACCOUNT, PHONE, PATH)
_WITHIN = (MAIL, URL, ACCOUNT, PHONE)
_DIGIT = re.compile(r"[0-9]")
_MAY_HOLD = re.compile(r"@|://|(?:[0-9][^0-9]*){6}")
_NO_SIGN = re.compile(r"[\W_]+")
_DECIMAL = re.compile(r"([0-9]+)(?:\.0+)?")
_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
_ACCOUNT = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ .\u2010-\u2015-]?[A-Za-z0-9]){8,30}(?![A-Za-z0-9])"
)
_AUTHORITY = re.compile(r"\A(?:[^/@]*@)?(?:www\.)?([^/:]*)(?::[0-9]*)?")
_HOST_FIRST = re.compile(r"(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}/")
_POINT_KEPT = "\x00"


def coarse_forms(keys: Iterable[str]) -> set[str]:
    """Return what values have in common with all their other spellings.

    Args:
        keys: Those of the values, as `values` makes them.
    """
    return {form for key in keys for form in _forms_of(key)}


@lru_cache(maxsize=1024)
def _forms_of(key: str) -> frozenset[str]:
    """Return the forms of one value: several questions of a call are about the same."""
    is_plain = key.startswith(TEXT) and "@" not in key and "://" not in key
    words = words_of(key[len(TEXT) :]) if is_plain else ()
    return frozenset((*map(form_of, values_of(key)), *words))


def values_of(key: str) -> Iterator[str]:
    """Yield a key, and those of the addresses and accounts that a text is, or holds."""
    yield key
    if not key.startswith(TEXT):
        return
    text = plain_of(key[len(TEXT) :]).strip().rstrip(".")
    yield from (each for each in typed(text.replace("\\", "/")) if each.startswith(_VALUES))
    if _HOST_FIRST.match(text):
        yield URL + text
    if _MAY_HOLD.search(text):
        yield from (each for each in embedded(text) if each.startswith(_WITHIN))
        yield from accounts_in(text)
    if PHONE_AS_WRITTEN.fullmatch(text):
        yield PHONE + text


def accounts_in(text: str) -> Iterator[str]:
    """Yield the keys of the accounts in a text, in any case and grouped by anything."""
    from inbounds.canonical.formats import InvalidFormat, normalize

    for found in _ACCOUNT.finditer(text):
        compact = _NO_SIGN.sub("", found.group()).upper()
        # The words behind it may look like groups of it.
        for end in range(len(compact), 14, -1):
            try:
                yield ACCOUNT + normalize("iban", compact[:end])[0]
            except InvalidFormat:
                continue
            break
        else:
            yield ACCOUNT + compact


def words_of(text: str) -> Iterator[str]:
    """Yield the forms of the words of a text that hold a digit: `order #1234.` is `1234`."""
    for word in plain_of(text).split():
        if _DIGIT.search(word):
            yield WORD + _signs(word)


def form_of(key: str) -> str:
    """Return the one form of a value that is of this key's family."""
    family, value = key[:2], key[2:]
    if family == LONG:
        return LONG + signs_of_long(key)
    if family == DATE:
        return DATE + value.removesuffix("Z").removesuffix("T00:00")
    if family == NUMBER:
        return key
    value = plain_of(value).casefold()
    if family == PHONE:
        value = NOT_A_DIGIT.sub("", value)[-SAME_NUMBER:]
    elif family == URL:
        rest = re.split(r"[?#]", value.partition("://")[2] or value, maxsplit=1)[0]
        value = _AUTHORITY.sub(r"\1", rest, count=1).rstrip("/")
    elif family == PATH:
        value = value.rstrip("/")
    elif family in (ACCOUNT, TEXT):
        # A point within an address tells two people apart.
        value = ("@" not in value and _signs(value)) or "".join(value.split())
    return family + value


def _signs(text: str) -> str:
    """Return the letters and digits of a text, and the points between its digits."""
    apart = _POINT_KEPT.join(_NO_SIGN.sub("", part) for part in _POINT.split(text.casefold()))
    signs = apart.replace(_POINT_KEPT, ".")
    whole = _DECIMAL.fullmatch(signs)
    return (whole[1].lstrip("0") or "0") if whole else signs
