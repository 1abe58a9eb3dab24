"""A proxy of a tool that runs it with the judged arguments alone."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.tools import StructuredTool, Tool, ToolException

# What a tool itself makes of a result and of an error, before its callbacks are called; and by
# which name it provides the configuration of a run.
from langchain_core.tools.base import (
    _format_output,
    _get_runnable_config_param,
    _handle_tool_error,
    _handle_validation_error,
)
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command
from pydantic import ValidationError
from pydantic.v1 import ValidationError as ValidationErrorV1

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.call_arguments import by_field, called_with, require_judged
from inbounds.integrations._adapter.result_obligations import owed, require_there
from inbounds.integrations._adapter.running import Once
from inbounds.integrations._adapter.validated import require_same
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from inbounds.integrations._adapter.call_arguments import CallArguments
    from inbounds.pep import Permit

    Provided = tuple[Callable[..., Any], frozenset[str]]
    """A function, and the names of the arguments that the framework provides to it."""


def functions_of(tool: Any, hidden: frozenset[str]) -> list[Provided]:
    """Return what a call of a tool may call.

    Args:
        tool: The tool.
        hidden: The names of the arguments that the framework puts in.
    """
    own = (tool.func, tool.coroutine) if isinstance(tool, StructuredTool | Tool) else ()
    runs = (tool._run, tool._arun)  # noqa: SLF001 -- what a class of tools is made of
    # Without one of its own, the async of them is given what the other takes.
    provided = {*hidden, "run_manager", *map(_get_runnable_config_param, runs)}
    return [
        *((each, frozenset(filter(None, provided))) for each in runs),
        *((each, _provided(each, hidden)) for each in own if each is not None),
    ]


def _provided(function: Callable[..., Any], hidden: frozenset[str]) -> frozenset[str]:
    config = _get_runnable_config_param(function)
    return frozenset({*hidden, "callbacks", *([config] if config else [])})


class InPlace(Once):
    """Stands in a tool's place, and lets it run with the judged arguments alone.

    A tool calls the program's callbacks itself: tracers, and handlers of streamed events. They
    get what the agent may have, so obligations are discharged before the tool calls them.

    Args:
        tool: The tool. It stays as it is.
        permit: Of the call.
        hidden: The names of the arguments that the framework puts in.
        arguments: Those of the call, as they are judged.
        give: Returns what the agent may have of a message of the tool.
        refusal_message: Returns the message that the agent reads instead.
    """

    def __init__(
        self,
        tool: Any,
        permit: Permit,
        hidden: frozenset[str],
        arguments: CallArguments,
        *,
        give: Callable[[Any], Any],
        refusal_message: Callable[[InboundsError], Any],
    ) -> None:
        super().__init__()
        self._tool = tool
        self._permit = permit
        self._hidden = hidden
        self._arguments = arguments
        self._judged: dict[str, Any] = {}
        self._give = give
        self._refusal_message = refusal_message
        self._parsed: dict[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    def invoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.invoke`."""
        try:
            with self._permit.tool_run.active():
                call = self._compared(call)
                return self._placed(call).invoke(call, config, **options)
        except BaseException as error:
            if (raised := self.raised(error)) is error:
                raise
        raise raised  # its node may handle its type; what becomes of it is looked at

    async def ainvoke(self, call: Any, config: Any = None, **options: Any) -> Any:
        """Run the tool, as `BaseTool.ainvoke`."""
        try:
            with self._permit.tool_run.active():
                call = await run_in_thread(self._compared, call)
                return await self._placed(call).ainvoke(call, config, **options)
        except BaseException as error:
            if (raised := self.raised(error)) is error:
                raise
        raise raised

    def _compared(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """Return a call as the tool takes it, once it is known to be the judged one."""
        arguments = {n: value for n, value in call["args"].items() if n not in self._hidden}
        stated = {**call, "args": self._arguments.stated(call["args"])}
        with self.beginning():
            self._judged = by_field(self._tool.args_schema, self._permit.arguments)
            self._parse(stated, arguments)
            self._permit.compare(arguments)
        return stated

    def _require(
        self, call: Mapping[str, Any], functions: list[Provided], args: Any, arguments: Any
    ) -> None:
        """Require that functions of the tool are called with what was judged.

        Raises:
            ArgumentNotRepresentable: `argument.does_not_fit`. None of them must run.
        """
        by_place = dict(zip((n for n in call["args"] if n not in self._hidden), args, strict=False))
        for function, provided in functions:
            given = functools.partial(function, *args) if args else function
            called = called_with(given, (), arguments, injected=provided)
            # It keeps what the framework provides to it alone.
            arguments = {n: v for n, v in arguments.items() if n not in provided - self._hidden}
            try:
                require_judged(self._tool.name, self._permit, by_place | called, self._judged)
            except InboundsError as error:
                self.refusal = error
                raise

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
        of_run, of_arun, *others = functions_of(self._tool, self._hidden)
        sync = [each for each in others if each[0] is not getattr(own, "coroutine", None)]

        @functools.wraps(run)
        def placed_run(*args: Any, **arguments: Any) -> Any:
            self._require(call, [of_run, *sync], args, arguments)
            try:
                result = run(*args, **arguments)
            except BaseException as error:  # noqa: BLE001 -- callbacks would read its words
                result = self._handled(error)
            return self._returned(result, call_id)

        @functools.wraps(arun)
        async def placed_arun(*args: Any, **arguments: Any) -> Any:
            self._require(call, [of_arun, *(e for e in others if e not in sync)], args, arguments)
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
        """Return a result without its label; the message of it where anything is owed.

        Raises:
            InboundsError: A part of it would do its work later.
        """
        try:
            for each in messages_of(result):
                beside = each.additional_kwargs, each.response_metadata
                require_there(self._permit, each.artifact, *beside)
            return self._bare(result, call_id)
        except InboundsError as error:
            self.refusal = error
            self._raise(error)

    def _bare(self, result: Any, call_id: str) -> Any:
        pair = self._tool.response_format == "content_and_artifact"
        content, artifact, status = result, None, "success"
        if isinstance(result, _Handled):
            content, status = result.content, "error"
        elif not pair:
            # The content of a message is looked into; what is beside it, no model reads.
            content = self.label.bare(result, self._permit, shown=not messages_of(result))
        elif isinstance(result, tuple) and len(result) == 2:
            content = self.label.bare(result[0], self._permit)
            artifact = self.label.bare(result[1], self._permit, shown=False)
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


def messages_of(result: Any) -> list[Any]:
    """Return the messages of a tool in what it gives: one, several, or those of a command."""
    return [each for each in _parts(result) if isinstance(each, ToolMessage)]


def contents_of(result: Any) -> list[Any]:
    """Return what the agent may come to read of what a tool gives.

    That is the content of each message, and what a command puts into any member of the state.
    """
    return [each.content if isinstance(each, BaseMessage) else each for each in _parts(result)]


def _parts(result: Any) -> list[Any]:
    """Take apart what a tool gives: whichever member of the state a command puts it into."""
    found: list[Any] = []
    waiting, opened = [result], set[int]()
    while waiting:
        each = waiting.pop()
        inner = _within(each)
        if inner is None:
            found += [] if each is None else [each]
        elif id(each) not in opened:
            opened.add(id(each))  # it may hold itself
            waiting += reversed(inner)
    return found


def _within(part: Any) -> list[Any] | None:
    """Return what a command, a mapping or a list holds; None for anything else."""
    if isinstance(part, Command):
        is_state = not isinstance(part.update, BaseMessage) and hasattr(part.update, "__dict__")
        return [*vars(part.update).values()] if is_state else [part.update]
    if isinstance(part, Mapping):
        return [*part.values()]
    return [*part] if isinstance(part, list | tuple) else None
