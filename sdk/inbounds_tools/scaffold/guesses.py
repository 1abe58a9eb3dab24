"""What the name of an argument lets one guess, for a person to look at.

A kind that does not fit refuses the value, and a role that steers has the argument judged. The
roles `content` and `query` take an argument out of some rules, so they are guessed only from names
that say nothing else, and the draft marks them as a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_PATH = {"kind": "path", "role": "target"}
_FILE = {**_PATH, "resource": "file"}
_URL = {"kind": "url", "role": "target"}
_CONTENT = {"role": "content"}
_QUERY = {"role": "query"}
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
    "url": _URL,
    "urls": _URL,
    "uri": _URL,
    "link": _URL,
    "href": _URL,
    "webhook": _URL,
    "callback": _URL,
    "host": {"kind": "host", "role": "target"},
    "hostname": {"kind": "host", "role": "target"},
    "domain": {"kind": "host", "role": "target"},
    "path": _PATH,
    "paths": _PATH,
    "file": _PATH,
    "files": _PATH,
    "filename": _PATH,
    "filepath": _PATH,
    "folder": _PATH,
    "dir": _PATH,
    "directory": _PATH,
    "root": _PATH,
    "attachment": _FILE,
    "attachments": _FILE,
    "cwd": _FILE,
    "workdir": _FILE,
    "source": {"role": "target"},
    "src": {"role": "target"},
    "destination": {"role": "target"},
    "dst": {"role": "target"},
    "repo": {"kind": "id", "role": "target"},
    "repository": {"kind": "id", "role": "target"},
    "branch": {"role": "target"},
    "ref": {"role": "target"},
    "channel": {"role": "recipient"},
    "payee": {"role": "recipient"},
    "beneficiary": {"role": "recipient"},
    "iban": {"kind": "iban", "role": "recipient"},
    "phone": {"kind": "phone", "role": "recipient"},
    "id": {"kind": "id"},
    "ids": {"kind": "id"},
    "amount": {"role": "amount"},
    "price": {"role": "amount"},
    "command": {"role": "code"},
    "cmd": {"role": "code"},
    "script": {"role": "code"},
    "args": {"role": "code"},
    "argv": {"role": "code"},
    "sql": {"role": "code"},
    "password": {"role": "credential"},
    "passphrase": {"role": "credential"},
    "secret": {"role": "credential"},
    "token": {"role": "credential"},
    "pattern": _QUERY,
    "patterns": _QUERY,
    "glob": _QUERY,
    "query": _QUERY,
    "q": _QUERY,
    "search": _QUERY,
    "text": _CONTENT,
    "body": _CONTENT,
    "message": _CONTENT,
    "note": _CONTENT,
    "subject": _CONTENT,
    "title": _CONTENT,
    "description": _CONTENT,
}
_BY_NAME: Mapping[str, Mapping[str, Any]] = {
    "reply_to": {"kind": "email", "role": "recipient"},
    "to_account": {"role": "recipient"},
    "working_directory": _FILE,
    "working_dir": _FILE,
    "sql_query": {"role": "code"},
    "graphql_query": {"role": "code"},
}
# Words that mean something only where they are the whole name.
_ALONE = frozenset(
    {
        *("to", "cc", "bcc", "link", "domain", "host", "source", "destination", "root", "channel"),
        *("ref", "q", "search"),
    }
)
_NEXT_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|-")


def by_name(name: str, kind_of_value: str) -> dict[str, Any]:
    """Return what the name of an argument lets one guess.

    Args:
        name: Of the argument, such as `user_id`.
        kind_of_value: The type of its leaves, `string`, `integer`, `number` or `boolean`.

    Returns:
        Members of the registry's entry of this argument: its kind, its role, or nothing.
    """
    whole = _NEXT_WORD.sub("_", name).lower()
    word = whole.rpartition("_")[2]
    guess = dict(_BY_NAME.get(whole, _BY_WORD.get(word, {})))
    if word in _ALONE and word != whole and whole not in _BY_NAME:
        return {}
    if guess.get("role") == "amount":
        # Money is in whole minor units.
        return {"kind": "money", **guess} if kind_of_value == "integer" else guess
    if kind_of_value == "string" or (kind_of_value == "integer" and guess.get("kind") == "id"):
        return guess
    return {}


def remark(guessed: Sequence[str], members: Mapping[str, Any]) -> str:
    """Return the comment on an argument of a draft: what was guessed, and what a person has to set.

    Args:
        guessed: The members of its entry that its name let guess.
        members: The entry.
    """
    parts = [f"guess: {' and '.join(guessed)}, by the name"] if guessed else []
    if (
        members.get("type", "string") == "string"
        and "role" not in members
        and "one_of" not in members
        and members.get("kind") != "date"
    ):
        parts.append("set its role")
    return "; ".join(parts)
