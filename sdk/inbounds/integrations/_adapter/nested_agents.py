"""Agents that a permitted tool starts: those whose own tool calls nobody judges do not run.

What a tool holds on to is looked at when an agent is made, one level deep; that is early help. This
is the check itself: where the frameworks begin the run of an agent, an agent that is not guarded is
refused within a permitted tool. Outside of a permitted tool nothing changes.

An agent is guarded where its adapter finds its own mark on it, and never because nothing unguarded
was found. A workflow that nobody guards may run where it has no model, and so decides nothing: that
is not looked up in it, but holds while it runs. A model that is asked within makes it an agent.

The places are patched in every framework that this process imports, before or after the first
authorization is made, since a tool of one framework may start an agent of another.

A run is within a permitted tool where its `ContextVar` says so: in coroutines, in `asyncio` tasks,
in `asyncio.to_thread` and in executors that copy the context. `Thread.start`, what is submitted to
a `ThreadPoolExecutor`, its initializer and the callbacks of a `Future` do not copy it, and are
patched to pass on this one value. Threads and processes that ran before, and are told by another
queue what to do, are beyond; so is a `multiprocessing.pool.ThreadPool` that was made before.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import thread as pool_threads
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError
from inbounds.evidence.records import Decided
from inbounds.pep.tool_items import aiterate_within, iterate_within
from inbounds.pep.tool_run import ToolRun, current_tool_run
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.process.locks import ProcessLock
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


logger = logging.getLogger(__name__)

_OF_THE_CALL = (
    *("task", "sid", "tenant", "subject", "agent", "actors", "intent", "tool", "effects"),
    *("resource_type", "resource_digest", "digest", "engine", "pep", "trace_id", "granted"),
)
"""What the record of a refused agent has in common with that of the call it was started in."""

_HERE = "inbounds.integrations"


ALL = "*"
"""Stands for all arguments of a method."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """Where a framework begins the run of an agent.

    Attributes:
        owner: The class that has the methods.
        methods: The methods through which every run of it goes, and every turn of one that is open.
        adapter: The module whose `is_guarded` says whether the calls of an agent are judged, and
            whose `is_workflow`, if it has one, whether it may run without, as long as it asks no
            model; empty for a model.
        argument: Which argument of a method is the agent; empty for the object itself, `ALL` where
            it takes all of them, by name, to tell.
    """

    owner: str
    methods: tuple[str, ...]
    adapter: str
    argument: str = ""


_LANGCHAIN = f"{_HERE}.langchain.preflight"
_OPENAI = f"{_HERE}.openai_agents.protection"
_PYDANTIC = f"{_HERE}.pydantic_ai.preflight"
_ADK = f"{_HERE}.google_adk.plugin"
_CREWAI = f"{_HERE}.crewai.preflight"
_MICROSOFT = f"{_HERE}.agent_framework.preflight"
_MICROSOFT_CLIENT = f"{_HERE}.agent_framework.client_loop"
_CLAUDE = f"{_HERE}.claude_agent_sdk.session"

# `invoke` and `batch` go through `generate`. Version 3 of the events asks a chat model by itself.
_REQUESTS = ("generate", "agenerate", "stream", "astream")
_EVENTS = ("stream_events", "astream_events")

ENTRY_POINTS: dict[str, tuple[EntryPoint, ...]] = {
    # `invoke`, `batch` and `stream_events` go through `stream`.
    "langgraph.pregel.main": (EntryPoint("Pregel", ("stream", "astream"), _LANGCHAIN),),
    "langgraph.pregel.remote": (
        EntryPoint("RemoteGraph", ("stream", "astream", "invoke", "ainvoke", *_EVENTS), _LANGCHAIN),
    ),
    "langchain_core.language_models.chat_models": (
        EntryPoint("BaseChatModel", (*_REQUESTS, *_EVENTS), ""),
    ),
    "langchain_core.language_models.llms": (EntryPoint("BaseLLM", _REQUESTS, ""),),
    "langgraph.prebuilt.tool_node": (EntryPoint("ToolNode", ("invoke", "ainvoke"), _LANGCHAIN),),
    "agents.extensions.experimental.codex.thread": (
        EntryPoint("Thread", ("run", "run_streamed"), _OPENAI),
    ),
    "agents.run": (
        EntryPoint("Runner", ("run", "run_sync", "run_streamed"), _OPENAI, "starting_agent"),
        EntryPoint("AgentRunner", ("run", "run_sync", "run_streamed"), _OPENAI, "starting_agent"),
    ),
    "agents.realtime.runner": (EntryPoint("RealtimeRunner", ("run",), _OPENAI),),
    "agents.realtime.session": (
        EntryPoint(
            "RealtimeSession",
            (
                "__aenter__",
                "enter",
                "send_message",
                "send_audio",
                "update_agent",
                "on_event",
                "approve_tool_call",
                "reject_tool_call",
            ),
            _OPENAI,
        ),
    ),
    # `run`, `run_sync` and `run_stream` go through `iter`.
    "pydantic_ai.agent": (EntryPoint("Agent", ("iter", "_resolve_realtime_session"), _PYDANTIC),),
    "google.adk.runners": (EntryPoint("Runner", ("run", "run_async", "run_live"), _ADK),),
    "google.adk.agents.base_agent": (
        EntryPoint("BaseAgent", ("run_async", "run_live"), _ADK, "parent_context"),
        EntryPoint("BaseAgent", ("run",), _ADK, "ctx"),
    ),
    "crewai.crew": (EntryPoint("Crew", ("kickoff", "akickoff", "replay"), _CREWAI),),
    "crewai.agent.core": (
        EntryPoint(
            "Agent",
            ("execute_task", "aexecute_task", "kickoff", "kickoff_async", "message"),
            _CREWAI,
        ),
    ),
    "crewai.lite_agent": (EntryPoint("LiteAgent", ("kickoff", "kickoff_async"), _CREWAI),),
    "crewai.flow.runtime": (
        EntryPoint("Flow", ("kickoff", "kickoff_async", "resume", "resume_async"), _CREWAI),
    ),
    "agent_framework._agents": (EntryPoint("RawAgent", ("run",), _MICROSOFT),),
    "agent_framework._tools": (
        EntryPoint("FunctionInvocationLayer", ("get_response",), _MICROSOFT_CLIENT, ALL),
    ),
    "agent_framework.observability": (EntryPoint("AgentTelemetryLayer", ("run",), _MICROSOFT),),
    "agent_framework._workflows._workflow": (EntryPoint("Workflow", ("run",), _MICROSOFT),),
    "agent_framework._workflows._functional": (
        EntryPoint("FunctionalWorkflow", ("run",), _MICROSOFT),
    ),
    "claude_agent_sdk._internal.client": (
        EntryPoint("InternalClient", ("process_query",), _CLAUDE, "options"),
    ),
    "claude_agent_sdk.client": (EntryPoint("ClaudeSDKClient", ("connect", "query"), _CLAUDE),),
}
"""By the module that defines them."""

MARK = "__inbounds_entry_point__"
"""What a method has that looks at the agents it begins."""

_installing = ProcessLock()
_installed = False


def install() -> None:
    """Patch the entry points of every framework of this process. Once for a process."""
    global _installed  # noqa: PLW0603 -- one per process
    with _installing:
        if _installed:
            return
        _patch_threads()
        # First, so that no import comes between it and the look at what is there.
        sys.meta_path.insert(0, _Finder())
        for name in ENTRY_POINTS:
            module = sys.modules.get(name)
            if module is not None and not getattr(module.__spec__, "_initializing", False):
                _patch(name, module)
        _installed = True


def _patch(module_name: str, module: ModuleType) -> None:
    """Patch what a module defines. By what name it is known, a module itself may say otherwise."""
    for entry in ENTRY_POINTS[module_name]:
        owner = getattr(module, entry.owner, None)
        for name in entry.methods:
            method = inspect.getattr_static(owner, name, None)
            if method is None:
                logger.error(
                    "%s has no %s.%s: agents of it are not refused within tools; use a version of"
                    " the framework that this version of inbounds knows",
                    module_name,
                    entry.owner,
                    name,
                )
            elif isinstance(method, classmethod):
                setattr(owner, name, classmethod(_guarded(method.__func__, entry)))
            else:
                setattr(owner, name, _guarded(method, entry))


def _guarded(method: Any, entry: EntryPoint) -> Any:
    """Return the same method, which refuses an agent that is not guarded within a tool."""
    if getattr(method, MARK, False):
        return method
    kinds: tuple[tuple[Callable[[Any], bool], Callable[[Any, EntryPoint], Any]], ...] = (
        (inspect.iscoroutinefunction, _guarded_coroutine),
        (inspect.isasyncgenfunction, _guarded_async_generator),
        (inspect.isgeneratorfunction, _guarded_generator),
        (_makes_async_context, _guarded_async_context),
    )
    guard = next((guard for is_kind, guard in kinds if is_kind(method)), _guarded_function)
    entered = guard(method, entry)
    setattr(entered, MARK, True)
    return entered


def _makes_async_context(method: Any) -> bool:
    return inspect.isasyncgenfunction(getattr(method, "__wrapped__", None))


def _guarded_function(method: Any, entry: EntryPoint) -> Any:
    @functools.wraps(method)
    def entered(*args: Any, **named: Any) -> Any:
        _require_guarded(method, entry, args, named)
        return method(*args, **named)

    return entered


def _guarded_coroutine(method: Any, entry: EntryPoint) -> Any:
    @functools.wraps(method)
    async def entered(*args: Any, **named: Any) -> Any:
        await _arequire_guarded(method, entry, args, named)
        return await method(*args, **named)

    return entered


def _guarded_generator(method: Any, entry: EntryPoint) -> Any:
    @functools.wraps(method)
    def entered(*args: Any, **named: Any) -> Iterator[Any]:
        run = _require_guarded(method, entry, args, named)
        items = method(*args, **named)
        yield from items if run is None else iterate_within(run, items)

    return entered


def _guarded_async_generator(method: Any, entry: EntryPoint) -> Any:
    @functools.wraps(method)
    async def entered(*args: Any, **named: Any) -> AsyncIterator[Any]:
        run = await _arequire_guarded(method, entry, args, named)
        made = method(*args, **named)
        async with aclosing(made if run is None else aiterate_within(run, made)) as items:
            async for item in items:
                yield item

    return entered


def _guarded_async_context(method: Any, entry: EntryPoint) -> Any:
    @asynccontextmanager
    @functools.wraps(method.__wrapped__)
    async def entered(*args: Any, **named: Any) -> AsyncIterator[Any]:
        await _arequire_guarded(method, entry, args, named)
        async with method(*args, **named) as value:
            yield value

    return entered


def _require_guarded(
    method: Callable[..., Any], entry: EntryPoint, args: tuple[Any, ...], named: dict[str, Any]
) -> ToolRun | None:
    """Refuse an agent that is not guarded, within a permitted tool.

    Returns:
        What it runs within, where that is not the run that is active here.

    Raises:
        ConfigurationError: `agent.unguarded`. The agent has not run.
    """
    run, refuse = _judged(method, entry, args, named)
    if refuse is not None:
        raise refuse()
    return run


async def _arequire_guarded(
    method: Callable[..., Any], entry: EntryPoint, args: tuple[Any, ...], named: dict[str, Any]
) -> ToolRun | None:
    """Async twin of `_require_guarded`."""
    run, refuse = _judged(method, entry, args, named)
    if refuse is not None:
        raise await run_in_thread(refuse)
    return run


def _judged(
    method: Callable[..., Any], entry: EntryPoint, args: tuple[Any, ...], named: dict[str, Any]
) -> tuple[ToolRun | None, Callable[[], ConfigurationError] | None]:
    run = current_tool_run()
    if run is None:
        return None, None
    if not entry.adapter:
        # A request to a model is the tool's own code, but for what makes a workflow an agent.
        refuse = functools.partial(_agent_refusal, run, run.workflow) if run.workflow else None
        return None, refuse
    agent = args[0]
    kind = type(agent).__name__
    if entry.argument:
        arguments = inspect.signature(method).bind_partial(*args, **named).arguments
        agent = arguments if entry.argument == ALL else arguments.get(entry.argument)
        kind = kind if entry.argument == ALL else type(agent).__name__
    try:
        adapter = importlib.import_module(entry.adapter)
        if adapter.is_guarded(agent):
            return (_part_of(run, "") if run.workflow else None), None
        is_workflow = getattr(adapter, "is_workflow", None)
        if is_workflow is not None and is_workflow(agent):
            return _part_of(run, kind), None
    except Exception as error:  # noqa: BLE001 -- an agent of which it cannot be told is not guarded
        logger.debug("whether an agent is guarded: %s", type(error).__name__)
    return None, functools.partial(_agent_refusal, run, kind)


def _part_of(run: ToolRun, workflow: str) -> ToolRun:
    """Return the same run, as a workflow of this kind is a part of it; empty for none."""
    return ToolRun(run.allowed, run.record, workflow=workflow)


def _agent_refusal(run: ToolRun, agent: str) -> ConfigurationError:
    """Record that the tool has started an agent that nobody guards; return the refusal.

    Args:
        run: The run that the agent was started in.
        agent: The kind of the agent.

    Raises:
        DecisionUnavailable: The evidence log did not take the record. The agent must not run.
    """
    error = ConfigurationError(
        f"`{run.tool}` started an agent ({agent}) whose own tool calls are not judged",
        code="agent.unguarded",
        hint="guard that agent with its framework's adapter, or do the work without an agent",
    )
    error.decision_id = uuid7()
    about = {name: getattr(run.allowed, name) for name in _OF_THE_CALL}
    run.record(
        Decided(
            **about,
            decision_id=error.decision_id,
            at=clock.now_ns(),
            outcome="unavailable",
            codes=(error.code,),
        )
    )
    return error


# --- frameworks that are imported later -------------------------------------------------------


class _Finder(MetaPathFinder):
    """Patches a framework's module once it is imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find what the other finders find, and patch what comes of it."""
        if name not in ENTRY_POINTS:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None
            if finder is not self and find is not None:
                spec = find(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, name)
                return spec
        return None


