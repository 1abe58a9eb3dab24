"""Results that would do their work later, out of sight of the permit."""

from __future__ import annotations

import functools
import inspect
import io
import types
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from inbounds.errors import ConfigurationError

from .labelled import PLAIN, Labelled

_MOST_VALUES = 1000
"""How many values of a list, or of what else holds some, are looked at."""

_LATER = (
    Iterator,
    AsyncIterator,
    functools.partial,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
)


def refuse_lazy(tool: str, result: Any) -> None:
    """Refuse a result that would do its work after the permit was used.

    Looked at are the result and, where it is a list, a tuple, a set or a dict, the first 1,000
    of its values, each without its label. An open file passes.

    Raises:
        ConfigurationError: `configuration.tool_is_lazy`. What can be closed, is.
    """
    if type(result) in PLAIN:
        return
    lazy = [value for value in _looked_at(result) if _is_lazy(value)]
    if not lazy:
        return
    for value in lazy:
        if inspect.isgenerator(value) or inspect.iscoroutine(value):
            value.close()
    raise ConfigurationError(
        f"`{tool}` returned something that runs later, out of sight of its permit",
        code="configuration.tool_is_lazy",
        hint="return a list of what it brings, or guard the async or generator function itself",
        executed="unknown",
    )


def _looked_at(result: Any) -> Iterator[Any]:
    def unlabelled(value: Any) -> Any:
        while isinstance(value, Labelled):
            value = value.value
        return value

    value = unlabelled(result)
    yield value
    if isinstance(value, list | tuple | set | frozenset):
        yield from map(unlabelled, islice(value, _MOST_VALUES))
    elif isinstance(value, dict):
        yield from map(unlabelled, islice(value.values(), _MOST_VALUES))


def _is_lazy(value: Any) -> bool:
    if type(value) in PLAIN or isinstance(value, io.IOBase):
        return False
    return isinstance(value, _LATER) or inspect.isawaitable(value)
