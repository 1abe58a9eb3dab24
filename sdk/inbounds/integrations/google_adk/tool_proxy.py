"""The proxy that replaces the `run_async` of a tool, and returns the result that is permitted."""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from google.adk.tools import FunctionTool
from google.genai import types
from pydantic import BaseModel

from inbounds.errors import DecisionUnavailable, InboundsError
from inbounds.integrations._adapter.call_arguments import called_with, complete, require_judged
from inbounds.integrations._adapter.refusals import is_refusal_text, told
from inbounds.integrations._adapter.result_obligations import (
    Opaque,
    given,
    is_beyond_sight,
    owed,
    unlabelled,
)
from inbounds.integrations._adapter.running import failed, shown
from inbounds.pep.tool_errors import raise_alone
from inbounds.process.locks import ProcessLock
from inbounds.process.threads import run_in_background, run_in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Permit

_permits: WeakKeyDictionary[Any, tuple[Permit, Any, Mapping[str, Any]]] = WeakKeyDictionary()
"""The permits of calls whose tool has not run yet, by the context of the call."""

_TRACED = frozenset({"content", "structuredContent"})

_placing = ProcessLock()


def store_permit(context: Any, permit: Permit, tool: Any, judged: Mapping[str, Any]) -> None:
    """Store the permit of a call for its tool, with the judged arguments in ADK's form."""
    permit.defer_start()
    _permits[context] = (permit, tool, judged)


def take_permit(context: Any) -> Permit | None:
    """Remove and return the permit of a call that its tool has not used."""
    return _permits.pop(context, (None, None, {}))[0]


def install_proxy(tool: Any) -> None:
    """Install the proxy of a tool, unless it has one."""
    with _placing:
        if not isinstance(tool.run_async, ToolProxy):
            ToolProxy(tool)


class ToolProxy:
    """A tool proxy that runs the tool with the judged arguments only.

    Args:
        tool: The tool. Its `run_async` is replaced, and does not run the tool without a permit.
    """

    def __init__(self, tool: Any) -> None:
        self._tool = tool
        self._runs = tool.run_async
        tool.run_async = self

    async def __call__(self, *, args: dict[str, Any], tool_context: Any) -> Any:
        """Run the tool, as `BaseTool.run_async`, if there is a permit for this call."""
        none: tuple[Permit | None, Any, Mapping[str, Any]] = (None, None, {})
        permit, tool, judged = _permits.get(tool_context, none)
        if permit is None or tool is not self._tool:
            # The permit of another tool stays stored for that tool.
            unjudged = DecisionUnavailable("nothing has judged this call", code="permit.missing")
            return refusal(self._tool.name, unjudged)
        del _permits[tool_context]
        try:
            arguments = permit.arguments
            # The permit has the canonical arguments: what they were made of is still the same, or
            # else what there is now has to be the same.
            whole = with_defaults(self._tool, args)
            same = _text(whole) == _text(judged)
            called = _called(self._tool, arguments)
            if called is not None:
                require_judged(self._tool.name, permit, called, arguments)
            await run_in_thread(permit.compare, arguments if same else whole)
        except asyncio.CancelledError as error:
            run_in_background(permit.fail, error)
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return refusal(self._tool.name, error)
        try:
            with permit.tool_run.active():
                result = await self._runs(args=arguments, tool_context=tool_context)
        except BaseException as error:
            unrecorded = await run_in_thread(failed, permit, error)
            if unrecorded is None:
                if (seen := shown(permit, error)) is not error:
                    # A later plugin may let the model read it.
                    raise_alone(seen)
                raise
            return refusal(self._tool.name, unrecorded)
        try:
            return await run_in_thread(_given, permit, result)
        except InboundsError as error:
            return refusal(self._tool.name, error)


def refusal(tool: str, error: BaseException) -> dict[str, str]:
    """Return the response that the model reads in place of a result."""
    return {"error": told(error, tool)}


def is_refusal(response: Mapping[str, Any]) -> bool:
    """Whether a response is one of `refusal`."""
    return response.keys() == {"error"} and is_refusal_text(str(response["error"]))


def with_defaults(tool: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Add all that ADK would call a tool's function with, so that it is judged as well."""
    left_out = set(getattr(tool, "_ignore_params", ()))
    own = {name: value for name, value in arguments.items() if name not in left_out}
    called = _called(tool, own)
    return own if called is None else complete(own, called)


def _called(tool: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what ADK calls a tool's function with; None where it has no function.

    None as well for arguments that the tool itself refuses.
    """
    if not isinstance(tool, FunctionTool):
        return None
    left_out = set(tool._ignore_params)  # noqa: SLF001 -- it has no public name
    try:
        made, issues = tool._preprocess_args_with_validation(dict(arguments))  # noqa: SLF001 -- as above
        known = inspect.signature(tool.func).parameters
        if issues:
            return None
        # ADK provides the others, and drops what the function does not take.
        provided = {name: None for name in left_out if name in known}
        given = {name: value for name, value in made.items() if name in known}
        return called_with(tool.func, (), {**given, **provided}, injected=left_out)
    except Exception:  # noqa: BLE001 -- a validator may raise anything, and does so again
        return None


def _given(permit: Permit, result: Any) -> Any:
    """Record that the tool has run, and return the part of its result that the agent may have."""
    result, take = unlabelled(result, permit, permit.finish)
    plain = _plain(result)
    if isinstance(plain, str):
        taken = given(plain, permit, take)
    elif isinstance(plain, dict) and _is_blocks(plain.get("content")):
        # The result of an MCP server: its text is in blocks, and perhaps once more beside them.
        if not owed(permit):
            _trace_beside(permit, plain)
        taken = {
            **({"isError": plain["isError"] is True} if "isError" in plain else {}),
            "content": given(plain["content"], permit, take),
        }
    elif is_beyond_sight(result, permit):
        taken = take(Opaque())
    else:
        taken = take(plain)
    return taken if owed(permit) else result


def _trace_beside(permit: Permit, answer: Mapping[str, Any]) -> None:
    """Take what the model reads beside the text of the blocks for a part of the result."""
    structured = answer.get("structuredContent")
    others = {
        name: part
        for name, part in answer.items()
        if name not in _TRACED and not (name == "isError" and type(part) is bool)
    }
    ids = [block["id"] for block in answer["content"] if "id" in block]
    for part in (structured, others, ids):
        if part:
            permit.admitted(part)


def _plain(result: Any) -> Any:
    if isinstance(result, BaseModel) and not isinstance(result, types.Part):
        return result.model_dump(mode="json", exclude_none=True)
    if isinstance(result, list | tuple):
        return [_plain(each) for each in result]
    return result


def _is_blocks(content: Any) -> bool:
    return isinstance(content, list) and all(
        isinstance(each, dict) and isinstance(each.get("type"), str) for each in content
    )


def _text(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, default=repr)
