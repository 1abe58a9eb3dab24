"""What others wrote, as it may stand on a line of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel

T = TypeVar("T")


def printable(text: str, *, but: str = "") -> str:
    """Return `text` with each character that does not print written as its escape.

    Controls, among them ESC and those of C1; format characters, among them those that turn the
    direction of writing; line and paragraph separators; halves of surrogate pairs.

    Args:
        text: What anybody wrote.
        but: Signs to leave as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in but else sign.encode("unicode_escape").decode("ascii")
        for sign in text
    )


def shown(value: T) -> T:
    """Return the same with all text in it printable: nothing moves, hides or ends a line.

    Args:
        value: Text, or what holds text: a mapping, a list, a dataclass, a record.
    """
    return cast("T", _shown(value))


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {_shown(key): _shown(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_shown(inner) for inner in value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: _shown(inner) for name, inner in value})
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _shown(getattr(value, f.name)) for f in fields(value)})
    return value
