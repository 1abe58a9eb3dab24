"""A proxy of a tool that runs it with the judged arguments alone."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_core.tools import ToolException

# What a tool itself makes of a result and of an error, before its callbacks are called.
from langchain_core.tools.base import (
    _format_output,
    _handle_tool_error,
    _handle_validation_error,
)
from langgraph.errors import GraphBubbleUp
from pydantic import ValidationError
from pydantic.v1 import ValidationError as ValidationErrorV1

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.result_obligations import owed
from inbounds.integrations._adapter.running import Once
from inbounds.integrations._adapter.validated import require_same
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inbounds.pep import Permit


class InPlace(Once):
    """Stands in a tool's place, and lets it run with the judged arguments alone.

    A tool calls the program's callbacks itself: tracers, and handlers of streamed events. They
    get what the agent may have, so obligations are discharged before the tool calls them.

    Args:
        tool: The tool. It stays as it is.
        permit: Of the call.
        hidden: The names of the arguments that the framework puts in.
        give: Returns what the agent may have of a message of the tool.
        refusal_message: Returns the message that the agent reads instead.
    """

    def __init__(
        self,
        tool: Any,
        permit: Permit,
        hidden: frozenset[str],
        *,
        give: Callable[[Any], Any],
        refusal_message: Callable[[InboundsError], Any],
    ) -> None:
        super().__init__()
        self._tool = tool
        self._permit = permit
        self._hidden = hidden
        self._give = give
        self._refusal_message = refusal_message
        self._parsed: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    def invoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.invoke`."""
        self._compare(call)
        try:
            with self._permit.tool_run.active():
                return self._placed(call).invoke(call, config, **options)
        except BaseException as error:
            if (raised := self.raised(error)) is error:
                raise
        raise raised  # its node may handle its type; what becomes of it is looked at

    async def ainvoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.ainvoke`."""
        await run_in_thread(self._compare, call)
        try:
            with self._permit.tool_run.active():
                return await self._placed(call).ainvoke(call, config, **options)
        except BaseException as error:
            if (raised := self.raised(error)) is error:
                raise
        raise raised

    def _compare(self, call: Mapping[str, Any]) -> None:
        arguments = {n: value for n, value in call["args"].items() if n not in self._hidden}
        with self.beginning():
            self._parse(call, arguments)
            self._permit.compare(arguments)

    def _parse(self, call: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        """Let the tool's schema parse what it is called with, once, and compare what it makes."""
        try:
            made = self._tool._parse_input(dict(call["args"]), call.get("id"))  # noqa: SLF001 -- what the tool itself does
        except Exception:  # noqa: BLE001 -- the tool says so itself
            return
        own = {n: value for n, value in made.items() if n not in self._hidden}
        require_same(self._permit, own, arguments, self._tool.args_schema)
        self._parsed = made

    def _placed(self, call: Mapping[str, Any]) -> Any:
        """Return the tool, which gives its callbacks no more than the agent may have."""
        own = copy.copy(self._tool)
        run, arun = own._run, own._arun  # noqa: SLF001 -- what a class of tools is made of
        call_id = call.get("id") or ""

        @functools.wraps(run)
        def placed_run(*args: Any, **arguments: Any) -> Any:
            try:
                result = run(*args, **arguments)
            except BaseException as error:  # noqa: BLE001 -- callbacks would read its words
                result = self._handled(error)
            return self._returned(result, call_id)

        @functools.wraps(arun)
        async def placed_arun(*args: Any, **arguments: Any) -> Any:
            try:
                result = await arun(*args, **arguments)
            except BaseException as error:  # noqa: BLE001 -- as above
                result = self._handled(error)
            if owed(self._permit):
                return await run_in_thread(self._returned, result, call_id)
            return self._returned(result, call_id)

        # In the object itself: what runs the tool finds it before the class's.
        object.__setattr__(own, "_run", placed_run)
        object.__setattr__(own, "_arun", placed_arun)
        if self._parsed is not None:
            object.__setattr__(own, "_parse_input", lambda *_: self._parsed)
        return own

    def _handled(self, error: BaseException) -> _Handled:
        """Return what the tool makes of an error, where anything is owed to its results.

        Raises:
            BaseException: What callbacks may see of one that the tool does not handle, or that
                the tool's class handles itself.
        """
        handler = _handler(self._tool, error) if owed(self._permit) else None
        if handler is None:
            self._raise(error)
        try:
            return _Handled(handler(error))
        except Exception as fault:  # noqa: BLE001 -- as above
            self._raise(fault)

    def _raise(self, error: BaseException) -> NoReturn:
        """Raise what callbacks may see of an error."""
        if isinstance(error, GraphBubbleUp):
            raise error  # one that waits, or moves the graph on, is not a failure
        self.raise_shown(self._permit, error)

    def _returned(self, result: Any, call_id: str) -> Any:
        """Return a result without its label; the message of it where anything is owed."""
        pair = self._tool.response_format == "content_and_artifact"
        content, artifact, status = result, None, "success"
        if isinstance(result, _Handled):
            content, status = result.content, "error"
        elif not pair:
            content = self.label.bare(result)
        elif isinstance(result, tuple) and len(result) == 2:
            content, artifact = map(self.label.bare, result)
        else:
            return result  # the tool's class refuses it
        if owed(self._permit):
            content, artifact = self._message(content, status, call_id), None
        return (content, artifact) if pair else content

    def _message(self, content: Any, status: str, call_id: str) -> Any:
        """Return a message, or what a tool returns in the place of one, as the agent may have it.

        The tool's class takes it as it is.
        """
        try:
            return self._give(_format_output(content, None, call_id, self._tool.name, status))
        except InboundsError as error:
            self.withheld = error
            return self._refusal_message(error)
        except Exception as error:  # noqa: BLE001 -- what cannot be made text of may say anything
            self._raise(error)


@dataclass(frozen=True, slots=True)
class _Handled:
    """What a tool says instead of an error."""

    content: Any


def _handler(tool: Any, error: BaseException) -> Callable[[Any], Any] | None:
    """Return what makes content of an error for a tool; None where the tool does not handle it."""
    if isinstance(error, ToolException) and tool.handle_tool_error:
        return functools.partial(_handle_tool_error, flag=tool.handle_tool_error)
    if isinstance(error, ValidationError | ValidationErrorV1) and tool.handle_validation_error:
        return functools.partial(_handle_validation_error, flag=tool.handle_validation_error)
    return None
