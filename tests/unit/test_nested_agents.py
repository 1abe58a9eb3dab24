"""Within a permitted tool, an agent of a framework does not run where nobody judges its calls."""

import asyncio
import contextlib
import contextvars
import functools
import importlib
import inspect
import itertools
import sys
import threading
import types
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.allowed import ALLOWED
from tests.engines import ROOT

from inbounds import ConfigurationError, DecisionUnavailable
from inbounds.integrations._adapter import nested_agents
from inbounds.integrations._adapter.nested_agents import ENTRY_POINTS, EntryPoint, install
from inbounds.pep.tool_run import ToolRun, current_tool_run

FRAMEWORK = '''
from contextlib import asynccontextmanager

RAN = []


class Agent:
    """An agent of a framework."""

    def __init__(self, guarded):
        self.guarded = guarded

    def plain(self, said, *, twice=False):
        """Run it."""
        RAN.append(said)
        return said

    async def coroutine(self, said):
        RAN.append(said)
        return said

    def items(self, said):
        RAN.append(said)
        yield said

    async def aitems(self, said):
        RAN.append(said)
        yield said

    @asynccontextmanager
    async def context(self, said):
        RAN.append(said)
        try:
            yield said
        except KeyError:
            RAN.append("raised within")
            raise

    @classmethod
    def of(cls, agent, said):
        RAN.append(said)
        return said
'''
METHODS = ("plain", "coroutine", "items", "aitems", "context")


@pytest.fixture
def framework(tmp_path, monkeypatch):
    """A framework that is imported after the first authorization was made."""
    install()
    (tmp_path / "some_agents.py").write_text(FRAMEWORK)
    monkeypatch.syspath_prepend(tmp_path)
    adapter = types.ModuleType("some_adapter")
    adapter.is_guarded = lambda agent: agent.guarded
    monkeypatch.setitem(sys.modules, "some_adapter", adapter)
    entries = (
        EntryPoint("Agent", METHODS, "some_adapter"),
        EntryPoint("Agent", ("of",), "some_adapter", "agent"),
    )
    monkeypatch.setitem(ENTRY_POINTS, "some_agents", entries)
    yield importlib.import_module("some_agents")
    del sys.modules["some_agents"]


def plain(agent):
    return agent.plain("plain")


def coroutine(agent):
    return asyncio.run(agent.coroutine("coroutine"))


def items(agent):
    return [*agent.items("items")]


def aitems(agent):
    async def take():
        return [each async for each in agent.aitems("aitems")]

    return asyncio.run(take())


def context(agent):
    async def enter():
        async with agent.context("context") as said:
            return said

    return asyncio.run(enter())


def classmethod_of(agent):
    return type(agent).of(agent=agent, said="of")


STARTS = (plain, coroutine, items, aitems, context, classmethod_of)


class Runs(threading.Thread):
    """A thread with a `run` of its own."""

    def __init__(self, start):
        super().__init__()
        self.begin = start

    def run(self):
        self.begin()


class Elsewhere:
    """A pool and an event loop that are there before any tool runs."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(1)
        self.pool.submit(int).result()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def close(self):
        self.pool.shutdown()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


def joined(thread):
    thread.start()
    thread.join()


def initialized(start):
    with ThreadPoolExecutor(1, initializer=start) as pool:
        pool.submit(int).result()


def called_back(start, pool):
    """Have a thread of the pool call back, once it has done work that is not the tool's."""
    gate, done = threading.Event(), threading.Event()
    future = contextvars.Context().run(pool.submit, gate.wait, 20)

    def call(future):
        start()
        done.set()

    future.add_done_callback(call)
    gate.set()
    done.wait(20)


def called_back_at_once(start):
    future = Future()
    future.set_result(None)
    future.add_done_callback(lambda future: start())


def in_executor(start):
    async def run():
        await asyncio.get_running_loop().run_in_executor(None, start)

    asyncio.run(run())


def in_task(start):
    async def run():
        await asyncio.create_task(asyncio.to_thread(start))

    asyncio.run(run())


