"""No result of a guarded tool comes out of a cache of LangGraph's.

A node with a `CachePolicy` gives what it gave for the same input, under whatever task that was: no
decision, no record, and no label of the session. So a graph is refused where such a node runs
guarded tools, before its cache is read.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableParallel, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase
from langgraph._internal._runnable import RunnableSeq
from langgraph.pregel import Pregel
from langgraph.pregel._loop import AsyncPregelLoop, SyncPregelLoop

from inbounds.errors import ConfigurationError
from inbounds.process.locks import ProcessLock

from .preflight import guarded, tool_nodes

if TYPE_CHECKING:
    from collections.abc import Callable

_INSTALLED = "__inbounds_node_cache__"
_installing = ProcessLock()


def install() -> None:
    """Look at each step of a graph before its cache is read. Once for a process."""
    with _installing:
        if getattr(SyncPregelLoop, _INSTALLED, False):
            return
        SyncPregelLoop.match_cached_writes = _looked_at(SyncPregelLoop.match_cached_writes)
        AsyncPregelLoop.amatch_cached_writes = _alooked_at(AsyncPregelLoop.amatch_cached_writes)
        setattr(SyncPregelLoop, _INSTALLED, True)


def require_no_cache(options: Mapping[str, Any]) -> None:
    """Refuse to make an agent with a cache.

    Raises:
        ConfigurationError: `configuration.cache`.
    """
    if options.get("cache") is not None:
        raise _cached("the agent")


def _looked_at(match: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(match)
    def matched(self: Any) -> Any:
        _require_none_guarded(self)
        return match(self)

    return matched


def _alooked_at(match: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(match)
    async def matched(self: Any) -> Any:
        _require_none_guarded(self)
        return await match(self)

    return matched


def _require_none_guarded(loop: Any) -> None:
    if loop.cache is None:
        return
    for task in loop.tasks.values():
        if task.cache_key is not None and task.name in loop.nodes:
            node = loop.nodes[task.name]
            if any(map(_runs_guarded_tools, (node.bound, *(node.subgraphs or ())))):
                raise _cached(f"the node `{task.name}`")


def _runs_guarded_tools(runnable: Any) -> bool:
    if isinstance(runnable, Pregel):
        return any(node in guarded for node in tool_nodes(runnable))
    try:
        if runnable in guarded:
            return True
    except TypeError:  # it cannot be hashed or weakly referenced
        pass
    return any(map(_runs_guarded_tools, _wrapped(runnable)))


def _wrapped(runnable: Any) -> list[Any]:
    """Give what a runnable of LangChain runs: of a binding, a retry, a sequence, and the like."""
    if isinstance(runnable, RunnableBindingBase):
        return [runnable.bound]
    if isinstance(runnable, RunnableSequence | RunnableSeq):
        return list(runnable.steps)
    if isinstance(runnable, RunnableParallel):
        return list(runnable.steps__.values())
    if isinstance(runnable, RunnableWithFallbacks):
        return [runnable.runnable, *runnable.fallbacks]
    return []


def _cached(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} runs guarded tools and has a cache, whose results no decision is asked for",
        code="configuration.cache",
        hint="leave out its `cache_policy=` or `cache=`; a node without guarded tools may have one",
    )
