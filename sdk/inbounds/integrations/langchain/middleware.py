"""The middleware that judges every call of a tool."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from langchain.agents.middleware import AgentMiddleware, TracePolicy, omit_payload
from langchain_core.messages import SystemMessage
from langgraph.errors import GraphBubbleUp

from inbounds.integrations._adapter.current_task import shown_tools
from inbounds.integrations._adapter.requirements import guard_of, resources_of
from inbounds.integrations._adapter.running import raise_shown
from inbounds.integrations._adapter.server_text import aobserve, held_descriptor, observe
from inbounds.pep.tool import GuardedTool
from inbounds.pep.tool_run import ToolRun
from inbounds.process.threads import run_in_thread

from .call import ToolCall, refusal_message
from .history import added_instructions, join_added, see_in, thread_of
from .preflight import named, reachable, require_none_hosted, require_none_of_model
from .tool_proxy import messages_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from inbounds.pep import Guard
    from inbounds.pep.tool import ResourceOf


class AuthorizationMiddleware(AgentMiddleware):  # type: ignore[misc]  # not there for mypy
    """Judges every call of a tool. The last of an agent's middleware, or a `ToolNode`'s wrappers.

    `create_guarded_agent` and `guarded_tool_node` put it where it belongs, and refuse what it
    cannot reach. The task is the one of the run's `context` (a `Task`, or its `task`), or else
    the one of the `with` block that the run is in.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the tool's name: a function that
            takes the tool's arguments, by name, as `resource=` of `Guard.tool`.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is given something else than it takes.
    """

    trace_policy = TracePolicy(process_inputs=omit_payload, process_outputs=omit_payload)

    def __init__(self, guard: Guard, *, resources: Mapping[str, ResourceOf] | None = None) -> None:
        super().__init__()
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)
        self._of_servers: list[Any] = []
        self._instructions: tuple[SystemMessage, ...] = ()

    def for_agent(self, prompts: Iterable[Any]) -> AuthorizationMiddleware:
        """Return the same for one agent, which knows what the program instructs that by.

        Args:
            prompts: Each text, or a system message.
        """
        own = copy.copy(self)
        texts = [SystemMessage(each) if isinstance(each, str) else each for each in prompts]
        found = [each for each in texts if isinstance(each, SystemMessage)]
        # One that holds another is looked for first.
        own._instructions = tuple(sorted(found, key=lambda each: -len(each.text)))  # noqa: SLF001 -- its own, in a copy
        return own

    def wrap_tool_call(
        self, request: Any, handler: Callable[[Any], Any], *, messages_key: str | None = None
    ) -> Any:
        """Run the tool if the policy allows this call; else say in a tool message why not.

        Args:
            request: The node's.
            handler: Runs the tool.
            messages_key: That of the node. Without it, what the call stands in is looked for.
        """
        result = self._ran(request, handler, messages_key)
        ToolRun.latest = object()
        see_in(request.runtime, messages_of(result))
        return result

    def _ran(self, request: Any, handler: Callable[[Any], Any], key: str | None) -> Any:
        try:
            call = ToolCall(request, self._resources, key)
            call.thread.join()
            observe(*_served(request, self._of_servers))
            if (before := call.outcome()) is not None:
                return before
            with call.running():
                permit = call.permit()
                try:
                    result = handler(call.judged(permit))
                except BaseException as error:
                    refusal = call.failed(permit, error)
                    if refusal is None:
                        raise _Raised(call.shown(permit, error)) from error
                    raise refusal from None
                return call.finished(permit, result)
        except _Raised as raised:
            raise_shown(raised.error, raised.__cause__)
        except GraphBubbleUp:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return refusal_message(request, error)

    async def awrap_tool_call(
        self,
        request: Any,
        handler: Callable[[Any], Awaitable[Any]],
        *,
        messages_key: str | None = None,
    ) -> Any:
        """Async twin of `wrap_tool_call`."""
        result = await self._aran(request, handler, messages_key)
        ToolRun.latest = object()
        see_in(request.runtime, messages_of(result))
        return result

    async def _aran(
        self, request: Any, handler: Callable[[Any], Awaitable[Any]], key: str | None
    ) -> Any:
        try:
            call = ToolCall(request, self._resources, key)
            await call.thread.ajoin()
            await aobserve(*_served(request, self._of_servers))
            if (before := call.outcome()) is not None:
                return before
            with call.running():
                permit = await call.apermit()
                try:
                    result = await handler(call.judged(permit))
                except BaseException as error:
                    refusal = await run_in_thread(call.failed, permit, error)
                    if refusal is None:
                        raise _Raised(call.shown(permit, error)) from error
                    raise refusal from None
                return await run_in_thread(call.finished, permit, result)
        except _Raised as raised:
            raise_shown(raised.error, raised.__cause__)
        except GraphBubbleUp:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return refusal_message(request, error)

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Show the model the tools of the task alone. Hiding one is not what stops it.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: one runs at the provider.
            DecisionUnavailable: As `server_text.observe`: the model is not asked.
            InboundsError: As `join_added`.
        """
        with suppress(Exception):  # a call of a tool joins it again, and is refused
            thread_of(request).join()
        if added := added_instructions(request, self._instructions):
            join_added(request, added)
        narrowed = _narrowed(request)
        observe(*_served(request, narrowed.tools))
        response = handler(narrowed)
        see_in(request.runtime, response.result)
        return response

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """Async twin of `wrap_model_call`."""
        with suppress(Exception):  # a call of a tool joins it again, and is refused
            await thread_of(request).ajoin()
        if added := added_instructions(request, self._instructions):
            await run_in_thread(join_added, request, added)
        narrowed = _narrowed(request)
        await aobserve(*_served(request, narrowed.tools))
        response = await handler(narrowed)
        see_in(request.runtime, response.result)
        return response

    def reachable(self, tool: Any) -> Any:
        """Return a tool as the framework takes it, if its calls will be judged here.

        Raises:
            ConfigurationError: `configuration.tool_out_of_reach`: it runs elsewhere, or runs
                tools of its own; `configuration.tool_guarded_twice`;
                `configuration.tool_unknown`: nobody says what it touches.
        """
        # A guarded function says nothing of another tool that a server lists by its name.
        served = not isinstance(tool, GuardedTool) and _descriptor(tool) is not None
        tool = reachable(tool, {*self._resources, *(() if served else self._guard.tools)})
        if _descriptor(tool) is not None and tool not in self._of_servers:
            self._of_servers.append(tool)  # the model of a graph of one's own is not asked here
        return tool


class _Raised(Exception):
    """What a tool raised, on its way past what answers for this adapter's own faults."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _narrowed(request: Any) -> Any:
    require_none_hosted(request.tools)
    require_none_of_model(request.model, request.model_settings)
    allowed = shown_tools(getattr(request.runtime, "context", None))
    return request.override(tools=[tool for tool in request.tools if named(tool) in allowed])


def _descriptor(tool: Any) -> Any:
    """Return what an MCP server says of a tool; None for any other tool."""
    return held_descriptor(getattr(tool, "coroutine", None), getattr(tool, "func", None))


def _served(request: Any, tools: Iterable[Any]) -> tuple[Any, dict[str, Any]]:
    """Return the context of a run, and what MCP servers say of those tools that it shows."""
    context = getattr(request.runtime, "context", None)
    listed = {named(each): _descriptor(each) for each in tools}
    allowed = shown_tools(context) if any(listed.values()) else ()
    return context, {name: each for name, each in listed.items() if each and name in allowed}