class _Loader(Loader):
    """Loads a module as its own loader does, and patches it."""

    def __init__(self, loader: Any, module_name: str) -> None:
        self._loader = loader
        self._module_name = module_name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module, as its own loader."""
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, as its own loader, and patch what it defines."""
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        _patch(self._module_name, module)


# --- threads --------------------------------------------------------------------------------


def _patch_threads() -> None:
    start = threading.Thread.start
    make: Any = ThreadPoolExecutor.__init__
    submit: Any = ThreadPoolExecutor.submit
    add: Any = Future.add_done_callback
    worker = getattr(pool_threads, "_worker", None)

    @functools.wraps(start)
    def started(self: threading.Thread) -> None:
        run = current_tool_run()
        # A pool's thread outlives what it was made for: each piece of work says whose it is.
        if run is not None and getattr(self, "_target", None) is not worker:
            self.run = functools.partial(_run_within, run, self.run)  # type: ignore[method-assign]
        start(self)

    @functools.wraps(make)
    def made(
        self: ThreadPoolExecutor,
        max_workers: Any = None,
        thread_name_prefix: Any = "",
        initializer: Any = None,
        *args: Any,
        **named: Any,
    ) -> None:
        initializer = _within_current(initializer) if callable(initializer) else initializer
        make(self, max_workers, thread_name_prefix, initializer, *args, **named)

    @functools.wraps(submit)
    def submitted(
        self: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **named: Any
    ) -> Any:
        return submit(self, _within_current(function), *args, **named)

    @functools.wraps(add)
    def added(self: Future[Any], fn: Callable[..., Any]) -> None:
        add(self, _within_current(fn))

    threading.Thread.start = started  # type: ignore[method-assign]
    for owner, name, patched in (
        (ThreadPoolExecutor, "__init__", made),
        (ThreadPoolExecutor, "submit", submitted),
        (Future, "add_done_callback", added),
    ):
        setattr(owner, name, patched)


def _within_current(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs within the run that is active here; itself outside of one."""
    run = current_tool_run()
    return function if run is None else functools.partial(_run_within, run, function)


def _run_within(run: ToolRun, function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
    with run.active():
        return function(*args, **named)
