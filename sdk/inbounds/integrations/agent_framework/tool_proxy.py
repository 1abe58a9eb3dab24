"""In the place of a tool's own function: lets run what was judged, and no more."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import TYPE_CHECKING, Any

from agent_framework import FunctionInvocationContext

from inbounds.integrations._adapter.running import on_its_own, permitted
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "__inbounds_in_place__"


def stand_in_place(tool: Any) -> None:
    """Let the function of a tool run under a permit alone, whoever calls it."""
    if not getattr(tool.func, _MARK, False):
        tool.func = _placed(tool, tool.func)


def own_function(tool: Any) -> Any:
    """Return the function that a tool had before."""
    function = tool.func
    return function.__wrapped__ if getattr(function, _MARK, False) else function


def _placed(tool: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    place = id(tool)

    @functools.wraps(function)
    async def placed(*args: Any, **arguments: Any) -> Any:
        running = permitted()
        said = _said(function, args, arguments, getattr(tool, "_instance", None))
        await run_in_thread(running.begin, place, said)
        with on_its_own(running):
            if inspect.iscoroutinefunction(function):
                return running.label.bare(await function(*args, **arguments))
            # As the framework does with a function that may wait.
            result = await asyncio.to_thread(function, *args, **arguments)
            return running.label.bare(await result if inspect.isawaitable(result) else result)

    setattr(placed, _MARK, True)
    return placed


def _said(
    function: Callable[..., Any], args: tuple[Any, ...], arguments: dict[str, Any], owner: Any
) -> dict[str, Any]:
    """Return by name what a function is about to be given, but for what the framework puts in.

    Args:
        function: The tool's own.
        args: What it is given by position.
        arguments: What it is given by name.
        owner: The object whose method it is; None for none.
    """
    placed = inspect.signature(function).bind_partial(*args).arguments if args else {}

    def own(value: Any) -> bool:
        return isinstance(value, FunctionInvocationContext) or (
            owner is not None and value is owner
        )

    return {n: value for n, value in {**placed, **arguments}.items() if not own(value)}
