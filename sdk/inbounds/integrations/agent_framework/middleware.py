"""The middleware that judges every call of a tool."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any

from agent_framework import (
    AgentMiddleware,
    ChatMiddleware,
    FunctionMiddleware,
    Message,
)
from agent_framework import MiddlewareTermination as Stop

# What every kind of MCP server is, to the framework's own agents.
from agent_framework._mcp import MCPTool

from inbounds.errors import InboundsError
from inbounds.integrations._adapter.current_task import shown_tools
from inbounds.integrations._adapter.hosted import hosted_in
from inbounds.integrations._adapter.refusals import told
from inbounds.integrations._adapter.requirements import guard_of, resources_of
from inbounds.integrations._adapter.running import Running, raise_shown
from inbounds.integrations._adapter.server_text import aobserve, to_descriptor
from inbounds.process.threads import run_in_thread

from .call import Asked, ToolCall, reject, rejected
from .history import expose_unseen, join_before_call, join_before_model, join_before_run
from .preflight import out_of_reach, require_all_reachable, require_reachable
from .run_input import RunInput
from .tool_proxy import served_as, stand_in_place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from inbounds.pep import Guard
    from inbounds.pep.tool import ResourceOf


_REJECTED = "Error: Tool call invocation was rejected by user."
"""What the framework itself lets a model read."""


class AuthorizationMiddleware:
    """Judges every call of a tool. The last of an agent's middleware.

    `create_guarded_agent` puts its members where they belong, and refuses what they cannot
    reach. The task is the one of the run's `function_invocation_kwargs` (their `task`), or else
    the one of the `with` block that the run is in.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the tool's name: a function that
            takes the tool's arguments, by name, as `resource=` of `Guard.tool`.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is given something else than it takes.

    Attributes:
        members: What it is made of, one of each of the framework's kinds of middleware. They
            are of use together only.
    """

    def __init__(self, guard: Guard, *, resources: Mapping[str, ResourceOf] | None = None) -> None:
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)
        call, request = AroundCall(self._resources), _AroundRequest()
        self.members: tuple[Any, ...] = (_AroundRun(call, request), call, request)

    def reachable(self, tool: Any) -> Any:
        """Return a tool as a guarded agent has it, if its calls will be judged here.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: it runs elsewhere, or is an
                agent that is not guarded; `configuration.tool_guarded_twice`;
                `configuration.tool_unknown`: nobody says what it touches.
        """
        if isinstance(tool, MCPTool):
            return tool  # its functions are looked at once it is connected
        require_reachable(tool, {*self._resources, *self._guard.tools})
        own = copy.copy(tool)
        stand_in_place(own)
        return own

    def reachable_beside(self, client: Any) -> None:
        """Refuse a client that knows of tools besides the agent's.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: it does.
        """
        for tool in client.function_invocation_configuration.get("additional_tools") or ():
            raise out_of_reach(tool.name, "runs outside of the agent")


class _AroundRun(AgentMiddleware):  # type: ignore[misc]  # not there for mypy
    """Hears a person's no, and comes after what the run itself brings."""

    def __init__(self, call: Any, request: Any) -> None:
        self._call = call
        self._request = request

    async def process(self, context: Any, call_next: Callable[[], Awaitable[None]]) -> None:
        """Go on with the run, as `AgentMiddleware.process`.

        Raises:
            DecisionUnavailable: Its conversation could not be joined with the task's session.
        """
        run = context.function_invocation_kwargs
        await join_before_run(run, context.session, context.messages)
        for message in context.messages:
            for said in message.contents:
                if said.type == "function_approval_response" and said.approved is not True:
                    reject(said.function_call, context.function_invocation_kwargs, context.session)
        brought = context.client_kwargs.get("middleware") or ()
        others = [each for each in brought if each not in (self._call, self._request)]
        # The framework tells a request nothing of what the run was given for its calls.
        request = _AroundRequest(run, RunInput.of(context))
        context.client_kwargs["middleware"] = [*others, self._call, request]
        await call_next()


