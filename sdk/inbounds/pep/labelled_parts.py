"""Labels within a result that has parts."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import chain, islice

from pydantic import BaseModel

from .labelled import PLAIN, Labelled

_MOST_PARTS = 1_000_000


def has_labelled_part(value: object) -> bool:
    """Whether a part of a result has a label of its own; see `labelled_within`."""
    seen: set[int] = set()
    parts = deque([value])
    left = _MOST_PARTS
    try:
        while parts:
            part = parts.pop()
            if type(part) in PLAIN:
                continue
            if isinstance(part, Labelled):
                return part is not value
            within = _runtime(part)
            if within is None:
                if part is not value and isinstance(part, Iterator | AsyncIterator):
                    return not isinstance(part, io.IOBase)
                continue
            # What refers to itself, or stands in two places, is looked into once.
            if id(part) in seen:
                continue
            seen.add(id(part))
            within = list(islice(within, left + 1))
            left -= len(within)
            if left < 0:
                return True
            parts.extend(within)
    except Exception:  # noqa: BLE001 -- what a tool returns may raise anything when it is looked into
        return True
    return False


def _runtime(value: object) -> Iterable[object] | None:
    """Return what a value holds; None for one that holds nothing that can be looked into."""
    if isinstance(value, Mapping):
        return chain.from_iterable(value.items())
    if isinstance(value, list | tuple | set | frozenset | deque):
        return value
    if isinstance(value, BaseModel):
        return chain(value.__dict__.values(), (value.__pydantic_extra__ or {}).values())
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name, None) for field in fields(value)]
    if isinstance(value, Enum):
        return [value.value]
    return None