ROUTES = {
    "called": lambda start, other: start(),
    "a thread": lambda start, other: joined(threading.Thread(target=start)),
    "a thread of a class": lambda start, other: joined(Runs(start)),
    "a timer": lambda start, other: joined(threading.Timer(0, start)),
    "a thread of a thread": lambda start, other: joined(
        threading.Thread(target=lambda: joined(Runs(start)))
    ),
    "a new pool": lambda start, other: ThreadPoolExecutor(1).submit(start).result(),
    "a pool that was there": lambda start, other: other.pool.submit(start).result(),
    "the initializer of a new pool": lambda start, other: initialized(start),
    "a callback of a future": lambda start, other: called_back(start, other.pool),
    "a callback of a future that is done": lambda start, other: called_back_at_once(start),
    "the work of a pool of a pool": lambda start, other: other.pool.submit(
        lambda: ThreadPoolExecutor(1).submit(start).result()
    ).result(),
    "an executor of a loop": lambda start, other: in_executor(start),
    "a task of a loop": lambda start, other: in_task(start),
    "a loop that was there": lambda start, other: asyncio.run_coroutine_threadsafe(
        asyncio.to_thread(start), other.loop
    ).result(),
    "a copied context": lambda start, other: contextvars.copy_context().run(start),
}


@pytest.fixture
def elsewhere():
    made = Elsewhere()
    yield made
    made.close()


@pytest.fixture
def tool(policy):
    """A guarded tool that does what it is told by `do`."""

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str):
        return read.do()

    return read


def started(agent, start, raised):
    """Start an agent, and swallow what comes of it."""
    try:
        start(agent)
    except ConfigurationError as error:
        raised.append((error.code, error.executed, bool(error.decision_id)))


REFUSED = ("agent.unguarded", "no", True)


class TestARoute:
    @pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
    def test_no_agent_runs_unguarded(self, framework, policy, tool, elsewhere, route):
        """
        However a tool starts it, and though it swallows the refusal; a guarded one always runs.
        """
        for start, guarded in itertools.product(STARTS, (False, True)):
            framework.RAN.clear()
            raised = []
            begin = functools.partial(started, framework.Agent(guarded), start, raised)
            tool.do = functools.partial(route, begin, elsewhere)
            with policy.task() as task:
                tool("42")
                report = task.report()

            assert guarded == bool(framework.RAN)
            assert ([] if guarded else [REFUSED]) == raised
            assert ("in bounds" if guarded else "cannot tell") == report.verdict
            assert (1, 0) == (report.ran, report.unknown)

    @pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
    def test_nothing_changes_outside_of_a_tool(self, framework, policy, tool, elsewhere, route):
        tool.do = functools.partial(route, lambda: None, elsewhere)
        with policy.task():
            tool("42")
            for start in STARTS:
                framework.RAN.clear()
                route(functools.partial(start, framework.Agent(False)), elsewhere)
                assert 1 == len(framework.RAN)


