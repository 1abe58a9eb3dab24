"""The hosts that a text which is run names, as the policy's `lib/code` finds them.

The policy decides. The SDK has to know where a call leads before the policy is asked
(`provenance.destinations`).

This module does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from inbounds.model.places import (
    urls_in_quotes,
    without_quotes,
    word_skeleton,
    words_as_written,
    words_with_brackets,
)

_SCHEMES = (
    "https?|wss?|ftps?|dict|finger|gopher|ircs?|ldaps?|mailto|nntp|rsync|sftp|sips?|smb|smtps?|ssh"
    "|telnet|tftp|xmpp"
)
_SOCKETS = "tcp|udp|udplite|sctp|dccp|ssl|openssl|dtls|socks(?:4a?|5)|proxy"
_NAMING = [
    re.compile(pattern)
    for pattern in (
        # Looked for from the beginning of each run alone, or its length would count twice.
        r"(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]+:[/\\][/\\]([^/\\?#]*)",
        r"(?:https?|wss?|ftps?):[/\\]+([^/\\?#]+)",
        rf"^(?:{_SCHEMES}):[/\\]*([^/\\?#]+)",
        r"^[^/\\@]*[^/\\@:]@(\[[^\]]*\]|[^/\\?#@:\[\]]+)[/\\?#:]",
        r"^[^/\\@]+:@(\[[^\]]*\]|[^/\\?#@:\[\]]*[0-9.][^/\\?#@:\[\]]*)[/\\?#:]",
        r"^([a-z0-9-]+(?:\.[a-z0-9-]+)+):[0-9]*[/~]",
        r"^[/\\][/\\]+([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]+)?[/\\?#]",
        r"[/\\]dev[/\\]+(?:tcp|udp)[/\\]+([^/\\]+)",
        rf"^(?:{_SOCKETS})[46]?(?:-[a-z0-9]+)*:(\[[^\]]*\]|[^:/\\]+):",
        r"^(\[[0:]*::[0:]*\])[:/\\?#]",
        r"^(?:\$[0-9a-z_])?:[/\\][/\\](\$?[0-9a-z%][0-9a-z%$@._:-]*)(?:[/\\?#]|\Z)",
    )
]
# As `_NAMING` has it, from the beginning of a run.
_ANY_SCHEME = re.compile(
    rf"(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]+:[/\\]{{2}}|\b(?:{_SCHEMES}):", re.ASCII
)
_REMOTE_BEHIND_SIGN = re.compile(r"[&;,|=()<>]@(\[[^\]]*\]|[a-z0-9-]+(?:\.[a-z0-9-]+)+):")
_AUTHORITY_ENDS = re.compile("[/\\\\?# \t\n\r\f\"'`]")
_OPEN_AUTHORITY_ENDS = {mark: re.compile(rf"[/\\?#{mark}]") for mark in "\"'`"}
_UNCERTAIN = re.compile(r"[{}\[\]*$]")
_LINE_ENDS = str.maketrans("", "", "\t\n\r")
_CERTAIN = re.compile(r"(?:[^{}\[\]*$,`]*@)?(\[[0-9a-f:.]+\]|[^{}\[\]*$,`@:]*)(?::[0-9]*)?[\]}]*")
_BY_ITSELF = re.compile(r"(?:^|[^0-9a-z._/\\-])([0-9][0-9a-z._-]*)")
_IPV4 = re.compile(
    r"(?:0x[0-9a-f]+|0[0-9]+|[0-9]{1,3})(?:\.(?:0x[0-9a-f]+|0[0-9]+|[0-9]{1,3})){3}\.*"
)
_BY_ITSELF_WITH_COLONS = re.compile(r"(?:^|[^0-9a-z._:/\\-])([0-9a-f:][0-9a-z._:-]*)")
_IPV6 = re.compile(
    r"(?=[0:]*::)[0:]+1"
    r"|[0:]*:ffff:[0-9a-f:.]+"
    r"|(?:[0-9a-f]{4}|[0-9a-f]{1,4}:[0-9a-f]{1,4})(?::[0-9a-f]{1,4})*::[0-9a-f:.]*"
    r"|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
)


def hosts(text: str) -> set[str] | None:
    """Return the hosts that a text that is run names, lower-cased; None for one too long."""
    found = words_as_written(text)
    if found is None:
        return None
    in_quotes = urls_in_quotes(text)
    skeletons = map(word_skeleton, found | words_with_brackets(text) | in_quotes)
    forms = [form.lower() for form in skeletons if form]
    named = {match[1] for form in forms for each in _NAMING for match in each.finditer(form)}
    addresses = {address for form in forms for address in _addresses(form)}
    behind_users = _behind_users(text, in_quotes)
    return ({_host(authority) for authority in named} | addresses | behind_users) - {""}


def _behind_users(text: str, in_quotes: set[str]) -> set[str]:
    """Return the hosts behind a user in whose name signs stand that end words, or escapes."""
    if "@" not in text:
        return set()
    whole = text.lower().replace("\0", " ").replace("\\\n", "")
    dropped = without_quotes(whole)
    return {
        _host_behind_user(authority)
        for reading in {whole, *dropped, *(url.lower().replace("\0", " ") for url in in_quotes)}
        for before, part in pairwise(_ANY_SCHEME.split(reading))
        for authority in [_authority(part.lstrip("/\\"), before[-1:])]
        if "@" in authority
    } | {match[1] for reading in dropped for match in _REMOTE_BEHIND_SIGN.finditer(reading)}


def _authority(text: str, before: str) -> str:
    """Return the authority that begins a text: until a blank, or the quotation mark before it."""
    ends = _OPEN_AUTHORITY_ENDS.get(before, _AUTHORITY_ENDS)
    return ends.split(text, maxsplit=1)[0].translate(_LINE_ENDS)


def _host_behind_user(authority: str) -> str:
    user, _, name = authority.rpartition("@")
    if _UNCERTAIN.search(user):
        return authority
    form = word_skeleton(name)
    return _host(name if form is None else form.lower())


def _host(authority: str) -> str:
    certain = _CERTAIN.fullmatch(authority)
    return authority if certain is None else certain[1]


def _addresses(form: str) -> Iterator[str]:
    for match in _BY_ITSELF.finditer(form):
        if _IPV4.fullmatch(match[1]):
            yield match[1]
    for match in _BY_ITSELF_WITH_COLONS.finditer(form):
        if _IPV6.fullmatch(match[1]):
            yield f"[{match[1]}]"
