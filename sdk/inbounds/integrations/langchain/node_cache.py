"""No result of a guarded tool comes out of a cache of LangGraph's.

A node with a `CachePolicy` gives what it gave for the same input, under whatever task that was: no
decision, no record, and no label of the session. So a graph is refused where such a node runs
guarded tools, before its cache is read. Of a function nobody can tell, and it may let any thread
do its work. So what it gives is put into the cache only where this process has judged nothing,
and has given no result of a judged call, from its beginning to its end.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from langgraph.pregel import Pregel, _runner
from langgraph.pregel._loop import AsyncPregelLoop, PregelLoop, SyncPregelLoop

from inbounds.errors import ConfigurationError
from inbounds.pep.tool_run import ToolRun
from inbounds.process.locks import ProcessLock

from .preflight import guarded, tool_nodes, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_INSTALLED = "__inbounds_node_cache__"
_installing = ProcessLock()
_unjudged: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""The steps while which nothing was judged, by their `id`."""


def install() -> None:
    """Look at each step of a graph before its cache is read, and while it runs. Once a process."""
    with _installing:
        if getattr(SyncPregelLoop, _INSTALLED, False):
            return
        SyncPregelLoop.match_cached_writes = _looked_at(SyncPregelLoop.match_cached_writes)
        AsyncPregelLoop.amatch_cached_writes = _alooked_at(AsyncPregelLoop.amatch_cached_writes)
        # A run that has begun before this looks it up all the same, when a step has ended.
        PregelLoop.put_writes = _kept_out(PregelLoop.put_writes)
        _runner.run_with_retry = _noted(_runner.run_with_retry)
        _runner.arun_with_retry = _anoted(_runner.arun_with_retry)
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


def _noted(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def noted(step: Any, *args: Any, **options: Any) -> Any:
        with _running(step):
            return run(step, *args, **options)

    return noted


def _anoted(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    async def noted(step: Any, *args: Any, **options: Any) -> Any:
        with _running(step):
            return await run(step, *args, **options)

    return noted


@contextmanager
def _running(step: Any) -> Iterator[None]:
    before = ToolRun.latest
    yield
    if ToolRun.latest is before:
        _unjudged[id(step)] = step


def _kept_out(put: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(put)
    def put_out(self: Any, task_id: str, *args: Any, **options: Any) -> None:
        step = getattr(self, "tasks", {}).get(task_id)
        if step is not None and _unjudged.get(id(step)) is not step:
            object.__setattr__(step, "cache_key", None)  # a frozen dataclass
        put(self, task_id, *args, **options)

    return put_out


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
