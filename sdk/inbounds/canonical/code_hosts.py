"""The hosts that a text which is run names, as the policy's `lib/code` finds them.

The policy decides. The SDK has to know where a call leads before the policy is asked
(`provenance.destinations`).

This module does no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from inbounds.model.places import word_skeleton, words, words_with_brackets

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
    )
]
_CERTAIN = re.compile(r"(?:[^{}\[\]*$,`]*@)?(\[[0-9a-f:.]+\]|[^{}\[\]*$,`@:]*)(?::[0-9]*)?[\]}]*")
_BY_ITSELF = re.compile(r"(?:^|[^0-9a-z._/\\-])([0-9][0-9a-z._-]*)")
_IPV4 = re.compile(
    r"(?:0x[0-9a-f]+|0[0-9]+|[0-9]{1,3})(?:\.(?:0x[0-9a-f]+|0[0-9]+|[0-9]{1,3})){3}\.*"
)
_BY_ITSELF_WITH_COLONS = re.compile(r"(?:^|[^0-9a-z._:/\\-])([0-9a-f:][0-9a-z._:-]*)")
_IPV6 = re.compile(
    r"[0:]*::[0:]*1"
    r"|[0:]*:ffff:[0-9a-f:.]+"
    r"|(?:[0-9a-f]{4}|[0-9a-f]{1,4}:[0-9a-f]{1,4})(?::[0-9a-f]{1,4})*::[0-9a-f:.]*"
    r"|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
)


def hosts(text: str) -> set[str] | None:
    """Return the hosts that a text that is run names, lower-cased; None as `words`."""
    found = words(text)
    if found is None:
        return None
    skeletons = map(word_skeleton, found | words_with_brackets(text))
    forms = [form.lower() for form in skeletons if form]
    named = {match[1] for form in forms for each in _NAMING for match in each.finditer(form)}
    addresses = {address for form in forms for address in _addresses(form)}
    return ({_host(authority) for authority in named} | addresses) - {""}


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
