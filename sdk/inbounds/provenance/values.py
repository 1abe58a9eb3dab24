"""Values under keys that are equal where the values are, whatever they were written like.

A key is a family, such as `e:` for an e-mail address, and the canonical value. What two
spellings of one thing have in common is what `inbounds.canonical.formats` says; look-alikes of
another alphabet are other values.
"""

from __future__ import annotations

import html
import re
import unicodedata
from hashlib import blake2b
from math import isfinite
from typing import TYPE_CHECKING
from urllib.parse import unquote

from inbounds.canonical.formats import InvalidFormat, normalize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inbounds.model.question import Kind

MAIL, URL, HOST, ACCOUNT, PHONE = "e:", "u:", "h:", "a:", "t:"
PATH, DATE, NUMBER, TEXT, LONG = "p:", "d:", "n:", "s:", "l:"

FAMILIES: dict[Kind, str] = {
    "email": MAIL,
    "url": URL,
    "host": HOST,
    "iban": ACCOUNT,
    "phone": PHONE,
    "path": PATH,
    "date": DATE,
}
"""The family that the canonical form of a kind belongs to."""

LONGEST_TYPED = 2048
"""Text longer than this is not an address, path or number, and only ever equal as a whole."""

_LONGEST_KEY = 200
_DIGEST = 16
_SIGNS_OF = 8192
_MOST_SIGNS = 100
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_NO_SIGN = re.compile(r"[^a-z0-9]+")
_LONGEST_WITH_BLANKS = 320
_ACCOUNT = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
WRITTEN_PHONE = re.compile(r"\+(?<![\w+]\+)[0-9](?:(?!\. )[ ().-]{0,2}[0-9]){5,14}(?![0-9])")
_DIGIT = re.compile(r"[0-9]")
_BEGINS_ACCOUNT = re.compile(r"[A-Z][A-Z][0-9][0-9]")
NUMBERS = re.compile(r"[0-9](?:[0-9.,]{0,40}[0-9])?")
"""Where a number may stand in a text; whether it is one, `stands_alone` says."""
BLANKS = " \u00a0\u2007\u2009\u202f"
"""The spaces that stand within a number, or between it and its currency, for a class of `re`."""
_GROUPED = (
    rf"(?<![0-9.,])(?<![0-9]['\u2019])[1-9][0-9]{{0,2}}(?:(['\u2019{BLANKS}])[0-9]{{3}})(?:\1[0-9]{{3}}){{0,5}}"
    r"(?:[.,][0-9]{1,2})?(?![0-9]|[.,'\u2019][0-9])"
)
_GROUPED_OR_PLAIN = re.compile(f"{_GROUPED}|{NUMBERS.pattern}")
_NO_GROUPING = re.compile(rf"['\u2019{BLANKS}]")
_GROUPS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_CONTINENTAL = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+")
_PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_COMMA_NUMBER = re.compile(r"[0-9]+,[0-9]{1,2}")
_SIGNED = re.compile(r"[+-]?[0-9][0-9.,]*")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_NAMED_MAIL = re.compile(
    r"(?:\"[^\"@\\\x00-\x1f\x7f]{0,200}\"|[^<>@,;:\"\\\x00-\x1f\x7f]{0,200}) ?<([^<>\s]{3,320})>"
)
_CURRENCY = re.compile(r"(?<![A-Za-z])[A-Z]{3}\Z")


def nfc(text: str) -> str:
    """Text in the one form that canonical arguments have."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def text_key(text: str) -> str:
    """The key of a whole text. A long one is known by its hash, and not kept."""
    text = nfc(text)
    if len(text) <= _LONGEST_KEY:
        return TEXT + text
    return f"{LONG}{_digest(text)}{signs_of(text)}"


def signs_of(text: str) -> str:
    """The letters and digits of a text: what its spellings have in common.

    Case, width, spaces, separators, entities and escapes do not matter, nor do the noughts
    before a number. Of a long one it is a digest, of what it begins with.
    """
    plain = plain_of(text[:_SIGNS_OF])
    if plain.isascii():
        signs = _NO_SIGN.sub("", plain.lower())
    else:
        folded = unicodedata.normalize("NFKC", plain.casefold())
        signs = "".join(sign for sign in folded if sign.isalnum())
    if len(signs) > _MOST_SIGNS:
        return _digest(signs)
    return signs.lstrip("0") or "0" if signs.isdecimal() else signs


def signs_of_long(key: str) -> str:
    """What `signs_of` says of the text that a key of the family `LONG` is of."""
    return key[len(LONG) + 2 * _DIGEST :]


def plain_of(text: str) -> str:
    """A text without what only one program's form of it has: entities, escapes, wide characters."""
    if "&" in text:
        text = html.unescape(text)
    if "%" in text:
        text = unquote(text)
    return text if text.isascii() else _UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()


def number_key(value: float) -> str:
    """The key of a number: 10 and 10.0 have one."""
    if isinstance(value, float):
        if not isfinite(value):
            return TEXT + str(value)
        if not value.is_integer():
            written = repr(value)
            return NUMBER + (written if "e" not in written else format(value, ".15f").rstrip("0"))
        value = int(value)
    if value.bit_length() > 256:
        return f"{NUMBER}{value:x}"
    return f"{NUMBER}{value}"


def numbers_in(text: str) -> Iterator[re.Match[str]]:
    """Find where numbers may stand in a text; the groups of `1 200` or `1'200` are one.

    The first group of a match is what stands between them. Nothing of such a number is one.
    """
    return _GROUPED_OR_PLAIN.finditer(text)


