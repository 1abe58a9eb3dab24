"""What the name of an argument lets one guess, for a person to look at.

A guess only ever makes the policy stricter: a kind that does not fit refuses the value, and a
role has the argument judged. So no argument is guessed to be content or a query, which would
take it out of some judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BY_WORD: Mapping[str, Mapping[str, Any]] = {
    "to": {"kind": "email", "role": "recipient"},
    "cc": {"kind": "email", "role": "recipient"},
    "bcc": {"kind": "email", "role": "recipient"},
    "recipient": {"kind": "email", "role": "recipient"},
    "recipients": {"kind": "email", "role": "recipient"},
    "attendees": {"kind": "email", "role": "recipient"},
    "invitees": {"kind": "email", "role": "recipient"},
    "email": {"kind": "email"},
    "emails": {"kind": "email"},
    "url": {"kind": "url", "role": "target"},
    "urls": {"kind": "url", "role": "target"},
    "uri": {"kind": "url", "role": "target"},
    "link": {"kind": "url", "role": "target"},
    "webhook": {"kind": "url", "role": "target"},
    "host": {"kind": "host", "role": "target"},
    "hostname": {"kind": "host", "role": "target"},
    "domain": {"kind": "host", "role": "target"},
    "path": {"kind": "path", "role": "target"},
    "paths": {"kind": "path", "role": "target"},
    "file": {"kind": "path", "role": "target"},
    "filename": {"kind": "path", "role": "target"},
    "filepath": {"kind": "path", "role": "target"},
    "folder": {"kind": "path", "role": "target"},
    "directory": {"kind": "path", "role": "target"},
    "iban": {"kind": "iban", "role": "recipient"},
    "phone": {"kind": "phone", "role": "recipient"},
    "id": {"kind": "id"},
    "ids": {"kind": "id"},
    "amount": {"role": "amount"},
    "price": {"role": "amount"},
    "command": {"role": "code"},
    "cmd": {"role": "code"},
    "script": {"role": "code"},
    "sql": {"role": "code"},
    "password": {"role": "credential"},
    "passphrase": {"role": "credential"},
    "secret": {"role": "credential"},
    "token": {"role": "credential"},
}
# Words that mean something only where they are the whole name.
_ALONE = frozenset({"to", "cc", "bcc", "link", "file", "domain", "host"})


def by_name(name: str, kind_of_value: str) -> dict[str, Any]:
    """Return what the name of an argument lets one guess.

    Args:
        name: Of the argument, such as `user_id`.
        kind_of_value: The type of its leaves, `string`, `integer`, `number` or `boolean`.

    Returns:
        Members of the registry's entry of this argument: its kind, its role, or nothing.
    """
    word = name.lower().rpartition("_")[2]
    if word in _ALONE and word != name.lower():
        return {}
    guess = dict(_BY_WORD.get(word, {}))
    if guess.get("role") == "amount":
        # Money is in whole minor units.
        return {"kind": "money", **guess} if kind_of_value == "integer" else guess
    if kind_of_value == "string" or (kind_of_value == "integer" and guess.get("kind") == "id"):
        return guess
    return {}