class TestATool:
    async def test_that_is_async(self, framework, policy):
        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str):
            return await framework.Agent(False).coroutine("it")

        async with policy.task() as task:
            with pytest.raises(ConfigurationError) as ei:
                await read("42")
            report = task.report()

        assert "agent.unguarded" == ei.value.code
        assert [] == framework.RAN
        assert (1, "cannot tell") == (report.ran, report.verdict)

    def test_that_yields_is_left_between_its_items(self, framework, policy):
        """
        Its consumer shares its context, and may run whatever it likes.
        """
        agent = framework.Agent(False)

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str):
            yield "one"
            try:
                agent.plain("within")
            finally:
                with contextlib.suppress(ConfigurationError):
                    agent.plain("at its end")

        with policy.task():
            items = read("42")
            assert "one" == next(items)
            agent.plain("outside")
            with pytest.raises(ConfigurationError):
                next(items)
            again = read("42")
            next(again)
            again.close()

        assert ["outside"] == framework.RAN

    async def test_that_yields_async(self, framework, policy):
        agent = framework.Agent(False)

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str):
            yield "one"
            await agent.coroutine("within")

        async with policy.task():
            items = read("42")
            assert "one" == await anext(items)
            await agent.coroutine("outside")
            with pytest.raises(ConfigurationError):
                await anext(items)

        assert ["outside"] == framework.RAN

    def test_that_has_ended_is_refused_what_it_left_running(self, framework, policy, tool):
        agent, gate, raised = framework.Agent(False), threading.Event(), []

        def later():
            gate.wait(20)
            started(agent, plain, raised)

        tool.do = threading.Thread(target=later).start
        with policy.task() as task:
            before = {*threading.enumerate()}
            tool("42")
            started_since = {*threading.enumerate()} - before
            # The evidence log has a timer of its own.
            (left,) = (each for each in started_since if not isinstance(each, threading.Timer))
            gate.set()
            left.join()
            report = task.report()

        assert [] == framework.RAN
        assert [REFUSED] == raised
        assert (1, "cannot tell") == (report.ran, report.verdict)

    def test_is_the_innermost(self, framework, policy, tool):
        """
        A guarded tool that another one calls is what the record names.
        """

        @policy.guard.tool("web.get", resource=lambda url: ("page", url))
        def get(url: str):
            framework.Agent(False).plain("it")

        tool.do = functools.partial(get, "https://wiki.acme.example/")
        with policy.task(prompt="Read https://wiki.acme.example/") as task:
            with pytest.raises(ConfigurationError):
                tool("42")
            report = task.report()

        assert [("web.get", "agent.unguarded")] == [(r.tool, r.code) for r in report.unavailable]
        assert ("web.get started an agent that is not guarded",) == report.why


class TestTheRefusal:
    def test_does_not_run_the_agent_where_no_record_is_taken(self, framework):
        def full(record):
            raise DecisionUnavailable("full", code="evidence.unavailable")

        with ToolRun(ALLOWED, full).active(), pytest.raises(DecisionUnavailable):
            framework.Agent(False).plain("it")

        assert [] == framework.RAN

    def test_is_made_where_it_cannot_be_told_whether_an_agent_is_guarded(
        self, framework, monkeypatch
    ):
        def fails(agent):
            raise AttributeError(agent)

        monkeypatch.setattr(sys.modules["some_adapter"], "is_guarded", fails)
        run = ToolRun(ALLOWED, lambda record: None)
        for start in STARTS:
            with run.active(), pytest.raises(ConfigurationError):
                start(framework.Agent(True))
        monkeypatch.delitem(sys.modules, "some_adapter")
        with run.active(), pytest.raises(ConfigurationError) as ei:
            framework.Agent(True).plain("it")

        assert [] == framework.RAN
        assert "`mail.read` started an agent (Agent)" in ei.value.message


