"""What runs a tool where no call of it can be judged."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import RunnableParallel, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.tools import BaseTool, StructuredTool
from langgraph._internal._runnable import RunnableSeq
from langgraph.prebuilt import ToolNode
from langgraph.pregel import Pregel

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.closures import held
from inbounds.integrations._adapter.hosted import HOSTED, hosted_in
from inbounds.integrations._adapter.models import models_of
from inbounds.pep.tool import GuardedTool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

guarded: WeakSet[Any] = WeakSet()
"""The nodes whose calls are judged: tool nodes, and what asks the model of a guarded agent."""

_COMPOSITES = RunnableBindingBase | RunnableWithFallbacks
"""What is asked like a model, and asks others."""


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
        if isinstance(inner, Pregel) and not is_guarded(inner) and not is_workflow(inner):
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


def mark_guarded(agent: Any) -> None:
    """Mark an agent of `create_guarded_agent`, and so each copy of it, as guarded."""
    guarded.update(tool_nodes(agent))
    guarded.add(agent.nodes["model"].bound)


def tool_nodes(graph: Any) -> Iterator[Any]:
    """Yield the nodes that run tools in a graph and in the graphs within it."""
    return (node for node in _nodes(graph) if isinstance(node, ToolNode))


def is_guarded(graph: Any) -> bool:
    """Whether the calls of a graph, or of one node of it, are judged. Of a remote one, none is.

    One node of its own at least is marked, and no node that runs tools is not, also within the
    graphs in it. A graph that only holds a guarded one is not guarded by that.
    """
    if isinstance(graph, ToolNode):
        return graph in guarded
    if not isinstance(graph, Pregel):
        return False
    own = [node.bound for node in graph.nodes.values()]
    marked = any(type(node).__hash__ is not None and node in guarded for node in own)
    return marked and all(node in guarded for node in tool_nodes(graph))


def is_workflow(graph: Any) -> bool:
    """Whether a graph may run where nobody guards it, as long as its own nodes ask no model.

    No node of it runs tools that a model asks for, or holds a model, one level deep; and each graph
    in it is a workflow or guarded.
    """
    if not isinstance(graph, Pregel):
        return False
    own = [node.bound for node in graph.nodes.values()]
    inner = [each for _name, each in graph.get_subgraphs()]
    if any(isinstance(node, ToolNode) for node in own):
        return False
    if not all(is_guarded(each) or is_workflow(each) for each in inner):
        return False
    return not any(_asks_model(each) for node in own for each in _held_by_node(node))


def _nodes(graph: Any) -> Iterator[Any]:
    """Yield what the nodes of a graph, and of the graphs within it, run."""
    for each in (graph, *(inner for _name, inner in graph.get_subgraphs(recurse=True))):
        yield from (node.bound for node in each.nodes.values())


def _held_by_node(node: Any) -> Iterator[Any]:
    """Yield what a node runs, and what its functions hold on to."""
    for each in (node, *wrapped(node)):
        yield each
        for attribute in getattr(each, "__dict__", {}).values():
            yield attribute
            if inspect.isroutine(attribute):
                yield from held(attribute)


def _asks_model(runnable: Any) -> bool:
    return isinstance(runnable, BaseLanguageModel) or any(map(_asks_model, wrapped(runnable)))


def wrapped(runnable: Any) -> list[Any]:
    """Return what a runnable of LangChain runs: of a binding, a retry, a sequence, and the like."""
    if isinstance(runnable, RunnableBindingBase):
        return [runnable.bound]
    if isinstance(runnable, RunnableSequence | RunnableSeq):
        return list(runnable.steps)
    if isinstance(runnable, RunnableParallel):
        return list(runnable.steps__.values())
    if isinstance(runnable, RunnableWithFallbacks):
        return list(runnable.runnables)
    return []


def require_none_of_model(model: Any, settings: Any = None) -> None:
    """Refuse a model, or settings of one request, that bring tools which its provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: they do, or it does not say which
            models it asks.
    """
    _require_none_in(settings)
    for each in models_of(model, BaseLanguageModel | _COMPOSITES, _out_of_reach, wrapped=wrapped):
        _require_none_in(getattr(each, "kwargs", None))
        own = {n: getattr(each, n, None) for n in ("model_kwargs", "extra_body", *HOSTED)}
        _require_none_in(own)


def _require_none_in(settings: Any) -> None:
    if not isinstance(settings, Mapping):
        return
    require_none_hosted(settings.get("tools") or ())
    if found := hosted_in(settings, offers=False):
        raise _out_of_reach(found, "runs at the provider")


def require_none_hosted(tools: Iterable[Any]) -> None:
    """Refuse tools that the model's provider runs.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: there is one.
    """
    for tool in tools:
        if isinstance(tool, Mapping) and tool.get("type") != "function":
            raise _out_of_reach(named(tool), "runs at the provider")
