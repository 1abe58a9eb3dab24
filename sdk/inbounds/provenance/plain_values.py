"""A result as plain values, one step at a time: what else it may be is never run.

A tool returns what it likes: a model, bytes, an object that refers to itself, one that raises
when it is read. A step looks at one value and no further, so that whoever walks can stop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from pathlib import PurePath
from typing import Any
from uuid import UUID

import pydantic

NOTHING = object()
"""Stands for what holds no value that could be found again."""

_SCALARS = (str, int, float)
_TEXTS = (UUID, PurePath, IPv4Address, IPv6Address, pydantic.AnyUrl)


def step(value: Any) -> Any:
    """A value as text, a number, a list, a mapping, or `NOTHING`."""
    kind = type(value)
    if kind in _SCALARS or kind is dict or kind is list or kind is tuple:
        return value
    if value is None or kind is bool:
        return NOTHING
    if isinstance(value, Enum):
        return step(value.value)
    # Exactly text or a number, whatever a subclass says of itself.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    return _composed(value)


def _composed(value: Any) -> Any:
    if isinstance(value, pydantic.BaseModel):
        # Not dumped: that would run the serialisers of the model, on all of it.
        return {**value.__dict__, **(value.__pydantic_extra__ or {})}
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else NOTHING
    if isinstance(value, _TEXTS):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in fields(value)}
    return NOTHING


def members(value: Any) -> Iterable[tuple[str, Any]]:
    """The members of a mapping that have names."""
    return ((key, member) for key, member in value.items() if isinstance(key, str))
