"""Rego values on the host's side of the WASM boundary.

A Rego string is a sequence of bytes that need not be UTF-8 (`hex.decode` makes such), so
bytes that are not UTF-8 travel as the surrogates of Python's `surrogateescape`. A set is a
`Set`, everything else is what `json` makes of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

_DECODER: Final = json.JSONDecoder()


class BuiltinError(ValueError):
    """A built-in that OPA, too, ends with an error. It aborts the evaluation: no answer."""


class Literal(str):
    """A number as it was written, passed on without a detour over a float."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Set:
    """A Rego set, its members in no particular order."""

    members: tuple[Any, ...]


def parse(text: bytes) -> Any:
    """Read what `opa_value_dump` wrote: JSON, and sets as `{1, 2}` or `set()`.

    Raises:
        BuiltinError: An object with a key that is not a string, which no built-in takes.
    """
    decoded = text.decode("utf-8", "surrogateescape")
    try:
        return json.loads(decoded)
    except ValueError:
        value, _ = _value(decoded, 0)
        return value


def dump(value: Any) -> bytes:
    """Write `value` so that `opa_value_parse` reads it."""
    return render(value).encode("utf-8")


def render(value: Any) -> str:
    """`dump` as text."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, Set):
        return "{" + ",".join(map(render, value.members)) + "}" if value.members else "set()"
    if isinstance(value, dict):
        return "{" + ",".join(f"{render(str(k))}:{render(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(render, value)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def equal(a: Any, b: Any) -> bool:
    """Whether Rego calls them equal: 1 equals 1.0, but never true."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)):
        return bool(a == b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(v, b[k]) for k, v in a.items())
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, Set):
        return len(a.members) == len(b.members) and all(contains(b, m) for m in a.members)
    return bool(a == b)


def contains(members: Set, value: Any) -> bool:
    """Whether `value` is in the set."""
    return any(equal(value, member) for member in members.members)


def _value(text: str, at: int) -> tuple[Any, int]:
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
    _, end = _value(text, at)
    if text[_skip(text, end)] != ":":
        items, end = _items(text, at, "}")
        return Set(tuple(items)), end
    members: dict[str, Any] = {}
    while text[at - 1] != "}":
        key, at = _value(text, at)
        if not isinstance(key, str):
            raise BuiltinError("an object with a key that is not a string")
        members[key], at = _value(text, _skip(text, at) + 1)
        at = _skip(text, at) + 1
    return members, at


def _items(text: str, at: int, closing: str) -> tuple[list[Any], int]:
    items: list[Any] = []
    at = _skip(text, at)
    if text[at] == closing:
        return items, at + 1
    while text[at - 1] != closing:
        item, at = _value(text, at)
        items.append(item)
        at = _skip(text, at) + 1
    return items, at


def _skip(text: str, at: int) -> int:
    while text[at] == " ":
        at += 1
    return at
