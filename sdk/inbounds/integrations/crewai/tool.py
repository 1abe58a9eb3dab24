"""In a tool's place: runs it under a permit alone."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from crewai.tools.agent_tools.base_agent_tools import BaseAgentTool
from crewai.tools.base_tool import BaseTool, Tool
from crewai.tools.mcp_native_tool import MCPNativeTool
from crewai.tools.mcp_tool_wrapper import MCPToolWrapper
from crewai.tools.tool_failure import ToolFailure
from pydantic import PrivateAttr

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.call_arguments import CallArguments, called_with
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.refusals import told
from inbounds.integrations._adapter.requirements import resource_for
from inbounds.integrations._adapter.result_obligations import given_value, owed
from inbounds.integrations._adapter.running import (
    Running,
    failed,
    on_its_own,
    permitted,
    raise_shown,
    shown,
)
from inbounds.integrations._adapter.server_text import held_descriptor, to_descriptor

from .history import see_passed_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inbounds.pep import Permit
    from inbounds.pep.tool import ResourceOf

_call_id: ContextVar[str] = ContextVar("inbounds_crewai_call_id", default="")

_latest: ContextVar[tuple[Any, Any, Permit] | None] = ContextVar(
    "inbounds_crewai_latest", default=None
)
"""The tool that was called last here, its result, and the permit of the call."""


@contextmanager
def called_as(call_id: str) -> Iterator[None]:
    """Say by which id a model has asked for what is called within."""
    token = _call_id.set(call_id)
    try:
        yield
    finally:
        _call_id.reset(token)


class JudgedTool(BaseTool):  # type: ignore[misc]  # not there for mypy
    """Stands in the place of a tool. Calling it asks the policy, whoever calls it."""

    _tool: Any = PrivateAttr()
    _placed: Any = PrivateAttr()
    _authorization: Any = PrivateAttr()
    _registered: str = PrivateAttr()
    _resource: Any = PrivateAttr()
    _served: bool = PrivateAttr()

    @classmethod
    def of(
        cls,
        tool: Any,
        authorization: Any,
        registered: str,
        resource: ResourceOf | None,
        *,
        guarded: bool,
    ) -> Any:
        """Stand in the place of a tool.

        Args:
            tool: It stays as it is.
            authorization: Whose it is.
            registered: The name that the registry has for it.
            resource: What a call of it touches; None where its guard knows.
            guarded: Whether its function is a guarded one.
        """
        own = cls(
            name=tool.name,
            description=tool.description,
            args_schema=tool.args_schema,
            result_schema=tool.result_schema,
            result_as_answer=tool.result_as_answer,
            max_usage_count=tool.max_usage_count,
            current_usage_count=tool.current_usage_count,
            tool_failure_policy=tool.tool_failure_policy,
            # What another run was given is not this one's to read.
            cache_function=_never,
        )
        own._tool = tool
        own._placed = _placed(tool)
        own._authorization = authorization
        own._registered = registered
        own._resource = resource
        own._served = not guarded and own.descriptor is not None
        return own

    @property
    def authorization(self) -> Any:
        """Whose it is."""
        return self._authorization

    @property
    def registered(self) -> str:
        """The name that the registry has for it."""
        return self._registered

    @property
    def descriptor(self) -> Any:
        """What the framework has kept of what an MCP server says of it; None for another tool."""
        tool = self._tool
        if not isinstance(tool, MCPNativeTool | MCPToolWrapper):
            return held_descriptor(tool._run, getattr(tool, "func", None))  # noqa: SLF001 -- as when it runs
        schema = tool.args_schema.model_json_schema()
        return to_descriptor(tool.original_tool_name, tool.description, schema)

    def run(self, *args: Any, **arguments: Any) -> Any:
        """Run the tool, as `BaseTool.run`, if the policy allows this call."""
        return self._judge(self._validate_kwargs(self._named(args, arguments)))

    async def arun(self, *args: Any, **arguments: Any) -> Any:
        """Async twin of `run`. The event loop waits for neither policy nor tool."""
        return await asyncio.to_thread(functools.partial(self.run, *args, **arguments))

    def _run(self, *args: Any, **arguments: Any) -> Any:
        return self._judge(self._named(args, arguments))

    async def _arun(self, *args: Any, **arguments: Any) -> Any:
        return await asyncio.to_thread(functools.partial(self._run, *args, **arguments))

    def format_output_for_agent(self, raw_result: Any) -> str:
        """Make text of a result, as the tool itself does; of one that it has not given, plainly."""
        if isinstance(raw_result, ToolFailure):
            return str(raw_result.as_agent_message())
        if isinstance(raw_result, _Taken):
            return str(raw_result.value)
        latest = _latest.get()
        if latest is None or latest[0] is not self._tool or latest[1] is not raw_result:
            return str(raw_result)
        permit = latest[2]
        try:
            # The text for the model is a part of the call.
            with permit.tool_run.active():
                return str(self._tool.format_output_for_agent(raw_result))
        except BaseException as error:  # noqa: BLE001 -- the framework lets the model read it
            raise_shown(shown(permit, error), error)

    def _named(self, args: tuple[Any, ...], arguments: dict[str, Any]) -> dict[str, Any]:
        names = list(self.args_schema.model_fields)
        if len(args) > len(names) or {*names[: len(args)]} & {*arguments}:
            raise TypeError(f"`{self.name}` takes its arguments by name")
        return {**dict(zip(names, args, strict=False)), **arguments}

    # --- one call ---------------------------------------------------------------------------

    def _judge(self, arguments: dict[str, Any]) -> Any:
        """Run the tool if the policy allows this call; else return why not, as its failure."""
        try:
            if (spent := self._tool._claim_usage()) is not None:  # noqa: SLF001 -- counts for all of its places
                return spent
            function = self._tool.func if isinstance(self._tool, Tool) else self._tool._run  # noqa: SLF001 -- what a class of tools is made of
            call = CallArguments.of(self.args_schema, arguments, [(function, ())])
            task = task_of(None)
            resource = resource_for(task, self._registered, self._resource, served=self._served)
            permit = task.permit(
                self._registered, call.whole, resource=resource, tool_call_id=_call_id.get()
            )
            if isinstance(self._tool, BaseAgentTool):
                see_passed_on(permit.arguments.values())
            permit.defer_start()
            running = Running(permit, id(self._tool))
            try:
                with running.under_way(), permit.tool_run.active(), called_as(""):
                    result = self._placed.run(**call.stated(permit.arguments))
            except BaseException as error:
                refusal = _failed(permit, error)
                if refusal is None:
                    # The framework lets the model read it.
                    raise _Raised(shown(permit, error)) from error
                raise refusal from None
            return self._finished(permit, running, result)
        except _Raised as raised:
            raise_shown(raised.error, raised.__cause__)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return refused(error)

    def _finished(self, permit: Permit, running: Running, result: Any) -> Any:
        """Record that it has run, and return what the agent may have of its result."""
        running.require_own(result)
        taken = given_value(result, permit, permit.finish)
        if owed(permit):
            return _Taken(taken)
        _latest.set((self._tool, taken, permit))
        return taken


class _Taken:
    """What is left of a result: the tool's own way to make text of it may know more."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __str__(self) -> str:
        return str(self.value)

    __repr__ = __str__


