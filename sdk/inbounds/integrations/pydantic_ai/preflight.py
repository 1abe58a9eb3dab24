"""What runs a tool where no call of it can be judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pydantic_ai import DeferredToolRequests, NativeOutput, PromptedOutput, TextOutput, ToolOutput
from pydantic_ai.agent import AbstractAgent
from pydantic_ai.models import Model
from pydantic_ai.toolsets import FunctionToolset

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.hosted import hosted_in
from inbounds.integrations._adapter.models import models_of
from inbounds.pep.tool import GuardedTool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SEARCH = "tool_search"
"""The kind of native tool that shows a model tools of its own request, and runs none."""


def require_reachable(toolset: Any, known: Collection[str] | None = None) -> None:
    """Refuse a toolset that runs tools itself where calls of one could not be judged.

    Args:
        toolset: One without others in it.
        known: The tools of which somebody says what they touch; None where that is not asked.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it runs elsewhere, runs tools of
            its own, or changes arguments by itself; `configuration.tool_guarded_twice`;
            `configuration.tool_unknown`: nobody says what it touches.
    """
    if getattr(toolset, "process_tool_call", None) is not None:
        raise out_of_reach(
            toolset.label, "has a `process_tool_call` that may change what is called"
        )
    for each in toolset.tools.values() if isinstance(toolset, FunctionToolset) else ():
        if isinstance(each.function, GuardedTool):
            raise ConfigurationError(
                f"`{each.name}` would be judged twice: its function is guarded itself",
                code="configuration.tool_guarded_twice",
                hint="give the guarded function to `create_guarded_agent`",
            )
        require_no_agent(each.name, each.function)
        if known is not None and each.name not in known:
            raise ConfigurationError(
                f"nothing says what `{each.name}` touches",
                code="configuration.tool_unknown",
                hint="name it in `resources=`, or guard its function with `guard.tool`",
            )


def require_no_agent(name: str, function: Any) -> None:
    """Refuse a function that holds an agent whose own tools are not judged.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it does.
    """
    for each in held(function):
        if isinstance(each, AbstractAgent) and not is_guarded(each):
            raise out_of_reach(name, "is an agent whose own tools are not judged")


def is_guarded(agent: Any) -> bool:
    """Whether the calls of an agent are judged."""
    from .capability import AuthorizationCapability

    found: list[Any] = []
    agent.root_capability.apply(found.append)
    return any(isinstance(each, AuthorizationCapability) for each in found)


def require_none_native(tools: Iterable[Any]) -> None:
    """Refuse tools that the model's provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is one.
    """
    for tool in tools:
        kind = getattr(tool, "kind", None)
        if kind != _SEARCH:
            raise out_of_reach(str(kind or getattr(tool, "__name__", "?")), "runs at the provider")


def require_none_in(settings: Mapping[str, Any] | None) -> None:
    """Refuse settings of a model that bring tools which its provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: they do.
    """
    if name := hosted_in(settings):
        raise out_of_reach(name, "runs at the provider")


def require_none_of_model(model: Any) -> None:
    """Refuse a model, or one that is asked in its place, with settings that bring such tools.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: one has them, or it is not a model.
    """
    for each in models_of(model, Model, out_of_reach):
        require_none_in(each.settings)


def require_none_external(tools: Iterable[Any]) -> None:
    """Refuse tools that somebody else runs, and brings the result of.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is one.
    """
    for tool in tools:
        if tool.kind == "external":
            raise out_of_reach(tool.name, "runs outside of the agent")


def require_no_function(output_type: Any) -> None:
    """Refuse output types that are functions: a model would have them called, and nobody judge it.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is one.
    """
    for each in _outputs(output_type):
        # A type with parameters can be called as well, and is not a function.
        function = callable(each) and not isinstance(each, type) and not hasattr(each, "__origin__")
        if function or isinstance(each, TextOutput):
            called = getattr(each, "output_function", each)
            raise output_out_of_reach(getattr(called, "__name__", "?"))


def output_out_of_reach(name: str) -> ConfigurationError:
    """Return the refusal of a function that is called with a model's output."""
    return out_of_reach(name, "is an output function, which no permit is asked for")


def waits(agent: Any) -> bool:
    """Whether a run of an agent can end with the question to a person, and go on later."""
    return agent is not None and DeferredToolRequests in _outputs(agent.output_type)


def out_of_reach(name: str, why: str) -> ConfigurationError:
    """Return the refusal of what cannot be judged."""
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint="give the agent a tool that runs here; agents by `create_guarded_agent`",
    )


def _outputs(output_type: Any) -> Iterator[Any]:
    if isinstance(output_type, ToolOutput):
        yield from _outputs(output_type.output)
    elif isinstance(output_type, NativeOutput | PromptedOutput):
        yield from _outputs(output_type.outputs)
    elif isinstance(output_type, list | tuple):
        for each in output_type:
            yield from _outputs(each)
    else:
        yield output_type
