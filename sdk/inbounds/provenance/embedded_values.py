"""Addresses, accounts, URLs and paths that stand within a text, as the keys of `values`."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from inbounds.canonical.formats import InvalidFormat, normalize

from .values import ACCOUNT, LONGEST_TYPED, MAIL, PHONE, WRITTEN_PHONE, keys_of_kind

if TYPE_CHECKING:
    from collections.abc import Iterator
_BEFORE_AT = re.compile(r"[A-Za-z0-9._+-]{1,64}\Z")
_AFTER_AT = re.compile(r"[\w-]+(?:\.[\w-]+){1,9}")
_OPENING = '<>()[],;:"\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300e'
_AROUND = "'`*_/|={~\u2018\u2019\u201a"
_MOST_AROUND = 8
_PLAIN_LOCAL = re.compile(r"(?!-)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_PLAIN_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?\.){1,8}[a-z]{2,20}")
_SCHEME = re.compile(r"(?:https?|wss?)\Z", re.IGNORECASE)
_AFTER_SCHEME = re.compile(r"""://[^\s<>"'`\x00]{1,2048}""")
# What begins with one class of characters is searched for many times as fast as what begins with a
# look behind: that comes after the first character here.
_COMPACT_ACCOUNT = re.compile(
    r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z][0-9]{2}[A-Z0-9]{8,30}(?![A-Za-z0-9])"
)
_GROUPED_ACCOUNT = re.compile(
    r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z][0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?"
    r"(?![A-Za-z0-9])"
)
_PATH = re.compile(r"(?<![\w./~:-])[~/]?[\w.-]*(?:/[\w.-]+)+/?")
_END_OF_URL = ".,;:!?*_)]}"
_DIGITS = re.compile(r"[0-9]+")
_WORD = re.compile(r" ?[^\W\d_]| [0-9]")
_COUNTED = re.compile(
    r"[%€$£°]|[:.,'][0-9]| (?:or|to|and) [0-9]"
    r"| ?(?:(?!(?:as|is|his|its|this|thus|us|was|yes|thanks|unless|always|perhaps)\b)[a-z]+s|min|h"
    r"|am|pm|people|percent|euro?)\b"
)
"""What stands behind digits that count something, or are a time."""
_SHORTEST_PHONE = 8
_MOST_OF_COUNT = 3
_LONGEST_IN_PAIRS = 12


def paths(word: str) -> Iterator[str]:
    """Yield the keys of the paths in a word."""
    for found in _PATH.finditer(word):
        path = found.group()
        if len(path) <= LONGEST_TYPED:
            yield from keys_of_kind("path", path)
            if path.endswith("."):
                yield from keys_of_kind("path", path.rstrip("."))


def phones_in(text: str) -> Iterator[str]:
    """Yield the keys of the telephone numbers in a text."""
    for found in WRITTEN_PHONE.finditer(text):
        yield PHONE + "+" + "".join(_DIGITS.findall(without_count(text, *found.span())))


def without_count(text: str, start: int, end: int) -> str:
    """Return a telephone number that stands in a text, without what counts the word behind it.

    In `+43 1 234567 10 minutes`, nothing else tells that 10 is not of the number. Digits behind a
    blank are of it if no word follows, or if they are grouped as those before them.
    """
    is_counted = _COUNTED.match(text, end) is not None
    while is_counted or _WORD.match(text, end):
        before, _, last = text[start:end].rpartition(" ")
        groups = _DIGITS.findall(before)
        digits, size = len("".join(groups)), len("".join(_DIGITS.findall(last)))
        if digits < _SHORTEST_PHONE:
            break
        is_alike = size == len(groups[-1]) and digits + size <= _LONGEST_IN_PAIRS
        if last.isdecimal() and not is_counted and (is_alike or size > _MOST_OF_COUNT):
            break
        end = start + len(before.rstrip(" ().-"))
        # `10 000 people`
        is_counted = size == _MOST_OF_COUNT
        if not is_counted:
            break
    return text[start:end]


def accounts_in(text: str) -> Iterator[str]:
    """Yield the keys of the accounts in a text."""
    for found in _COMPACT_ACCOUNT.finditer(text):
        yield ACCOUNT + found.group()
    for found in _GROUPED_ACCOUNT.finditer(text):
        yield from _accounts(found.group())


def mails(text: str) -> Iterator[str]:
    """Yield the keys of the addresses in a text."""
    at = text.find("@")
    while at >= 0:
        before = _BEFORE_AT.search(text, max(0, at - 65), at)
        after = _AFTER_AT.match(text, at + 1, at + 256)
        if before and after:
            local = before.group()
            whole = _begins(text, before.start()) and _ends(text, after.end())
            if whole and len(local) <= 64:
                # What a list begins a line with.
                yield from _mail(local.lstrip("-"), after.group())
        at = text.find("@", at + 1)


def _begins(text: str, start: int) -> bool:
    """Whether an address begins there, and is not the end of a longer one."""
    # Some characters may stand within an address as well as around one.
    around = start
    while around and start - around < _MOST_AROUND and text[around - 1] in _AROUND:
        around -= 1
    return around == 0 or text[around - 1].isspace() or text[around - 1] in _OPENING


def _ends(text: str, end: int) -> bool:
    """Whether an address ends there, and is not the beginning of a longer one."""
    if end == len(text) or text[end].isspace():
        return True
    if text[end] == ".":
        return end + 1 == len(text) or not (text[end + 1].isalnum() or text[end + 1] in "-_")
    return text[end] != "@" and unicodedata.category(text[end])[0] not in "LMNC"


def _mail(local: str, domain: str) -> Iterator[str]:
    if _PLAIN_LOCAL.fullmatch(local) and _PLAIN_DOMAIN.fullmatch(domain) and "xn--" not in domain:
        # What the URL library makes of these as well, in a tenth of the time.
        yield f"{MAIL}{local}@{domain}"
    else:
        yield from keys_of_kind("email", f"{local}@{domain}")


def urls(text: str) -> Iterator[str]:
    """Yield the keys of the URLs in a text."""
    for url in written_urls(text):
        yield from keys_of_kind("url", url)


def written_urls(text: str) -> Iterator[str]:
    """The URLs of the schemes that arguments may have, as they stand in a text."""
    at = text.find("://")
    while at >= 0:
        scheme = _SCHEME.search(text, max(0, at - 5), at)
        after = _AFTER_SCHEME.match(text, at)
        if scheme and after:
            yield scheme.group() + _without_end(after.group())
        at = text.find("://", at + 3)


def _without_end(url: str) -> str:
    """Leave out what ends the sentence rather than the URL."""
    while url and url[-1] in _END_OF_URL:
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url


def _accounts(grouped: str) -> Iterator[str]:
    """An account number in groups; the words after it may look like groups of it."""
    groups = grouped.split(" ")
    for count in range(len(groups), 2, -1):
        try:
            yield ACCOUNT + normalize("iban", "".join(groups[:count]))[0]
        except InvalidFormat:
            continue
        return
    yield ACCOUNT + "".join(groups)
