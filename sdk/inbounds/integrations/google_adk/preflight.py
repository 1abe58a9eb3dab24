"""What runs a tool where no call of it can be judged."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from google.adk.agents import BaseAgent, LlmAgent, LoopAgent, ParallelAgent, SequentialAgent
from google.adk.agents.llm.task._finish_task_tool import FinishTaskTool
from google.adk.models import BaseLlm
from google.adk.runners import Runner
from google.adk.tools import AgentTool, BaseTool, FunctionTool, exit_loop
from google.adk.tools.base_toolset import BaseToolset
from google.adk.tools.load_memory_tool import LoadMemoryTool
from google.adk.tools.set_model_response_tool import SetModelResponseTool
from google.adk.tools.transfer_to_agent_tool import TransferToAgentTool

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.hosted import hosted_in
from inbounds.integrations._adapter.models import models_of
from inbounds.integrations._adapter.requirements import require_named_once
from inbounds.pep.tool import GuardedTool

if TYPE_CHECKING:
    from collections.abc import Iterator

_AGENTS = (LlmAgent, SequentialAgent, ParallelAgent, LoopAgent)
_STEERS = (TransferToAgentTool, SetModelResponseTool)

_DECLARING = frozenset(
    {
        BaseTool.process_llm_request,
        BaseToolset.process_llm_request,
        LoadMemoryTool.process_llm_request,
        FinishTaskTool.process_llm_request,
    }
)
"""What adds a declaration to a request to a model, with text that the framework states, if any."""

_FENCES = "google.adk.tools.mcp_tool.mcp_tool", "McpTool.process_llm_request"
"""One more of those: it marks a description as untrusted, and is there only where `mcp` is."""


def steers(tool: Any) -> bool:
    """Whether a tool is ADK's own and moves the run on, and does nothing else.

    It hands off to an agent of the same runner, ends a loop or gives the final answer.
    """
    return type(tool) in _STEERS or getattr(tool, "func", None) is exit_loop


def agents(root: Any) -> Iterator[Any]:
    """Yield an agent and all agents that it can hand off to, or has as tools."""
    waiting, seen = [root], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += getattr(each, "sub_agents", ())
        tools = getattr(each, "tools", ())
        waiting += [tool.agent for tool in tools if isinstance(tool, AgentTool)]


def require_reachable(agent: Any, knows: Callable[[str], bool], plugin: Any) -> None:
    """Refuse one agent some of whose calls could not be judged.

    Args:
        agent: The agent.
        knows: Whether somebody says what calls of a tool touch, by its name.
        plugin: What judges.

    Raises:
        ConfigurationError: As `AuthorizationPlugin.require_reachable`.
    """
    if type(agent) not in _AGENTS:
        raise out_of_reach(_named(agent), f"is of a kind of its own, {type(agent).__name__}")
    if getattr(agent, "code_executor", None) is not None:
        raise out_of_reach(agent.name, "runs code that its model writes")
    tools = getattr(agent, "tools", ())
    for tool in tools:
        _require_tool(tool, knows, plugin)
    require_named_once(_named(each) for each in tools if not isinstance(each, BaseToolset))


def _require_tool(tool: Any, knows: Callable[[str], bool], plugin: Any) -> None:
    if isinstance(tool, BaseToolset):
        require_declares(tool)  # what it lists is looked at when an agent begins, and judged
        return
    if steers(tool) or tool is exit_loop:
        return
    if isinstance(tool, GuardedTool):
        if tool.generates or tool.generates_async:
            raise _bit_by_bit(tool.name)
        return
    name = _named(tool)
    if isinstance(tool, BaseTool):
        _require_runs_here(tool)
    elif not callable(tool) or isinstance(tool, BaseAgent):
        raise out_of_reach(name, "is not a tool, but runs by itself")
    function = tool.func if isinstance(tool, FunctionTool) else tool
    if not isinstance(function, BaseTool):
        _require_function(name, function, plugin)
    if not knows(name):
        raise ConfigurationError(
            f"nothing says what `{name}` touches",
            code="configuration.tool_unknown",
            hint="name it in `resources=`, or guard its function with `guard.tool`",
        )


def _require_runs_here(tool: Any) -> None:
    if type(tool).run_async is BaseTool.run_async:
        raise _in_request(tool)
    require_declares(tool)
    _require_plugins(tool)


def require_declares(tool: Any) -> None:
    """Refuse a tool or a toolset that does more in a request to a model than declare itself.

    Nothing judges what it does there, such as read a resource.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`.
    """
    does = type(tool).process_llm_request
    own = "process_llm_request" in getattr(tool, "__dict__", {})
    if own or (does not in _DECLARING and (does.__module__, does.__qualname__) != _FENCES):
        raise _in_request(tool)


async def require_all_declare(agent: Any, context: Any) -> None:
    """Refuse an agent with a tool of a toolset that does more. Raises as `require_declares`."""
    if any(isinstance(each, BaseToolset) for each in getattr(agent, "tools", ())):
        for tool in await agent.canonical_tools(context):
            require_declares(tool)


def require_judged(tool: Any, plugin: Any) -> None:
    """Refuse a tool that is about to run, and would run what nobody judges.

    A toolset says what it holds when a model is asked, and not before.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`.
    """
    _require_plugins(tool)
    if isinstance(tool, FunctionTool):
        _require_no_agent(tool.name, tool.func, plugin)


async def require_alone(tool: Any, context: Any) -> None:
    """Refuse a tool that is about to run, and has its name with another of its agent's.

    ADK runs the last of them, whichever was meant. What a toolset lists where a run goes on, no
    request to a model has shown.

    Raises:
        ConfigurationError: `configuration.tool_named_twice`.
    """
    agent = context.get_invocation_context().agent
    listed = [each.name for each in await agent.canonical_tools(context)]
    require_named_once(name for name in listed if name == tool.name)


def require_declared_once(tools: Any) -> None:
    """Refuse two tools of one name in a request to a model. Raises as `require_named_once`."""
    require_named_once(
        str(declared.name)
        for tool in tools or ()
        for declared in getattr(tool, "function_declarations", None) or ()
    )


def _require_plugins(tool: Any) -> None:
    if isinstance(tool, AgentTool) and not tool.include_plugins:
        raise out_of_reach(tool.name, "is an agent that runs without the plugins of its runner")


def _require_no_agent(name: str, function: Any, plugin: Any) -> None:
    for each in held(function):
        judged = isinstance(each, Runner) and plugin in each.plugin_manager.plugins
        if isinstance(each, BaseAgent | Runner) and not judged:
            raise out_of_reach(name, "asks an agent whose own tools are not judged")


def _require_function(name: str, function: Any, plugin: Any) -> None:
    called = getattr(type(function), "__call__", None)  # noqa: B004 -- what it is matters
    if any(
        generates(each)
        for each in (function, called)
        for generates in (inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    ):
        raise _bit_by_bit(name)
    for each in held(function):
        if isinstance(each, GuardedTool):
            raise ConfigurationError(
                f"`{name}` would be judged twice: its function is guarded itself",
                code="configuration.tool_guarded_twice",
                hint="give the agent the guarded function itself, by `guarded_app`",
            )
    _require_no_agent(name, function, plugin)


def require_none_hosted(tools: Any) -> None:
    """Refuse tools that the model's provider runs.

    Args:
        tools: Those of a request to a model.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is one.
    """
    for tool in tools or ():
        said = tool.model_dump(exclude_none=True) if hasattr(tool, "model_dump") else None
        if said is None or said.keys() - {"function_declarations"}:
            raise out_of_reach(", ".join(sorted(said or {"?": 0})), "runs at the provider")


def require_none_in_settings(config: Any, model: Any) -> None:
    """Refuse settings of a request to a model that bring tools which its provider runs.

    Args:
        config: Of the request.
        model: Of the agent. What it asks in its place, such as fallbacks, is looked at as well.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: they do, or name a cached request,
            of whose tools they say nothing; or the model is of a kind that is not known.
    """
    if config.cached_content:
        raise out_of_reach("cached_content", "is a request that brings tools of its own")
    _require_none_in({"extra_body": getattr(config.http_options, "extra_body", None)})
    for each in models_of(model, BaseLlm, out_of_reach):
        _require_none_in(getattr(each, "_additional_args", None))  # of a `LiteLlm`
        client = getattr(each, "client_kwargs", None) or {}  # of a `Gemini`
        http = client.get("http_options")
        _require_none_in({**client, "extra_body": getattr(http, "extra_body", None)})


def _require_none_in(settings: Any) -> None:
    if found := hosted_in(settings):
        raise out_of_reach(found, "runs at the provider")


def out_of_reach(name: str, why: str) -> ConfigurationError:
    """Return the error that says of a tool or an agent why it cannot be judged."""
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint="give the agent tools that run here, and agents that share its runner's plugins",
    )


def _in_request(tool: Any) -> ConfigurationError:
    return out_of_reach(_named(tool), "runs at the provider, or in the request to the model")


def _bit_by_bit(name: str) -> ConfigurationError:
    return out_of_reach(name, "gives its result bit by bit, and ADK takes it whole")


def _named(tool: Any) -> str:
    return str(getattr(tool, "name", None) or getattr(tool, "__name__", type(tool).__name__))
