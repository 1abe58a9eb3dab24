"""The words of a text that is run, and the hosts they name, as the policy's `lib/code` finds them.

The policy decides. The SDK tells the skeletons of words that are not plain ASCII, and has to know
where a call leads before the policy is asked (`origins.destinations`).

This module does no I/O.
"""

from __future__ import annotations

import re

from .places import MAX_LENGTH, skeleton

_MEMBER = re.compile(r"[)\]}!]\.")
_ENDS = "".join(map(chr, [*range(0x21), 0x7F])) + "`;|&()<>,="
_ENDS_IN_PROGRAMS = str.maketrans(dict.fromkeys(f"{_ENDS}\"'[]{{}}!", " "))
_ENDS_IN_COMMANDS = str.maketrans(dict.fromkeys(_ENDS, " "))
_DROPPED = str.maketrans("", "", "\"'\\^{}")
_NAMING = [
    re.compile(pattern)
    for pattern in (
        r"[a-z][a-z0-9+.-]+:[/\\][/\\]([^/\\?#]*)",
        r"(?:https?|wss?|ftps?):[/\\]+([^/\\?#]+)",
        r"^[^/\\@:]+@([a-z0-9._-]+):",
        r"^([a-z0-9-]+(?:\.[a-z0-9-]+)+):[/~]",
        r"^[/\\][/\\]+([a-z0-9-]+(?:\.[a-z0-9-]+)+)[/\\]",
        r"^([0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:[:/]|$)",
    )
]
_PORT = re.compile(r":[0-9]*$")


def words(text: str) -> set[str] | None:
    """Return the words of a text that is run; None for one too long to be looked through."""
    if len(text) > MAX_LENGTH:
        return None
    plain = _MEMBER.sub(" ", text)
    dropped = plain.replace("\\\n", "").translate(_DROPPED)
    written = {*plain.translate(_ENDS_IN_PROGRAMS).split(" ")}
    written.update(dropped.translate(_ENDS_IN_COMMANDS).split(" "))
    written.update(dropped.translate(_ENDS_IN_PROGRAMS).split(" "))
    return (written | set(map(_attached, written))) - {""}


def word_skeleton(word: str) -> str | None:
    """Return the skeleton of a word of code, in which `%` is an escape only where it can be one."""
    form = skeleton(word)
    return form if form is not None else skeleton(word.replace("%", ""))


def hosts(text: str) -> set[str] | None:
    """Return the hosts that a text that is run names, lower-cased; None as `words`."""
    found = words(text)
    if found is None:
        return None
    forms = [form.lower() for form in map(word_skeleton, found) if form]
    named = {match[1] for form in forms for each in _NAMING for match in each.finditer(form)}
    return {_PORT.sub("", authority.rpartition("@")[2]) for authority in named} - {""}


def _attached(word: str) -> str:
    if word.startswith("-") and not word.startswith("--"):
        return word[2:].lstrip("@")
    return word.lstrip("@") if word.startswith("@") else ""
