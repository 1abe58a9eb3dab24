"""What runs a tool where no call of it can be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crewai import Crew
from crewai.agents.agent_builder.base_agent import BaseAgent
from crewai.agents.agent_executor import AgentExecutor
from crewai.flow import Flow
from crewai.lite_agent import LiteAgent
from crewai.tools.agent_tools.deferred_tool_result_reader import DeferredToolResultReader
from crewai.tools.base_tool import Tool

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.hosted import hosted_in
from inbounds.pep.tool import GuardedTool

from .tool import JudgedTool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

UNSEEN = {
    "knowledge_sources": "is read by the framework, and put before the model, without a call",
    "knowledge": "is read by the framework, and put before the model, without a call",
    "memory": "is read and written by the framework without a call",
    "trained_agents_file": "is read by the framework, and put before the model, without a call",
}
"""What an agent or a crew can be given that no call of a tool tells of, and why not."""


def require_reachable(tool: Any) -> None:
    """Refuse a tool that runs tools of its own which are not judged, or is guarded itself.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`, `configuration.tool_guarded_twice`.
    """
    functions = [tool.func] if isinstance(tool, Tool) else [tool._run, tool._arun]  # noqa: SLF001
    for function in functions:
        if isinstance(function, GuardedTool):
            raise ConfigurationError(
                f"`{tool.name}` would be judged twice: its function is guarded itself",
                code="configuration.tool_guarded_twice",
                hint="give the agent the guarded function, without making a tool of it",
            )
    for each in _held(tool, functions):
        if isinstance(each, BaseAgent | LiteAgent | Crew | Flow) and not is_guarded(each):
            raise out_of_reach(tool.name, "delegates to an agent whose own tools are not judged")


def is_guarded(agent: Any) -> bool:
    """Whether the calls of an agent, of its loop or of all agents of a crew are judged."""
    from .agents import GuardedAgent
    from .crews import GuardedCrew
    from .executor import GuardedExecutor

    if isinstance(agent, Flow) and not isinstance(agent, AgentExecutor):
        # A memory of the framework's is a flow as well, and has no tools.
        return type(agent).__module__.startswith("crewai.memory.")
    return isinstance(agent, GuardedAgent | GuardedCrew | GuardedExecutor)


def require_guarded(agent: Any, where: str) -> None:
    """Refuse an agent whose calls are not judged.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`.
    """
    if not is_guarded(agent):
        name = str(getattr(agent, "role", None) or type(agent).__name__)
        raise out_of_reach(name, f"is an agent of {where} whose tools are not judged")


def require_none_unseen(brought: Mapping[str, Any], unseen: Mapping[str, str]) -> None:
    """Refuse what no call of a tool tells of.

    Args:
        brought: What an agent or a crew is made of.
        unseen: What of it is refused, and why.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`.
    """
    for name, why in unseen.items():
        if brought.get(name):
            raise out_of_reach(name, why)


_LLMS = ("llm", "function_calling_llm", "planning_llm", "chat_llm", "manager_llm")


def require_none_hosted(of: Any) -> None:
    """Refuse an agent or a crew one of whose models has tools that its provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it has one.
    """
    # Reading a deprecated one as an attribute would warn.
    for name in _LLMS:
        _require_none_of_model(vars(of).get(name))
    _require_none_of_model(getattr(vars(of).get("planning_config"), "llm", None))


def _require_none_of_model(llm: Any) -> None:
    brought = list(getattr(llm, "builtin_tools", None) or ())
    own = {name: getattr(llm, name, None) for name in ("additional_params", "extra_body")}
    brought += filter(None, [hosted_in(own)])
    if brought:
        raise out_of_reach(str(brought[0]), "runs at the provider of the model")


def require_judged(tools: Iterable[Any]) -> None:
    """Refuse to run with a tool in whose place nobody stands.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`.
    """
    for each in tools:
        # What reads on in results that were given before brings nothing new.
        if not isinstance(each, JudgedTool) and type(each) is not DeferredToolResultReader:
            raise out_of_reach(str(getattr(each, "name", "?")), "came round the authorization")


def out_of_reach(name: str, why: str) -> ConfigurationError:
    """Return the refusal of what cannot be judged."""
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint="give the agent a tool that runs here; agents by `create_guarded_agent`",
    )


def _held(tool: Any, functions: Iterable[Any]) -> Iterator[Any]:
    for each in vars(tool).values():
        yield each
        if isinstance(each, list | tuple):
            yield from each
    for function in functions:
        yield from held(function)
