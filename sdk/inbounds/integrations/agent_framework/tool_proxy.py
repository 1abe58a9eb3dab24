"""In the place of a tool's own function: lets run what was judged, and no more."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import TYPE_CHECKING, Any

from agent_framework import (
    Content,
    FunctionTool,
    MiddlewareFailure,
    MiddlewareTermination,
    UserInputRequiredException,
)
from agent_framework._mcp import _MCP_REMOTE_NAME_KEY
from agent_framework._tools import SKIP_PARSING

from inbounds.integrations._adapter.call_arguments import called_with
from inbounds.integrations._adapter.running import on_its_own, permitted
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "__inbounds_in_place__"

ENDS = (MiddlewareFailure, MiddlewareTermination, UserInputRequiredException)
"""What a tool raises to end the run, or to have the user of an agent within asked."""


class Contents(list[Any]):
    """What the framework's parser of a tool would have made of its result, for it to give."""


def served_as(tool: Any) -> Any:
    """Return the name that an MCP server has for a tool; None for any other tool."""
    return (tool.additional_properties or {}).get(_MCP_REMOTE_NAME_KEY)


def stand_in_place(tool: Any) -> None:
    """Let a tool run under a permit alone, whoever calls it; all its code is within the call."""
    if not getattr(tool.func, _MARK, False):
        tool.func = _placed(tool, tool.func)
        tool.invoke = _within_call(tool.invoke)
        if callable(tool.result_parser):
            tool.result_parser = _unless_parsed(tool.result_parser)


def _within_call(invoke: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(invoke)
    async def within(*args: Any, **arguments: Any) -> Any:
        with permitted().tool_run.active():
            return await invoke(*args, **arguments)

    return within


def _unless_parsed(parser: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(parser)
    def parse(result: Any) -> Any:
        return result if isinstance(result, Contents) else parser(result)

    return parse


def parsed(tool: Any, result: Any) -> Any:
    """Return what the framework makes of a result of a tool, before its spans have it."""
    if tool.result_parser is SKIP_PARSING:
        return result
    if callable(tool.result_parser):
        made = tool.result_parser(result)
    else:
        try:
            made = FunctionTool.parse_result(result)
        except Exception:  # noqa: BLE001 -- as the framework does
            made = str(result)
    return Contents([Content.from_text(made)] if isinstance(made, str) else made)


def own_function(tool: Any) -> Any:
    """Return the function that a tool had before."""
    function = tool.func
    return function.__wrapped__ if getattr(function, _MARK, False) else function


def _placed(tool: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    place = id(tool)

    @functools.wraps(function)
    async def placed(*args: Any, **arguments: Any) -> Any:
        running = permitted()
        ((own, provided),) = functions_of(tool)
        called = called_with(own, args, arguments, injected=provided)
        by_place = args[tool._instance is not None :]  # noqa: SLF001 -- it has no public name
        given = {n: v for n, v in called.items() if by_place or n in arguments}
        await run_in_thread(running.begin, place, given, called)
        try:
            with on_its_own(running):
                result = await _run(function, args, arguments)
            result = running.label.bare(result, running.permit)
            if running.give is not None:
                result = await run_in_thread(running.give, result)
        except ENDS:
            raise
        except BaseException as error:  # noqa: BLE001 -- spans and logs would have its words
            running.raise_shown(running.permit, error)
        return result

    setattr(placed, _MARK, True)
    return placed


async def _run(function: Callable[..., Any], args: Any, arguments: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*args, **arguments)
    # As the framework does with a function that may wait.
    result = await asyncio.to_thread(function, *args, **arguments)
    return await result if inspect.isawaitable(result) else result


def functions_of(tool: Any) -> list[tuple[Any, frozenset[str]]]:
    """Return what a call of a tool calls, and the names of what the framework provides to it."""
    function = own_function(tool)
    provided = {tool._context_parameter_name}  # noqa: SLF001 -- it has no public name
    if tool._instance is not None:  # noqa: SLF001 -- as above
        provided.add(next(iter(inspect.signature(function).parameters), None))
    while isinstance(function, FunctionTool):
        function = own_function(function)
    return [(function, frozenset(filter(None, provided)))]