def refused(error: BaseException) -> Any:
    """Return what the model reads instead of a result: no answer, and never the agent's last."""
    return ToolFailure(message=told(error))


def _failed(permit: Permit, error: BaseException) -> Exception | None:
    """Record that it raised; return what to tell the model, unless the tool failed."""
    if (unrecorded := failed(permit, error)) is not None:
        return unrecorded
    own = isinstance(error, InboundsError) and error.decision_id == permit.decision.id
    return error if own and isinstance(error, Exception) else None


def _placed(tool: Any) -> Any:
    """Return a tool whose innermost runs what was judged, and no more; its state is the tool's."""
    placed = copy.copy(tool)
    # They are counted once, before the call is judged.
    placed.max_usage_count = None
    if isinstance(tool, Tool):
        placed.func = _in_place(tool.func, id(tool))
        return placed
    for name in ("_run", "_arun"):
        method = getattr(tool, name)
        # In the object itself: the framework's own `run` finds it before the class's.
        object.__setattr__(placed, name, _in_place(method, id(tool)))
    return placed


def _in_place(function: Callable[..., Any], place: int) -> Callable[..., Any]:
    def placed(*args: Any, **arguments: Any) -> Any:
        running = permitted()
        called = called_with(function, args, arguments)
        running.begin(place, called if args else arguments, called)
        with on_its_own(running):
            result = function(*args, **arguments)
        return _alone(running, result) if inspect.isawaitable(result) else result

    return placed


async def _alone(running: Running, result: Any) -> Any:
    with on_its_own(running):
        return await result


def _never(_arguments: Any = None, _result: Any = None) -> bool:
    return False


class _Raised(Exception):
    """What a tool raised, on its way past what answers for this adapter's own faults."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