class TestAnEntryPoint:
    def test_keeps_its_signature_and_its_kind(self, framework):
        agent = framework.Agent
        assert "(self, said, *, twice=False)" == str(inspect.signature(agent.plain))
        assert "Run it." == agent.plain.__doc__
        assert inspect.iscoroutinefunction(agent.coroutine)
        assert inspect.isgeneratorfunction(agent.items)
        assert inspect.isasyncgenfunction(agent.aitems)
        assert ["agent", "said"] == list(inspect.signature(agent.of).parameters)
        assert "some_agents" == framework.__spec__.loader.name

    async def test_gives_an_async_context_what_is_raised_within(self, framework):
        with pytest.raises(KeyError):
            async with framework.Agent(False).context("it"):
                raise KeyError
        assert ["it", "raised within"] == framework.RAN

    def test_of_a_subclass_is_the_one_that_it_goes_on_to(self, framework):
        class Own(framework.Agent):
            def plain(self, said, *, twice=False):
                return super().plain(said)

        with ToolRun(ALLOWED, lambda record: None).active(), pytest.raises(ConfigurationError):
            Own(False).plain("it")

    def test_that_a_framework_has_no_more_is_told(self, tmp_path, monkeypatch, caplog):
        install()
        (tmp_path / "other_agents.py").write_text("class Agent: pass")
        monkeypatch.syspath_prepend(tmp_path)
        entries = (EntryPoint("Agent", ("run",), "some"), EntryPoint("Gone", ("run",), "some"))
        monkeypatch.setitem(ENTRY_POINTS, "other_agents", entries)
        importlib.import_module("other_agents")
        del sys.modules["other_agents"]

        assert "other_agents has no Agent.run" in caplog.text
        assert "other_agents has no Gone.run" in caplog.text

    def test_is_patched_once(self, framework):
        def patched():
            pool = ThreadPoolExecutor
            threads = (threading.Thread.start, pool.__init__, pool.submit, Future.add_done_callback)
            return framework.Agent.plain, *threads, len(sys.meta_path)

        before = patched()
        install()
        nested_agents._patch("some_agents", framework)
        assert before == patched()

    def test_of_a_pool_refuses_what_it_did(self):
        install()
        with pytest.raises(TypeError):
            ThreadPoolExecutor(1, "name", "no function")

    def test_is_looked_for_in_known_adapters(self):
        """
        Each names a module of this package that says whether an agent is guarded.
        """
        for entry in itertools.chain.from_iterable(ENTRY_POINTS.values()):
            if not entry.adapter:
                continue  # a model, which is no agent
            path = ROOT / "sdk" / (entry.adapter.replace(".", "/") + ".py")
            assert "\ndef is_guarded(" in path.read_text()


class TestAWorkflow:
    """What an adapter takes for a workflow runs, and its items are made where no model is asked."""

    @pytest.fixture
    def frameworks(self, framework, monkeypatch):
        """The same, where what nobody guards is a workflow; and its methods for a model's."""
        adapter = sys.modules["some_adapter"]
        monkeypatch.setattr(adapter, "is_workflow", lambda agent: True, raising=False)
        model = EntryPoint("Agent", ("plain",), "")
        monkeypatch.setattr(
            framework.Agent, "request", nested_agents._guarded(said_again, model), raising=False
        )
        return framework

    @pytest.mark.parametrize("asynchronous", [False, True])
    def test_asks_no_model_within(self, frameworks, asynchronous):
        found = []
        run = ToolRun(ALLOWED, lambda record: found.append(record.codes))

        class Graph(frameworks.Agent):
            def items(self, ask):
                yield from super().items(ask())

            async def aitems(self, ask):
                async for item in super().aitems(ask()):
                    yield item

        def inner(graph, ask):
            return [*graph.items(ask)]

        def start(graph, ask):
            if not asynchronous:
                return inner(graph, ask)

            async def take():
                return [each async for each in graph.aitems(ask)]

            return asyncio.run(take())

        for name in ("items", "aitems"):
            entry = EntryPoint("Graph", (name,), "some_adapter")
            setattr(Graph, name, nested_agents._guarded(vars(Graph)[name], entry))
        model = frameworks.Agent(False)
        with run.active():
            assert [1] == start(Graph(False), lambda: 1)
            assert [2] == start(Graph(True), lambda: model.request(2))
            assert [3] == start(
                Graph(False), lambda: inner(Graph(True), lambda: model.request(3))[0]
            )
            assert [] == found
            for ask in (
                lambda: model.request(4),
                lambda: inner(Graph(True), lambda: inner(Graph(False), lambda: model.request(4))),
            ):
                with pytest.raises(ConfigurationError) as ei:
                    start(Graph(False), ask)
                assert "`mail.read` started an agent (Graph)" in ei.value.message
            assert 5 == model.request(5)  # a tool may ask one itself
        assert [("agent.unguarded",)] * 2 == found
        assert 6 == model.request(6)


def said_again(self, said):
    return said


def test_a_thread_of_no_tool_is_within_none():
    found = []
    joined(threading.Thread(target=lambda: found.append(current_tool_run())))
    assert [None] == found
