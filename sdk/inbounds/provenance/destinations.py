"""Where the arguments of a call lead, by the same rules as the policy's `lib/destinations`.

The policy decides. The SDK needs the same answer where it acts before or beside the policy: for
the proof of possession that a call carries, for its record, and for what a person is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .value_leaves import leaves

if TYPE_CHECKING:
    from inbounds.model.question import Argument, Effect, Tool
    from inbounds.pdp.registry import RegistryAnswer

ADDRESSES = frozenset({"email", "url", "host", "iban", "phone"})
"""The kinds of argument that name somebody or somewhere."""
_SENDING = frozenset({"export", "spend", "delegate"})
_NOT_FOLLOWED = frozenset({"query", "content"})
_DROPPED = str.maketrans("", "", "\t\n\r")
# `lib/kinds` has the same as expressions of RE2, which takes time in proportion to a text. Those of
# Python would take its cube where they hold two repetitions, so each run is looked at once.
_BEFORE = re.compile(r"[^0-9A-Za-z/\\]*")
_RUN = re.compile(r"[^\x00-\x20]+")
_RUN_WITHOUT_SLASH = re.compile(r"[^\x00-\x20/\\]+")
_AUTHORITY = re.compile(r":[/\\][/\\]")
_WEB = re.compile(r"(?:[hH][tT][tT][pP]|[wW][sS]|[fF][tT][pP])[sS]?:")
_SEPARATOR = re.compile("[\x00-\x20;,|<>\"'()\\[\\]{}\x60\x7f-\U0010ffff]")
_LOCAL_FILE = re.compile(
    r"[^0-9A-Za-z/\\]*[fF][iI][lL][eE]:///([A-Za-z]:/?)?[^/\\:,\x00-\x20][^:,\x00-\x20]*\Z"
)
_WITHOUT_SLASHES = (
    r"(?:callto|dict|facetime|finger|gopher|im|ircs?|jabber|ldaps?|mailto|msrp|news"
    r"|nntp|sftp|sips?|skype|smb|sms|ssh|tel|telnet|tftp|xmpp):[^\x00-\x20]"
)
_REACHING_WITHOUT_SLASHES = re.compile(rf"[^0-9a-z/\\{{\[]*{_WITHOUT_SLASHES}")
_REACHING_BEHIND_SEPARATOR = re.compile(
    rf"{_SEPARATOR.pattern}(?:(?:http|ws|ftp)s?:[^\x00-\x20]|[/\\][/\\]|{_WITHOUT_SLASHES})"
)
_SHARE = re.compile(r"[^0-9A-Za-z/\\]*[/\\][/\\]")
_FIRST_STEP = re.compile(r"[^/\\]*")


def names_destination(argument: Argument) -> bool:
    """Tell whether the registry entry of an argument makes every value of it a destination."""
    return (
        argument.role == "recipient"
        or argument.kind in ("url", "host")
        or (argument.kind in ADDRESSES and argument.role not in _NOT_FOLLOWED)
    )


def is_outward(argument: Argument, value: Any) -> bool:
    """Tell whether a leaf that is not null names a destination.

    Args:
        argument: What the registry says of it.
        value: The leaf, in canonical form.
    """
    if names_destination(argument):
        return True
    if type(value) is not str:
        return False
    if argument.role == "code" and argument.kind in ("none", "text"):
        # Imported here: few tools run code.
        from inbounds.canonical.code_hosts import hosts

        named = hosts(value)
        return named is None or bool(named) or names_host(value)
    if argument.kind == "path":
        return _names_host_before_colon(value) or names_host(value)
    return (
        argument.kind in ("none", "text")
        and argument.role not in _NOT_FOLLOWED
        and (
            names_host(value)
            or has_scheme(value)
            or (argument.role == "target" and names_host_within(value))
        )
    )


def _names_host_before_colon(path: str) -> bool:
    step = _FIRST_STEP.match(path)
    before, colon, _ = (step[0] if step else "").rpartition(":")
    return bool(colon) and ("." in before or "]" in before)


def names_host(text: str) -> bool:
    """Tell whether a text is a URL, a share or a remote: the name of another host.

    A file of this machine (`file:///x`) is not.
    """
    joined = text.translate(_DROPPED)
    if _SHARE.match(joined):
        return True
    return _is_remote(joined) and _LOCAL_FILE.match(joined) is None


def names_host_within(text: str) -> bool:
    """Tell whether a text names another host behind a blank, a bracket or a separator of lists.

    It is several values then, and a tool may follow any of them.
    """
    return any(_reaches_within(each.lower()) for each in (text, text.translate(_DROPPED)))


def has_scheme(text: str) -> bool:
    """Tell whether a text begins with the scheme of a message, a call or a directory.

    These need no slashes, such as `mailto:bob@acme.example` or `sip:bob`. What has a space behind
    its colon is prose. Other schemes without slashes, such as `urn:`, are names, as the ids of many
    tools are.
    """
    return _REACHING_WITHOUT_SLASHES.match(text.translate(_DROPPED).lower()) is not None


def effects_of(tool: Tool, arguments: Mapping[str, Any]) -> tuple[Effect, ...]:
    """Return the effects of one call: the tool's, and `export` where an argument leads outward.

    Args:
        tool: What the registry says of the tool.
        arguments: In canonical form.
    """
    effects = tuple(tool.effects)
    if not effects or not _SENDING.isdisjoint(effects):
        return effects
    for _, value, argument in leaves(arguments, tool.arguments):
        if is_outward(argument, value):
            return (*effects, "export")
    return effects


def call_effects(
    registered: RegistryAnswer | None, arguments: Mapping[str, Any]
) -> tuple[Effect, ...]:
    """Return the effects of one call; none where nothing is known of the tool.

    Args:
        registered: What the policy says of the tool.
        arguments: In canonical form.
    """
    tool = registered.tool if registered else None
    return effects_of(tool, arguments) if tool else ()


def needs_proof(registered: RegistryAnswer | None, arguments: Mapping[str, Any]) -> bool:
    """Tell whether the deployment asks for a proof of possession of this call.

    Args:
        registered: What the policy says of the tool; without it, a proof is needed.
        arguments: In canonical form.
    """
    if registered is None:
        return True
    return bool(registered.proof) and not {*registered.proof}.isdisjoint(
        call_effects(registered, arguments)
    )


def _is_remote(text: str) -> bool:
    """Tell whether a text begins as a URL or a remote, behind any signs but letters and digits."""
    before = _BEFORE.match(text)
    begins = before.end() if before else 0
    if _WEB.match(text, begins):
        return True
    for run in _RUN.finditer(text):
        if run.start() > begins:
            break
        if _AUTHORITY.search(run[0]):
            return True
    for run in _RUN_WITHOUT_SLASH.finditer(text):
        if run.start() > begins:
            break
        if _is_user_at_host(run[0], 0):
            return True
    return False


def _reaches_within(text: str) -> bool:
    """Tell whether a URL, a share, a remote or a scheme stands right behind a separator."""
    if _REACHING_BEHIND_SEPARATOR.search(text):
        return True
    for run in _RUN.finditer(text):
        begins = _behind_separator(text, run)
        if begins is not None and _AUTHORITY.search(run[0], begins):
            return True
    for run in _RUN_WITHOUT_SLASH.finditer(text):
        begins = _behind_separator(text, run)
        if begins is not None and _is_user_at_host(run[0], begins):
            return True
    return False


def _behind_separator(text: str, run: re.Match[str]) -> int | None:
    """Return where in a run the first part begins that stands behind a separator, if any does."""
    if run.start() and _SEPARATOR.match(text, run.start() - 1):
        return 0
    found = _SEPARATOR.search(run[0])
    return found.end() if found else None


def _is_user_at_host(run: str, begins: int) -> bool:
    """Tell whether a run of signs holds `user@host:`, with something for each."""
    at = run.find("@", begins + 1)
    return at >= 0 and run.find(":", at + 2) >= 0
