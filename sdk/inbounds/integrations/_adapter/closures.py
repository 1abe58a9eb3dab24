"""What a function holds on to, for adapters that look for agents inside of tools."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def held(function: Any) -> Iterator[Any]:
    """Yield a function, what it is a part of, belongs to and closes over, one level deep.

    Args:
        function: Anything that can be called.
    """
    while isinstance(function, functools.partial):
        yield from (*function.args, *function.keywords.values())
        function = function.func
    yield function
    owner = getattr(function, "__self__", None)
    yield from (owner, *getattr(owner, "__dict__", {}).values())
    plain = inspect.unwrap(getattr(function, "__func__", function))
    if inspect.isfunction(plain):
        found = inspect.getclosurevars(plain)
        yield from (*found.nonlocals.values(), *found.globals.values())
    else:
        # An object that is called: what it was made with.
        yield from getattr(function, "__dict__", {}).values()
