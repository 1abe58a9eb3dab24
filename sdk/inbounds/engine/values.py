"""Rego values on the host's side of the WASM boundary.

A Rego string is a sequence of bytes that need not be UTF-8 (`hex.decode` makes such), so
bytes that are not UTF-8 travel as the surrogates of Python's `surrogateescape`. A set is a
`Set`, everything else is what `json` makes of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


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
        # Few values that a built-in is given hold a set.
        from inbounds.engine.set_text import read_value

        return read_value(decoded, 0)[0]


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
