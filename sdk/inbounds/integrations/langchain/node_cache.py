"""No result of a guarded tool comes out of a cache of LangGraph's.

A node with a `CachePolicy` gives what it gave for the same input, under whatever task that was: no
decision, no record, and no label of the session. So a graph is refused where such a node runs
guarded tools, before its cache is read. Of a function it can only be told while it runs: what it
gives is not put into the cache once a call within it was judged.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from langgraph.pregel import Pregel, _runner
from langgraph.pregel._loop import AsyncPregelLoop, SyncPregelLoop

from inbounds.errors import ConfigurationError
from inbounds.process.locks import ProcessLock

from .preflight import guarded, tool_nodes, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_INSTALLED = "__inbounds_node_cache__"
_installing = ProcessLock()
_cached_steps: ContextVar[tuple[Any, ...]] = ContextVar("inbounds_cached_steps", default=())
"""The steps with a cache that run at the moment, each within the one before."""


def install() -> None:
    """Look at each step of a graph before its cache is read, and while it runs. Once a process."""
    with _installing:
        if getattr(SyncPregelLoop, _INSTALLED, False):
            return
        SyncPregelLoop.match_cached_writes = _looked_at(SyncPregelLoop.match_cached_writes)
        AsyncPregelLoop.amatch_cached_writes = _alooked_at(AsyncPregelLoop.amatch_cached_writes)
        _runner.run_with_retry = _noted(_runner.run_with_retry)
        _runner.arun_with_retry = _anoted(_runner.arun_with_retry)
        setattr(SyncPregelLoop, _INSTALLED, True)


def keep_out_of_caches() -> None:
    """Let no step that this runs within put into a cache what it gives."""
    for step in _cached_steps.get():
        object.__setattr__(step, "cache_key", None)  # a frozen dataclass


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
    if step.cache_key is None:
        yield
        return
    outer = _cached_steps.set((*_cached_steps.get(), step))
    try:
        yield
    finally:
        _cached_steps.reset(outer)


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
