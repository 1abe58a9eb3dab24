"""Agents each of whose calls is judged, and what would run a tool where none can be."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from agents import Agent, FunctionTool, Handoff, function_tool
from agents.agent import AgentBase
from agents.run import AgentRunner
from agents.run_internal import run_loop

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.hosted import hosted_in
from inbounds.integrations._adapter.requirements import require_authorization, require_named_once
from inbounds.integrations._adapter.server_text import aobserve, held_descriptor, to_descriptor
from inbounds.pep.tool import GuardedTool

from .authorization import Authorization
from .hooks import ProtectedHooks
from .tool import ToolProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKS = "__inbounds_looks__"


def protect(agent: Any, authorization: Authorization) -> Any:
    """Judge every call of an agent's tools, and of all agents that it can hand off to or asks.

    The agent itself is changed, and so are its tools and the agents it reaches: by hand-offs, as
    tools, and by hand-offs of those. Guarded tools may stand among its tools as they are. The
    tools of its MCP servers are judged as they are listed. Where a run of it begins or goes on, and
    before its model is asked, the agent is looked at again: a tool that has come to it meanwhile
    ends the run.

    Args:
        agent: An `Agent`.
        authorization: Judges.

    Returns:
        The agent.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: something in it runs elsewhere, or
            runs tools of its own; `configuration.tool_guarded_twice`;
            `configuration.tool_unknown`: nobody says what a tool touches;
            `configuration.tool_named_twice`: two of what an agent can call have one name.
    """
    require_authorization(authorization, Authorization)
    _look_at_settings()
    _look_at_runs()
    found = list(_reached(agent))
    for each in found:
        _require_plain(each)
        for tool in each.tools:
            _require_reachable(tool, authorization, {id(one) for one in found})
    for each in found:
        if isinstance(each.hooks, ProtectedHooks):
            _require_same(each.name, each.hooks.authorization, authorization)
            continue
        each.tools = [_placed(tool, authorization) for tool in each.tools]
        each.get_mcp_tools = functools.partial(_mcp_tools, each, authorization)
        each.hooks = ProtectedHooks(authorization, require_protected, each.hooks)
    return agent


def require_protected(agent: Any) -> None:
    """Refuse an agent in which something is not protected.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is.
    """
    for each in _reached(agent):
        _require_plain(each)
        if not is_guarded(each):
            raise _out_of_reach(each.name, "is an agent that is not protected")
        for tool in each.tools:
            if not _is_placed(tool):
                raise _out_of_reach(named(tool), "came to the agent when it was protected already")
        listed = getattr(each.get_mcp_tools, "func", None)
        if each.mcp_servers and listed is not _mcp_tools:
            raise _out_of_reach(each.name, "was cloned, and lists the tools of MCP servers anew")


def is_guarded(agent: Any) -> bool:
    """Whether the calls of an agent are judged. Those of a realtime agent are not."""
    return isinstance(getattr(agent, "hooks", None), ProtectedHooks)


def named(tool: Any) -> str:
    """Return the name that a model calls a tool by."""
    return str(getattr(tool, "name", None) or type(tool).__name__)


def _reached(agent: Any) -> Iterator[Any]:
    """Yield an agent and all agents that it reaches.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: a hand-off does not say to whom, or
            runs more than the hand-off.
    """
    waiting, seen = [agent], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        handoffs = getattr(each, "handoffs", ())
        waiting += [_target(one) if isinstance(one, Handoff) else one for one in handoffs]
        inner = (getattr(tool, "_agent_instance", None) for tool in getattr(each, "tools", ()))
        waiting += [one for one in inner if one is not None]


def _target(handoff: Any) -> Any:
    # Only `handoff()` says which agent it hands off to, and always hands off to that one.
    known = getattr(handoff, "_agent_ref", None)
    agent = known() if known is not None else None
    if agent is None:
        raise _out_of_reach(handoff.tool_name, "hands off to an agent that it does not name")
    if not _hands_over_alone(handoff):
        raise _out_of_reach(
            handoff.tool_name,
            "is a hand-off that runs code of its own",
            "let it be a tool, or let a hook hear of the hand-off (`AgentHooks.on_handoff`)",
        )
    return agent


def _hands_over_alone(handoff: Any) -> bool:
    """Whether a hand-off is one of `handoff()`, and that has been given no `on_handoff`."""
    invoked = handoff.on_invoke_handoff
    made = [each for each in getattr(invoked, "args", ()) if inspect.isfunction(each)]
    if len(made) != 1 or made[0].__module__ != Handoff.__module__:
        return False
    return inspect.getclosurevars(made[0]).nonlocals.get("on_handoff", handoff) is None


def _require_plain(agent: Any) -> None:
    if type(agent) is not Agent:
        # Realtime and sandbox agents, and whatever lists or runs its tools in a way of its own.
        raise _out_of_reach(named(agent), f"is of a kind of its own, {type(agent).__name__}")
    if agent.prompt is not None:
        raise _out_of_reach(agent.name, "has a prompt that brings tools of the provider")
    _require_none_hosted(agent.name, agent.model_settings)
    require_named_once(_names(agent))


def _require_none_hosted(name: str, settings: Any) -> None:
    if hosted_in({"extra_body": settings.extra_body, "extra_args": settings.extra_args}):
        raise _out_of_reach(name, "has model settings that bring tools of their own")


def _look_at_settings() -> None:
    """Look at what each request of a protected agent is sent with, whoever has set it. Once.

    Raises:
        ConfigurationError: `configuration.framework_unknown`: there is no such place.
    """
    resolve = getattr(run_loop, "get_model_settings", None)
    if resolve is None:
        raise ConfigurationError(
            "the framework does not say what a model is asked with",
            code="configuration.framework_unknown",
            hint="use a version of `openai-agents` that this version of inbounds knows",
        )
    if hasattr(resolve, "__wrapped__"):
        return

    @functools.wraps(resolve)
    def looked_at(agent: Any, run_config: Any) -> Any:
        settings = resolve(agent, run_config)
        if is_guarded(agent):
            _require_none_hosted(agent.name, settings)
        return settings

    run_loop.get_model_settings = looked_at


def _look_at_runs() -> None:
    """Look at protected agents where a run begins or goes on: what it waits with runs first. Once.

    What comes to an agent later than that is left out of its tools until its model is asked.
    """
    if hasattr(AgentBase.get_all_tools, _LOOKS):
        return
    run, run_streamed, take = AgentRunner.run, AgentRunner.run_streamed, AgentBase.get_all_tools

    @functools.wraps(run)
    async def looked_at(self: Any, starting_agent: Any, input: Any, **named: Any) -> Any:  # noqa: A002 -- the framework's name
        _require_begins_protected(starting_agent, input)
        return await run(self, starting_agent, input, **named)

    @functools.wraps(run_streamed)
    def looked_at_streamed(self: Any, starting_agent: Any, input: Any, **named: Any) -> Any:  # noqa: A002 -- the framework's name
        _require_begins_protected(starting_agent, input)
        return run_streamed(self, starting_agent, input, **named)

    @functools.wraps(take)
    async def placed(self: Any, run_context: Any) -> Any:
        tools = await take(self, run_context)
        return [tool for tool in tools if _is_placed(tool)] if is_guarded(self) else tools

    setattr(placed, _LOOKS, True)
    AgentRunner.run, AgentRunner.run_streamed = looked_at, looked_at_streamed
    AgentBase.get_all_tools = placed


def _require_begins_protected(agent: Any, run_input: Any) -> None:
    for each in (agent, getattr(run_input, "_current_agent", None)):
        if is_guarded(each):
            require_protected(each)


def _is_placed(tool: Any) -> bool:
    return isinstance(getattr(tool, "on_invoke_tool", None), ToolProxy)


def _names(agent: Any) -> Iterator[str]:
    """Yield what a model may call of an agent: of two of one name, the framework takes the last."""
    yield from (named(tool) for tool in agent.tools)
    for each in agent.handoffs:
        yield each.tool_name if isinstance(each, Handoff) else Handoff.default_tool_name(each)


def _require_reachable(tool: Any, authorization: Authorization, reached: set[int]) -> None:
    if isinstance(tool, GuardedTool):
        if tool.generates or tool.generates_async:
            raise _out_of_reach(
                tool.name, "gives its result bit by bit, and the framework takes it whole"
            )
        return
    if not isinstance(tool, FunctionTool):
        raise _out_of_reach(named(tool), "runs at the provider, or by itself")
    if isinstance(tool.on_invoke_tool, ToolProxy):
        _require_same(tool.name, tool.on_invoke_tool.authorization, authorization)
        return
    _require_nothing_within(tool, reached)
    if not authorization.knows(tool.name):
        raise ConfigurationError(
            f"nothing says what `{tool.name}` touches",
            code="configuration.tool_unknown",
            hint="name it in `resources=`, or guard its function with `guard.tool`",
        )


def _require_nothing_within(tool: Any, reached: set[int]) -> None:
    """Refuse a tool that is guarded itself, or asks an agent that nobody protects."""
    if getattr(tool, "_is_codex_tool", False):
        raise _out_of_reach(tool.name, "is an agent with tools of its own")
    for each in _within(tool):
        if isinstance(each, GuardedTool):
            raise ConfigurationError(
                f"`{tool.name}` would be judged twice: its function is guarded itself",
                code="configuration.tool_guarded_twice",
                hint="give the agent the guarded function, without making a tool of it",
            )
        if isinstance(each, AgentBase) and id(each) not in reached:
            if is_guarded(each):
                continue
            raise _out_of_reach(tool.name, "asks an agent whose own tools are not judged")


def _within(tool: Any) -> Iterator[Any]:
    """Yield what a function tool holds on to."""
    try:
        function = tool.__wrapped__
    except AttributeError:
        function = tool.on_invoke_tool
    if tool._agent_instance is None:  # noqa: SLF001 -- an agent as a tool says which it is
        yield from held(function)


def _placed(tool: Any, authorization: Authorization, *, served: bool = False) -> Any:
    if isinstance(tool, GuardedTool):
        about = inspect.getdoc(tool.function) or tool.name
        tool = function_tool(
            tool.function,
            name_override=tool.name,
            description_override=about,
            strict_mode=False,
        )
    if not isinstance(tool.on_invoke_tool, ToolProxy):
        ToolProxy(tool, authorization, served=served)
    return tool


async def _mcp_tools(agent: Any, authorization: Authorization, run: Any) -> list[Any]:
    """List the tools of an agent's MCP servers, each in its place; observe their descriptors.

    Raises:
        ConfigurationError: `configuration.tool_named_twice`: the agent has another of the name.
        DecisionUnavailable: As `server_text.observe`: the model is not asked.
    """
    listed = await Agent.get_mcp_tools(agent, run)
    require_named_once([*_names(agent), *(named(tool) for tool in listed)])
    served = [*listed, *(each for each in agent.tools if getattr(each, "_mcp_tool_binding", None))]
    await aobserve(run.context, {tool.name: _descriptor(tool) for tool in served})
    return [_placed(tool, authorization, served=True) for tool in listed]


def _descriptor(tool: Any) -> Any:
    """Return what a server listed of a tool, or else what the framework has kept of that."""
    kept = to_descriptor(tool.name, tool.description or None, tool.params_json_schema)
    return held_descriptor(tool.on_invoke_tool) or kept


def _require_same(name: str, has: Authorization, wanted: Authorization) -> None:
    if has is not wanted:
        raise ConfigurationError(
            f"`{name}` is protected already, by another authorization",
            code="configuration.tool_guarded_twice",
            hint="protect all agents of a program with one authorization",
        )


def _out_of_reach(name: str, why: str, instead: str = "") -> ConfigurationError:
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint=instead or "give the agent function tools that run here; agents by `protect`",
    )
