"""Errors of tools without their words, and without what else holds them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NoReturn, TypeVar

from inbounds.errors import InboundsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = __name__.partition(".")[0] + "."
_CANCELLED = (("asyncio", "CancelledError"), ("trio", "Cancelled"), ("greenlet", "GreenletExit"))
_CANCEL_SCOPE = re.compile(r"Cancelled (?:by|via) cancel scope [0-9a-f]{1,32}(?![0-9a-f])")
"""How anyio knows by whom a task was cancelled."""


def silenced(error: BaseException) -> BaseException | None:
    """Return what an error is without its words; None for one that is nothing else.

    What stops a program or a task still does. An error of this package holds no value of a tool,
    but what it was raised from may.

    Args:
        error: What a tool raised. It is changed where its identity matters to an event loop.
    """
    own = isinstance(error, InboundsError) and type(error).__module__.startswith(_PACKAGE)
    if own:
        return detach(error)
    if isinstance(error, BaseExceptionGroup):
        stops = (silenced(each) for each in error.exceptions if not isinstance(each, Exception))
        return next((each for each in stops if each is not None), None)
    for kind in _stopping():
        if type(error) is kind:
            error.args = tuple(filter(None, [_cancel_scope(error)]))
            error.__dict__.clear()
            if isinstance(error, SystemExit):
                error.code = error.code if type(error.code) is int else int(bool(error.code))
                error.args = (error.code,)
            return detach(error)
        if isinstance(error, kind):
            return kind()
    return None


def raise_alone(error: BaseException) -> NoReturn:
    """Raise an error without the one that is being handled, which may hold a tool's words."""
    try:
        raise error
    finally:
        detach(error)


_E = TypeVar("_E", bound=BaseException)


def detach(error: _E) -> _E:
    """Take from an error what it was raised from, its notes and its traceback; return it."""
    error.__cause__ = error.__context__ = None
    error.__suppress_context__ = True
    getattr(error, "__notes__", []).clear()
    return error.with_traceback(None)


def forget(fault: BaseException, error: BaseException) -> None:
    """Take an error out of all that another one was raised from."""
    behind, known = [fault], {id(fault)}
    while behind:
        each = behind.pop()
        for name in ("__cause__", "__context__"):
            before = getattr(each, name)
            if before is error:
                setattr(each, name, None)
            elif before is not None and id(before) not in known:
                known.add(id(before))
                behind.append(before)


def _stopping() -> Iterator[type[BaseException]]:
    """Yield the kinds of error that stop a program or a task, those of loops that are in use."""
    yield from (KeyboardInterrupt, SystemExit, GeneratorExit)
    for module, name in _CANCELLED:
        if module in sys.modules:
            yield getattr(sys.modules[module], name)


def _cancel_scope(error: BaseException | None) -> str | None:
    """Return what anyio knows a cancellation by, which may be of the error behind."""
    while error is not None and not isinstance(error, Exception):
        for argument in error.args:
            if isinstance(argument, str) and (found := _CANCEL_SCOPE.match(argument)):
                return found[0]
        error = error.__context__
    return None
