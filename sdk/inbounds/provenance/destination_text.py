"""Texts that name another host, a share, a remote or whom to call, as `lib/kinds` reads them."""

from __future__ import annotations

import re

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


def names_host_before_colon(path: str) -> bool:
    """Tell whether a path begins with a host and a colon, as those of `scp` do."""
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
