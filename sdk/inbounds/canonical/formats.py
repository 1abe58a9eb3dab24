"""The kinds of argument: how one value is taken apart and put in its one form.

A kind exists where two spellings of one thing could be judged differently. `normalize` gives the
one spelling, which is what the policy judges and what the tool receives. `addresses` has the kinds
that name a host.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from inbounds.model.question import Kind, LocalPart, Parsed

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=/)|[A-Za-z]:")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")
_DATE_ONLY = re.compile(r"[0-9]{4}-?(?:[0-9]{2}-?[0-9]{2}|W[0-9]{2}(?:-?[1-7])?)")


class InvalidFormat(ValueError):
    """A value that its kind does not admit. Names the fault, never the value."""


def normalize(kind: Kind, value: Any, *, local_part: LocalPart = "plain") -> tuple[Any, Parsed]:
    """Put one value in the canonical form of its kind.

    Args:
        kind: The registry's kind of the argument; not `none`.
        value: A plain JSON value, as the caller gave it.
        local_part: The characters that the local part of an address may have.

    Returns:
        The canonical value, and the same value taken apart. A second call changes nothing.

    Raises:
        InvalidFormat: The value has another type, or cannot be read as its kind.
    """
    form = _FORMS.get(kind)
    if form is not None:
        return form(value)
    # Imported here: most agents have no argument of these kinds.
    from inbounds.canonical.addresses import ADDRESSES, email

    return email(value, local_part) if kind == "email" else ADDRESSES[kind](value)


def text_of(value: Any) -> str:
    """Return a value that is text; refuse any other."""
    if type(value) is not str:
        raise InvalidFormat("is not text")
    return value


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _path(value: Any) -> tuple[str, Parsed]:
    text = _nfc(text_of(value))
    if not text:
        raise InvalidFormat("is an empty path")
    if _CONTROL.search(text):
        raise InvalidFormat("is a path with a control character")
    if "\\" in text or _SCHEME.match(text):
        # A name on one system and a separator, a drive or a URL on another.
        raise InvalidFormat("is a path with a backslash, a drive or the scheme of a URL")

    depth = 0
    for segment in text.split("/"):
        depth += segment not in ("", ".", "..")
        depth -= segment == ".."
        if depth < 0:
            raise InvalidFormat("is a path that leaves the folder it starts from")
    path = posixpath.normpath(text)
    # Exactly two leading slashes may mean something else to POSIX; here they mean one.
    return path[1:] if path.startswith("//") else path, _PLAIN["path"]


def _iban(value: Any) -> tuple[str, Parsed]:
    text = text_of(value).replace(" ", "").upper()
    if not _IBAN.fullmatch(text):
        raise InvalidFormat("is not an IBAN")
    number = int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4]))
    # ISO 13616: 02 to 98; others would be a second spelling of the same remainder.
    if number % 97 != 1 or not 2 <= int(text[2:4]) <= 98:
        raise InvalidFormat("is an IBAN with wrong check digits")
    return text, _PLAIN["iban"]


def _phone(value: Any) -> tuple[str, Parsed]:
    text = re.sub(r"[ .-]", "", text_of(value))
    if not _PHONE.fullmatch(text):
        raise InvalidFormat("is not a number in E.164: `+`, country code and digits")
    return text, _PLAIN["phone"]


def _date(value: Any) -> tuple[str, Parsed]:
    text = text_of(value)
    try:
        if _DATE_ONLY.fullmatch(text):
            return date.fromisoformat(text).isoformat(), _PLAIN["date"]
        moment = datetime.fromisoformat(text.encode("ascii").decode())
        in_utc = moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        raise InvalidFormat("is not a date or time in ISO 8601") from None
    if in_utc is None:
        raise InvalidFormat("is a time without an offset from UTC")
    return f"{in_utc.replace(tzinfo=None).isoformat()}Z", _PLAIN["date"]


def _money(value: Any) -> tuple[int, Parsed]:
    if type(value) is not int:
        raise InvalidFormat("is not an amount in whole minor units")
    return value, _PLAIN["money"]


def _id(value: Any) -> tuple[Any, Parsed]:
    if type(value) is int:
        return value, _PLAIN["id"]
    text = _nfc(text_of(value))
    if _CONTROL.search(text) or text != text.strip():
        raise InvalidFormat("is an id with a control character, or spaces around it")
    return text, _PLAIN["id"]


def _free_text(value: Any) -> tuple[str, Parsed]:
    return _nfc(text_of(value)), _PLAIN["text"]


_FORMS: dict[str, Callable[[Any], tuple[Any, Parsed]]] = {
    "path": _path,
    "iban": _iban,
    "id": _id,
    "date": _date,
    "money": _money,
    "phone": _phone,
    "text": _free_text,
}
_PLAIN = {
    kind: Parsed(kind=kind) for kind in ("path", "iban", "id", "date", "money", "phone", "text")
}
