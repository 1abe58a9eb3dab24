"""No result of a guarded tool comes out of a cache of LangGraph's.

A node with a `CachePolicy` gives what it gave for the same input, under whatever task that was: no
decision, no record, and no label of the session. So a graph is refused where such a node runs
guarded tools, before its cache is read.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langgraph.pregel import Pregel
from langgraph.pregel._loop import AsyncPregelLoop, SyncPregelLoop

from inbounds.errors import ConfigurationError
from inbounds.process.locks import ProcessLock

from .preflight import guarded, tool_nodes, wrapped

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
    return any(map(_runs_guarded_tools, wrapped(runnable)))


def _cached(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} runs guarded tools and has a cache, whose results no decision is asked for",
        code="configuration.cache",
        hint="leave out its `cache_policy=` or `cache=`; a node without guarded tools may have one",
    )