class AroundCall(FunctionMiddleware):  # type: ignore[misc]  # not there for mypy
    """Lets a call go on with a permit alone."""

    def __init__(self, resources: Mapping[str, ResourceOf]) -> None:
        self._resources = resources

    async def process(self, context: Any, call_next: Callable[[], Awaitable[None]]) -> None:
        """Run the tool if the policy allows this call; else say in its result why not."""
        try:
            call = ToolCall(context, self._resources)
            require_reachable(context.function)
            await join_before_call(context.kwargs, context.session)
            if (before := call.outcome()) is not None:
                context.result = before.content
                return
            with call.running():
                permit = await call.permit()
                stand_in_place(context.function)
                running = Running(permit, id(context.function))
                try:
                    await run_in_thread(call.judge, permit)
                    call.discharge_early(permit, running)
                    with running.under_way():
                        await call_next()
                except Stop as stop:
                    # A layer ends the run; what it has brought, or the tool, is still looked at.
                    brought = context.result
                    if brought is None or inspect.isawaitable(brought):
                        brought = stop.result  # what was begun has given none
                    context.result = await self._ended(call, permit, running, brought)
                    raise _Raised(stop) from None
                except BaseException as seen:  # noqa: BLE001 -- it is raised below
                    error = running.raised(seen)
                    refusal = await run_in_thread(call.failed, permit, running, error)
                    if refusal is None:
                        raise _Raised(call.shown(permit, error)) from error
                    raise refusal from None
                outcome = await run_in_thread(call.finished, permit, running, context.result)
                context.result = outcome.content
        except _Raised as raised:
            raise_shown(raised.error, raised.__cause__)
        except Asked as asked:
            context.result = asked.request
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            context.result = told(error)

    @staticmethod
    async def _ended(call: ToolCall, permit: Any, running: Running, result: Any) -> Any:
        try:
            content = (await run_in_thread(call.finished, permit, running, result)).content
        except InboundsError as error:
            return told(error)
        # Where there is nothing, the framework would take what the layer has brought.
        return "" if content is None else content


class _AroundRequest(ChatMiddleware):  # type: ignore[misc]  # not there for mypy
    """Shows a model the tools of the task alone, and none that somebody else runs.

    Text that others have put before the model counts as untrusted from then on.

    Args:
        run: What the run was given for its calls, where that is known.
        given: The input of the run; by default, none of the text is the caller's.
    """

    def __init__(self, run: Mapping[str, Any] | None = None, given: RunInput | None = None) -> None:
        self._run = run
        self._given = given or RunInput(None, (), None)

    async def process(self, context: Any, call_next: Callable[[], Awaitable[None]]) -> None:
        """Send the request, as `ChatMiddleware.process`.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: a tool of it runs elsewhere.
            DecisionUnavailable: Its conversation, or the text of an MCP server, could not be
                joined with the task's session.
        """
        run = context.function_invocation_kwargs if self._run is None else self._run
        if not self._given.is_history_late:
            await join_before_model(run, context.session, context.messages, self._given)
        await self._expose_unseen(run, context)
        options = dict(context.options or {})
        tools = options.get("tools") or ()
        require_all_reachable(tools)
        if found := hosted_in(options, offers=False):
            raise out_of_reach(found, "runs at the provider")
        allowed = shown_tools(run)
        options["tools"] = [tool for tool in tools if tool.name in allowed]
        await aobserve(run, dict(filter(None, map(_served, options["tools"]))))
        if not options["tools"]:
            # Providers refuse a choice among none.
            options.pop("tools")
            options.pop("tool_choice", None)
        context.options = options
        context.messages = _without_words(context.messages, run, context.session)
        await call_next()
        # Layers that come later may have added messages; no call of the response has run yet.
        if self._given.is_history_late:
            await join_before_model(run, context.session, context.messages, self._given)
        await self._expose_unseen(run, context)
        self._given.record_answer()

    async def _expose_unseen(self, run: Mapping[str, Any], context: Any) -> None:
        texts = self._given.unseen(context.session, context.messages, context.options)
        await expose_unseen(run, texts)


def _served(tool: Any) -> tuple[str, Mapping[str, Any]] | None:
    """Return a tool's name and what an MCP server says of it; None for any other tool."""
    remote = served_as(tool)
    if not remote:
        return None
    return tool.name, to_descriptor(remote, tool.description or None, tool.parameters())


def _without_words(messages: Any, run: Mapping[str, Any], session: Any) -> list[Any]:
    """Let the model read one line where a person has said no, and not the framework's."""
    calls = {
        (said.id or said.call_id): said
        for message in messages
        for said in message.contents
        if said.type == "function_call"
    }
    read = []
    for message in messages:
        contents = [
            _of_rejected(said, calls, run, session) if said.type == "function_result" else said
            for said in message.contents
        ]
        if any(new is not old for new, old in zip(contents, message.contents, strict=True)):
            own: Message = copy.copy(message)
            own.contents = contents
            read.append(own)
        else:
            read.append(message)
    return read


def _of_rejected(said: Any, calls: Mapping[str, Any], run: Mapping[str, Any], session: Any) -> Any:
    call = calls.get(said.id or said.call_id) or calls.get(said.call_id)
    if call is None or said.result != _REJECTED:
        return said
    text = rejected(call, run, session)
    if not text:
        return said
    return type(said).from_function_result(call_id=said.call_id, id=said.id, result=text)


class _Raised(Exception):
    """What a tool raised, on its way past what answers for this adapter's own faults."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error