def written_number(text: str) -> str | None:
    """The key of a number that is written as `1200`, `1,200.00`, `1.200,00`, `1 200` or `10,50`.

    None for what is not a number, or two: `1.200` is a thousandfold of itself somewhere else.
    """
    if text.isdecimal() and text.isascii():
        return NUMBER + (text.lstrip("0") or "0")
    sign = "-" if text.startswith("-") else ""
    text = text.lstrip("+-")
    if re.fullmatch(_GROUPED, text):
        text = _NO_GROUPING.sub("", text).replace(",", ".")
    if _GROUPS.fullmatch(text):
        text = text.replace(",", "")
    elif _CONTINENTAL.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif _COMMA_NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    elif _AMBIGUOUS.fullmatch(text) or not _PLAIN_NUMBER.fullmatch(text):
        return None
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    whole = whole.lstrip("0") or "0"
    if whole == "0" and not part:
        sign = ""
    return f"{NUMBER}{sign}{whole}{'.' if part else ''}{part}"


def typed(text: str) -> Iterator[str]:
    """The keys of a text that is, as a whole, an address, a number, a date or the like."""
    if not text or len(text) > LONGEST_TYPED or "\n" in text:
        return
    if len(text) > _LONGEST_WITH_BLANKS and " " in text:
        return
    if "@" in text:
        yield from keys_of_kind("email", text)
        named = _NAMED_MAIL.fullmatch(text)
        if named:
            yield from keys_of_kind("email", named.group(1))
    elif "://" in text:
        yield from keys_of_kind("url", text)
    elif "/" in text:
        yield from keys_of_kind("path", text)
    elif "." in text and _HOST.fullmatch(text):
        yield from keys_of_kind("host", text)
    yield from _typed_digits(text, text[0])


def own_keys(text: str) -> list[str]:
    """The keys of a text whose canonical form is the text: it *is* that value, and no other.

    Readers differ on what another spelling is, and on which of two addresses in one text counts;
    whoever gets the text gets it as it stands. The domain of an address is in lower case, and a
    date in one form of ISO 8601, however they are written.
    """
    return [text_key(text), *(key for key in typed(text) if _is_of(key, text))]


def _is_of(key: str, text: str) -> bool:
    family, value = key[:2], key[2:]
    if family == DATE:
        return True
    if family == MAIL:
        local, _, domain = value.rpartition("@")
        return text.startswith(f"{local}@") and text[len(local) + 1 :].lower() == domain
    return family != NUMBER and value == text


def _typed_digits(text: str, first: str) -> Iterator[str]:
    if "A" <= first <= "Z" and _ACCOUNT.fullmatch(text.replace(" ", "")):
        yield ACCOUNT + text.replace(" ", "")
    if first == "+" and WRITTEN_PHONE.fullmatch(text):
        yield PHONE + re.sub(r"[ ().-]", "", text)
    if first.isdecimal() or first in "+-":
        if _SIGNED.fullmatch(text):
            number = written_number(text)
            if number is not None:
                yield number
        yield from _dates(text, whole=True)


def embedded(text: str) -> Iterator[str]:
    """The keys of what stands within a text: addresses, accounts, phones, paths and numbers."""
    if "@" in text:
        from inbounds.provenance.embedded_values import mails

        yield from mails(text)
    if "://" in text:
        from inbounds.provenance.embedded_values import urls

        yield from urls(text)
    if "/" in text:
        from inbounds.provenance.embedded_values import paths

        for word in text.split():
            if "/" in word and "://" not in word:
                yield from paths(word)
    yield from _numeric(text)


def _numeric(text: str) -> Iterator[str]:
    if not _DIGIT.search(text):
        return
    if "+" in text or _BEGINS_ACCOUNT.search(text):
        from inbounds.provenance.embedded_values import accounts_in, phones_in

        yield from phones_in(text)
        yield from accounts_in(text)
    yield from _plain_numbers(text)
    yield from _dates(text)


def _dates(text: str, *, whole: bool = False) -> Iterator[str]:
    if "-" not in text:
        return
    from inbounds.provenance.dates import written_dates

    for date in written_dates(text, whole=whole):
        yield DATE + date


def _plain_numbers(text: str) -> Iterator[str]:
    for number in numbers_in(text):
        # What stands apart by a plain blank may be two numbers as well.
        apart = NUMBERS.finditer(text, *number.span()) if number[1] == " " else (number,)
        for found in apart:
            if stands_alone(text, found.start(), found.end()):
                key = written_number(found.group())
                if key is not None:
                    yield key


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the digits are a number, and no part of a date, a name or another thing."""
    if start:
        before = text[start - 1]
        if before.isalnum():
            if not _CURRENCY.search(text, max(0, start - 4), start):
                return False
        elif before in "-#@_/" or (before in ":.+=&%," and start > 1 and text[start - 2].isalnum()):
            return False
    if end < len(text):
        after = text[end]
        if after.isalnum() or after in "%_@#":
            return False
        if after in "-/:.," and end + 1 < len(text) and text[end + 1].isalnum():
            return False
    return True


def keys_of_kind(kind: Kind, text: str) -> Iterator[str]:
    """Yield the key of a text as a value of a kind, if it is one."""
    try:
        yield FAMILIES[kind] + normalize(kind, text)[0]
    except (InvalidFormat, UnicodeError):
        return
