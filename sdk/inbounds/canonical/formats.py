"""The kinds of argument: how one value is taken apart and put in its one form.

A kind exists where two spellings of one thing could be judged differently. `normalize` gives the
one spelling, which is what the policy judges and what the tool receives. URLs and hosts are read
as the WHATWG URL Standard says, by one library, and their canonical form is one that readers of
RFC 3986 read alike (docs/adr/0003-url-library.md).
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from inbounds.model.question import Kind, LocalPart, Parsed

_NO_DOMAIN = "is an address without a DNS name"
_NAME, _IPV6 = 0, 2  # ada_url.HostType
# The schemes whose host all readers find alike. In others some take the scheme itself for a host.
_SCHEMES = frozenset({"http:", "https:", "ws:", "wss:"})
_HOST_LENGTH = 253  # RFC 1035 §2.3.4, in text
_LOCAL_LENGTH = 64  # RFC 5321 §4.5.3.1.1
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NOT_IN_HOST = re.compile(r"[\x00-\x20\x7f/\\?#@:%]")
_LOCAL = {
    "plain": re.compile(r"(?!-)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"),
    "atom": re.compile(r"(?!-)[A-Za-z0-9_+#$&'*=?^{}~-]+(?:\.[A-Za-z0-9_+#$&'*=?^{}~-]+)*"),
}
"""The local parts that are admitted. `atom` is RFC 5322's without what mail servers route or run
by: `%`, `!`, `|`, `/` and the backquote. `rego/inbounds/lib/kinds` admits the same."""
_DOMAIN_TEXT = re.compile(r"[A-Za-z0-9.\-_\u0080-\U0010ffff]+")
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
    if kind == "email":
        return _email(value, local_part)
    return _FORMS[kind](value)


def _text(value: Any) -> str:
    if type(value) is not str:
        raise InvalidFormat("is not text")
    return value


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _dns_name(host: str) -> str:
    if len(host) > _HOST_LENGTH or not _HOST.fullmatch(host):
        raise InvalidFormat("has a host that is not a DNS name")
    return host


def _host_of(host: str, host_type: int) -> str:
    """One form for a host that the URL parser has read: no mapped address, no final dot."""
    if host_type == _IPV6:
        if host.startswith("[::ffff:"):
            raise InvalidFormat("has a host that is an IPv4 address written as IPv6")
        return host
    return _dns_name(host.removesuffix("."))


def _read_url(text: str, fault: str = "cannot be read as a URL") -> Any:
    # Imported here: most agents have no argument of these kinds, and the parser is native code.
    from ada_url import parse_url

    try:
        return parse_url(
            text,
            ("href", "protocol", "username", "password", "hostname", "host_type"),
        )
    except ValueError:
        raise InvalidFormat(fault) from None


def _url(value: Any) -> tuple[str, Parsed]:
    url = _read_url(_text(value))
    if url["protocol"] not in _SCHEMES:
        raise InvalidFormat("is a URL of another scheme than http, https, ws and wss")
    if url["username"] or url["password"]:
        raise InvalidFormat("is a URL with a user name or password in it")
    host = _host_of(url["hostname"], url["host_type"])
    href = url["href"]
    if host != url["hostname"]:
        from ada_url import replace_url

        href = replace_url(href, hostname=host)
    return href, Parsed(kind="url", scheme=url["protocol"].removesuffix(":"), host=host)


def _host(value: Any) -> tuple[str, Parsed]:
    text = _text(value)
    if ":" in text and not text.startswith("["):
        text = f"[{text}]"
    if _NOT_IN_HOST.search(text.replace(":", "") if text.endswith("]") else text):
        raise InvalidFormat("is not a host: it has a port, a path, a user or a space")
    url = _read_url(f"https://{text}/", "cannot be read as a host")
    host = _host_of(url["hostname"], url["host_type"])
    return host, Parsed(kind="host", host=host)


def _email(value: Any, local_part: LocalPart) -> tuple[str, Parsed]:
    local, at, domain = _text(value).rpartition("@")
    if not at or len(local) > _LOCAL_LENGTH or not _LOCAL[local_part].fullmatch(local):
        raise InvalidFormat(
            "is not a plain `local@domain`: the local part may hold A-Z a-z 0-9 . _ + - and not "
            "begin with `-`, unless `local_part: atom` in the registry admits more"
        )
    domain = _mail_domain(domain)
    return f"{local}@{domain}", Parsed(kind="email", local=local, domain=domain)


@lru_cache(maxsize=4096)
def _mail_domain(domain: str) -> str:
    if not _DOMAIN_TEXT.fullmatch(domain):
        raise InvalidFormat(_NO_DOMAIN)
    url = _read_url(f"https://{domain}/", _NO_DOMAIN)
    if url["host_type"] != _NAME or url["hostname"].endswith("."):
        raise InvalidFormat(_NO_DOMAIN)
    return _dns_name(url["hostname"])


def _path(value: Any) -> tuple[str, Parsed]:
    text = _nfc(_text(value))
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
    text = _text(value).replace(" ", "").upper()
    if not _IBAN.fullmatch(text):
        raise InvalidFormat("is not an IBAN")
    number = int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4]))
    # ISO 13616: 02 to 98; others would be a second spelling of the same remainder.
    if number % 97 != 1 or not 2 <= int(text[2:4]) <= 98:
        raise InvalidFormat("is an IBAN with wrong check digits")
    return text, _PLAIN["iban"]


def _phone(value: Any) -> tuple[str, Parsed]:
    text = re.sub(r"[ .-]", "", _text(value))
    if not _PHONE.fullmatch(text):
        raise InvalidFormat("is not a number in E.164: `+`, country code and digits")
    return text, _PLAIN["phone"]


def _date(value: Any) -> tuple[str, Parsed]:
    text = _text(value)
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
    text = _nfc(_text(value))
    if _CONTROL.search(text) or text != text.strip():
        raise InvalidFormat("is an id with a control character, or spaces around it")
    return text, _PLAIN["id"]


def _free_text(value: Any) -> tuple[str, Parsed]:
    return _nfc(_text(value)), _PLAIN["text"]


_FORMS: dict[str, Callable[[Any], tuple[Any, Parsed]]] = {
    "url": _url,
    "host": _host,
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
