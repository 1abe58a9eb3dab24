"""Mail addresses, URLs and hosts in their one form; see `formats`.

URLs and hosts are read as the WHATWG URL Standard says, by one library, and their canonical form is
one that readers of RFC 3986 read alike (docs/adr/0003-url-library.md).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inbounds.model.question import Parsed

from .formats import InvalidFormat, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.model.question import LocalPart

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
    url = _read_url(text_of(value))
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
    text = text_of(value)
    if ":" in text and not text.startswith("["):
        text = f"[{text}]"
    if _NOT_IN_HOST.search(text.replace(":", "") if text.endswith("]") else text):
        raise InvalidFormat("is not a host: it has a port, a path, a user or a space")
    url = _read_url(f"https://{text}/", "cannot be read as a host")
    host = _host_of(url["hostname"], url["host_type"])
    return host, Parsed(kind="host", host=host)


def email(value: Any, local_part: LocalPart) -> tuple[str, Parsed]:
    """Return a mail address in its one form, and taken apart."""
    local, at, domain = text_of(value).rpartition("@")
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


ADDRESSES: dict[str, Callable[[Any], tuple[str, Parsed]]] = {"url": _url, "host": _host}
"""The kinds besides `email`, each with what reads it."""
