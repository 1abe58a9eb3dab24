"""The hosts that a text which is run names, as the policy's `lib/code` finds them.

The policy decides. The SDK has to know where a call leads before the policy is asked
(`origins.destinations`).

This module does no I/O.
"""

from __future__ import annotations

import re

from inbounds.model.places import word_skeleton, words

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


def hosts(text: str) -> set[str] | None:
    """Return the hosts that a text that is run names, lower-cased; None as `words`."""
    found = words(text)
    if found is None:
        return None
    forms = [form.lower() for form in map(word_skeleton, found) if form]
    named = {match[1] for form in forms for each in _NAMING for match in each.finditer(form)}
    return {_PORT.sub("", authority.rpartition("@")[2]) for authority in named} - {""}
