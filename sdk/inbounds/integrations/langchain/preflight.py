"""What runs a tool where no call of it can be judged."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.prebuilt import ToolNode
from langgraph.pregel import Pregel

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.hosted import HOSTED, hosted_in
from inbounds.pep.tool import GuardedTool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

guarded: WeakSet[Any] = WeakSet()
"""The tool nodes whose calls are judged."""


def reachable(tool: Any, known: Collection[str]) -> Any:
    """See `AuthorizationMiddleware.reachable`; `known` are the tools whose resource is told."""
    if isinstance(tool, Mapping | Pregel):
        raise _out_of_reach(named(tool), "runs at the provider, or by itself")
    if isinstance(tool, GuardedTool):
        tool = _unguarded(tool)
    for function in (getattr(tool, "func", None), getattr(tool, "coroutine", None)):
        if isinstance(function, GuardedTool):
            raise ConfigurationError(
                f"`{named(tool)}` would be judged twice: its function is guarded itself",
                code="configuration.tool_guarded_twice",
                hint="give the agent the guarded function, without making a tool of it",
            )
    for each in _held(tool):
        inner = each
        while isinstance(inner, RunnableBindingBase):
            inner = inner.bound
        if isinstance(inner, Pregel) and not is_guarded(inner):
            raise _out_of_reach(named(tool), "is an agent whose own tools are not judged")
    name = named(tool)
    if name not in known:
        raise ConfigurationError(
            f"nothing says what `{name}` touches",
            code="configuration.tool_unknown",
            hint="name it in `resources=`, or guard its function with `guard.tool`",
        )
    return tool


def _out_of_reach(name: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"calls of `{name}` cannot be judged: it {why}",
        code="configuration.tool_out_of_reach",
        hint="give the agent a tool that runs here; agents by `create_guarded_agent`",
    )


def named(tool: Any) -> str:
    """Return the name that a model calls a tool by."""
    if isinstance(tool, Mapping):
        said = tool.get("function")
        own = said.get("name") if isinstance(said, Mapping) else None
        return str(own or tool.get("name") or tool.get("type") or "?")
    return str(getattr(tool, "name", None) or getattr(tool, "__name__", "?"))


def _unguarded(tool: GuardedTool[..., Any]) -> Any:
    if tool.generates or tool.generates_async:
        raise _out_of_reach(
            tool.name, "gives its result bit by bit, and a framework takes it whole"
        )
    run = {"coroutine" if tool.asynchronous else "func": tool.function}
    about = inspect.getdoc(tool.function) or tool.name
    return StructuredTool.from_function(name=tool.name, description=about, **run)


def _held(tool: Any) -> Iterator[Any]:
    """Yield what a tool holds on to: itself, its attributes, and what its functions close over."""
    yield tool
    functions = [tool] if callable(tool) else []
    if isinstance(tool, BaseTool):
        attributes = [*vars(tool).values()]
        yield from attributes
        functions = [each for each in (*attributes, tool._run, tool._arun) if callable(each)]  # noqa: SLF001
    for function in functions:
        yield from held(function)


def tool_nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes that run tools in a graph and in the graphs within it."""
    for each in (graph, *(inner for _name, inner in graph.get_subgraphs(recurse=True))):
        yield from (n.bound for n in each.nodes.values() if isinstance(n.bound, ToolNode))


def is_guarded(graph: Any) -> bool:
    """Whether the calls of a graph, or of one node of it, are judged. Of a remote one, none is."""
    if isinstance(graph, ToolNode):
        return graph in guarded
    return isinstance(graph, Pregel) and all(node in guarded for node in tool_nodes(graph))


def bound(model: Any) -> Sequence[Any]:
    """Return the tools that a model brings along."""
    options = getattr(model, "kwargs", None)
    return (options.get("tools") or ()) if isinstance(options, Mapping) else ()


def require_none_in_settings(model: Any, settings: Any = None) -> None:
    """Refuse settings of a model, or of one request, that bring tools which its provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: they do.
    """
    while model is not None:
        own = {n: getattr(model, n, None) for n in ("model_kwargs", "extra_body", *HOSTED)}
        for said in (settings, getattr(model, "kwargs", None), own):
            if found := hosted_in(said, offers=False):
                raise _out_of_reach(found, "runs at the provider")
        model = getattr(model, "bound", None)


def require_none_hosted(tools: Sequence[Any]) -> None:
    """Refuse tools that the model's provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is one.
    """
    for tool in tools:
        if isinstance(tool, Mapping) and tool.get("type") != "function":
            raise _out_of_reach(named(tool), "runs at the provider")
