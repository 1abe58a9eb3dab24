"""Reading values with sets in them, as OPA writes those: `{1, 2}` or `set()`."""

from __future__ import annotations

import json
from typing import Any, Final

from inbounds.engine.values import BuiltinError, Set

_DECODER: Final = json.JSONDecoder()


def read_value(text: str, at: int) -> tuple[Any, int]:
    """One value that starts at or after `at`, and where it ends."""
    at = _skip(text, at)
    if text.startswith("set()", at):
        return Set(()), at + len("set()")
    if text[at] == "[":
        return _items(text, at + 1, "]")
    if text[at] == "{":
        return _braces(text, at + 1)
    return _DECODER.raw_decode(text, at)


def _braces(text: str, at: int) -> tuple[Any, int]:
    """What follows an opening brace: an object, or a set."""
    at = _skip(text, at)
    if text[at] == "}":
        return {}, at + 1
    _, end = read_value(text, at)
    if text[_skip(text, end)] != ":":
        items, end = _items(text, at, "}")
        return Set(tuple(items)), end
    members: dict[str, Any] = {}
    while text[at - 1] != "}":
        key, at = read_value(text, at)
        if not isinstance(key, str):
            raise BuiltinError("an object with a key that is not a string")
        members[key], at = read_value(text, _skip(text, at) + 1)
        at = _skip(text, at) + 1
    return members, at


def _items(text: str, at: int, closing: str) -> tuple[list[Any], int]:
    items: list[Any] = []
    at = _skip(text, at)
    if text[at] == closing:
        return items, at + 1
    while text[at - 1] != closing:
        item, at = read_value(text, at)
        items.append(item)
        at = _skip(text, at) + 1
    return items, at


def _skip(text: str, at: int) -> int:
    while text[at] == " ":
        at += 1
    return at
