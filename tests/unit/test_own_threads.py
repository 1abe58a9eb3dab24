"""An event loop waits for decisions and records on threads that no program can fill."""

import asyncio
import contextvars
import gc
import os
import queue
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from inbounds import DecisionUnavailable, InboundsError, Labelled, ResultWithheld
from inbounds.process import clock, threads
from inbounds.process.fair_pool import FairPool
from inbounds.testing import PolicyUnderTest

WIKI = "https://wiki.acme.example/"


@pytest.fixture
def tools(policy):
    """Guarded tools, one of them in the loop and one in a thread."""

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        return id

    @policy.guard.tool("web.get", resource=lambda url: ("page", url))
    async def get(url: str) -> str:
        return url


@pytest.fixture
async def full():
    """The loop's default threads all wait, until the test is over."""
    gate = threading.Event()
    loop = asyncio.get_running_loop()
    waiting = [loop.run_in_executor(None, gate.wait, 30) for _ in range(64)]
    await asyncio.sleep(0.01)
    yield gate
    gate.set()
    await asyncio.gather(*waiting)


class TestDecisions:
    async def test_need_no_thread_of_the_program(self, policy, tools, full):
        """
        Whatever fills the program's threads, a call of an async tool takes its time and no more.
        """
        begun = time.monotonic()
        async with policy.task() as task:
            assert WIKI == await task.acall("web.get", {"url": WIKI})
            permit = await task.apermit("mail.read", {"id": "42"})
            permit.finish(None)
            assert (await task.aevaluate("mail.read", {"id": "42"})).allowed
        assert time.monotonic() - begun < 10
        assert not full.is_set()
        assert "in bounds · 2 ran · 0 refused" == str(task.report())

    async def test_tools_that_wait_for_others(self, policy, tools):
        """
        Tools in the program's threads that call another tool through the loop do not wait for ever.
        """
        loop = asyncio.get_running_loop()
        policy.guard._tools._tools.pop("mail.read")

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def nested(id: str) -> str:
            call = task.acall("web.get", {"url": WIKI})
            return asyncio.run_coroutine_threadsafe(call, loop).result(30)

        async with policy.task(prompt=f"Get {WIKI}") as task:
            calls = (task.acall("mail.read", {"id": str(n)}) for n in range(40))
            async with asyncio.timeout(60):
                assert [WIKI] * 40 == await asyncio.gather(*calls)

    @pytest.mark.parametrize("asks", ["apermit", "acall", "aevaluate", "aobserve_data"])
    async def test_another_session_does_not_wait_for_one_with_many_calls(self, policy, tools, asks):
        """
        However many calls of one session wait for each other, a call of another one is judged.
        """
        many, other = policy.task(), policy.task()
        sessions = policy.guard._runtime.sessions
        given = ("words",) if asks == "aobserve_data" else ("mail.read", {"id": "42"})
        with sessions.lock(many.session, deadline=clock.monotonic() + 30):
            calls = [
                asyncio.ensure_future(many.acall("web.get", {"url": WIKI}))
                for _ in range(2 * threads.MOST)
            ]
            await asyncio.sleep(0.01)
            async with asyncio.timeout(20):
                await getattr(other, asks)(*given)
            assert [False] * len(calls) == [call.done() for call in calls]
        await asyncio.gather(*calls, return_exceptions=True)

    @pytest.mark.parametrize("asks", ["apermit", "acall", "aevaluate"])
    async def test_their_deadline_counts_from_the_call(self, tmp_path, monkeypatch, asks):
        """
        Whoever waits for a thread has no more time for that.
        """
        monkeypatch.setattr(threads, "_pool", None)
        monkeypatch.setattr(threads, "MOST", 1)
        policy = PolicyUnderTest(tmp_path / "inbounds", deadline=1.0)
        policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(lambda id: id)
        task = policy.task()
        gate = threading.Event()
        busy = asyncio.ensure_future(threads.run_in_thread(gate.wait, 30))
        asking = asyncio.ensure_future(getattr(task, asks)("mail.read", {"id": "42"}))
        await asyncio.sleep(0.05)
        begun = clock.monotonic()
        monkeypatch.setattr(clock, "monotonic", lambda: begun + 1.0)
        gate.set()
        with pytest.raises(InboundsError) as ei:
            await asking
        assert isinstance(ei.value, DecisionUnavailable)
        await busy
        monkeypatch.undo()
        policy.close()

    async def test_what_a_cancelled_wait_had_permitted(self, policy, tools, monkeypatch):
        """
        It is taken back, also where its answer was there already.
        """
        async with policy.task() as task:
            submitted = []
            pool = threads._threads()
            submit = pool.submit

            def keeping(*work):
                submitted.append(submit(*work))
                return submitted[-1]

            monkeypatch.setattr(pool, "submit", keeping)
            asking = asyncio.ensure_future(task.apermit("mail.read", {"id": "42"}))
            await asyncio.sleep(0)
            # The loop stands still until the answer is there, so it has not heard of it.
            submitted[0].result(10)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await until(lambda: "1 stopped" in str(task.report()))
        assert "in bounds · 0 ran · 0 refused · 1 stopped" == str(task.report())

    async def test_what_nobody_waits_for_is_done_though_the_loop_ends(self, caplog):
        gate, done = threading.Event(), threading.Event()

        def work(then):
            gate.wait(30)
            done.set()
            raise then

        asyncio.get_running_loop().run_in_executor(
            None, asyncio.run, ending(lambda: threads.run_in_background(work, ValueError("canary")))
        )
        gate.set()
        assert await asyncio.to_thread(done.wait, 30)
        await until(lambda: "failed: ValueError" in caplog.text)
        assert "canary" not in caplog.text


async def ending(what):
    """A loop that ends right after this."""
    what()


class TestTheLoop:
    """The event loop does not wait for the log."""

    @pytest.fixture
    def busy(self, policy):
        """Somebody else writes to the log, from when this is called for half a second."""
        path = policy.guard.evidence.path
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        begun = []

        def write():
            connection.execute("BEGIN IMMEDIATE")
            begun.append(threading.Timer(0.6, connection.execute, ["ROLLBACK"]))
            begun[-1].start()

        yield write
        for each in begun:
            each.join()
        connection.close()

    @pytest.mark.parametrize("end", ["finish", "fail", "withheld", "within", "left", "over"])
    async def test_an_async_generator_s_outcome(self, policy, busy, end):
        """
        However an async generator ends, its record is written beside the loop.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: str):
            yield "first"
            busy()
            if end == "fail":
                raise OSError
            if end == "withheld":
                yield Labelled("x", "secret")
            if end == "within":
                yield [Labelled("x", "secret")]

        raised = []
        async with policy.task() as task, heartbeat() as beats:
            items = read("42")
            assert "first" == await anext(items)
            if end in ("left", "over"):
                busy()
            task._ended = end == "over"
            if end == "left":
                await items.aclose()
            try:
                async for _ in items:
                    pass
            except (OSError, InboundsError) as error:
                raised.append(type(error))
        errors = {
            "fail": [OSError],
            "withheld": [ResultWithheld],
            "within": [ResultWithheld],
            "over": [DecisionUnavailable],
        }
        assert errors.get(end, []) == raised
        assert max(beats) < 0.4

    @pytest.mark.parametrize("tool", ["coroutine", "async generator"])
    async def test_what_ended_before_it_ran(self, policy, busy, tool, monkeypatch):
        """
        Nor is a call that was permitted, and is over before it runs, recorded in the loop.
        """
        ran = []

        async def coroutine(id: str):
            ran.append(id)

        async def generator(id: str):
            ran.append(id)
            yield id

        function = coroutine if tool == "coroutine" else generator
        read = policy.guard.tool("mail.read", resource=lambda id: ("mail", id))(function)
        task = policy.task()
        apermit = task.apermit

        async def ended(*args, **how):
            permit = await apermit(*args, **how)
            task._ended = True
            busy()
            return permit

        monkeypatch.setattr(task, "apermit", ended)
        async with heartbeat() as beats:
            call = task.acall(read, {"id": "42"})
            begun = call if tool == "coroutine" else anext(await call)
            with pytest.raises(DecisionUnavailable) as ei:
                await begun
        assert ("task.over", "no") == (ei.value.code, ei.value.executed)
        assert ei.value.decision_id
        assert [] == ran
        assert max(beats) < 0.4
        assert "1 stopped" in str(task.report())

    async def test_arguments_that_do_not_fit(self, policy, busy):
        """
        Nor one whose judged arguments the function does not take.
        """

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        async def read(id: Broken) -> None:
            pass

        Broken.busy = busy
        async with policy.task() as task, heartbeat() as beats:
            with pytest.raises(ZeroDivisionError):
                await task.acall(read, {"id": "42"})
        assert max(beats) < 0.4
        assert "1 stopped" in str(task.report())


class Broken:
    """A type whose validation fails in its own way, while the log is busy."""

    @classmethod
    def __get_pydantic_core_schema__(cls, *_):
        from pydantic_core import core_schema

        def fail(_value):
            cls.busy()
            raise ZeroDivisionError

        return core_schema.no_info_plain_validator_function(fail)


class heartbeat:  # noqa: N801 -- it reads as what is asked for
    """How long each turn of the loop took within the block."""

    async def __aenter__(self):
        beats = [0.0]

        async def beat():
            while True:
                begun = time.monotonic()
                await asyncio.sleep(0.01)
                beats.append(time.monotonic() - begun)

        self.beating = asyncio.ensure_future(beat())
        return beats

    async def __aexit__(self, *_):
        await asyncio.sleep(0.05)  # so that the last turn is counted, however long it took
        self.beating.cancel()


class TestThreads:
    async def test_are_few_and_named(self, monkeypatch):
        """
        There are 32 at most, and they say whose they are.
        """
        monkeypatch.setattr(threads, "_pool", None)
        names, gate = set(), threading.Event()

        def wait():
            names.add(threading.current_thread().name)
            gate.wait(10)

        waiting = [asyncio.ensure_future(threads.run_in_thread(wait)) for _ in range(40)]
        await until(lambda: len(names) == 32)
        await asyncio.sleep(0.05)
        assert 32 == len(names)
        assert all(name.startswith("inbounds") for name in names)
        gate.set()
        await asyncio.gather(*waiting)

    async def test_raise_what_no_future_takes(self):
        """
        A function that raises StopIteration is awaited no longer than any other.
        """
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.wait_for(threads.run_in_thread(next, iter(())), 5)

    async def test_have_the_context_of_the_caller(self):
        """
        What was set where it was asked for is seen there, and what is set there stays there.
        """
        word = contextvars.ContextVar("word", default="none")
        word.set("ours")

        def change():
            before = word.get()
            word.set("theirs")
            return before

        assert "ours" == await threads.run_in_thread(change)
        assert "ours" == word.get()

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
    def test_are_made_again_after_a_fork(self):
        """
        A child has none of its parent's threads, and makes its own.
        """
        assert 1 == asyncio.run(threads.run_in_thread(lambda: 1))
        child = os.fork()
        if child == 0:
            try:
                said = asyncio.run(asyncio.wait_for(threads.run_in_thread(lambda: 2), 10))
                os._exit(0 if said == 2 else 1)
            except BaseException:  # noqa: BLE001 -- a child of pytest's must not go on as pytest
                os._exit(2)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert 3 == asyncio.run(threads.run_in_thread(lambda: 3))

    async def test_have_ended_before_a_guard_closes_its_log(self, policy, tools, monkeypatch):
        """
        The outcome of a call whose result is being looked at is recorded, though nobody waits.
        """
        gate, begun = threading.Event(), threading.Event()

        def finish(permit):
            begun.set()
            gate.wait(30)
            return permit.finish(None)

        async with policy.task() as task:
            permits = [await task.apermit("mail.read", {"id": "42"}) for _ in range(2)]
            work = [
                asyncio.ensure_future(threads.run_in_thread(finish, permits[0])),
                asyncio.ensure_future(
                    threads.run_in_thread(gate.wait, 30, unclaimed=lambda _: permits[1].finish(1))
                ),
            ]
            assert await asyncio.to_thread(begun.wait, 30)
            for each in work:
                each.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        recorded = []
        monkeypatch.setattr(
            policy.guard.evidence, "close", lambda: recorded.append(str(task.report()))
        )
        wait = threads.wait

        def begins_to_wait(*args):
            gate.set()
            return wait(*args)

        monkeypatch.setattr(threads, "wait", begins_to_wait)
        policy.guard.close()
        gate.set()

        assert ["in bounds · 2 ran · 0 refused"] == recorded
        assert not threads._under_way

    async def test_keep_no_guard_from_closing_for_ever_nor_those_that_close_it(self):
        gate = threading.Event()
        waiting = asyncio.ensure_future(threads.run_in_thread(gate.wait, 30))
        await asyncio.sleep(0)
        begun = time.monotonic()
        threads.wait_until_idle(0.05)
        await threads.run_in_thread(threads.wait_until_idle, 20)
        assert time.monotonic() - begun < 10
        gate.set()
        assert await waiting

    async def test_tell_no_message_of_others(self, caplog):
        """
        What fails when nobody waits any more is named, and only an error of ours is told in full.
        """
        for error in (OSError("secret text"), DecisionUnavailable("the issuer", code="a.b")):
            gate = threading.Event()

            def fail(error=error, gate=gate):
                gate.wait(10)
                raise error

            waiting = asyncio.ensure_future(threads.run_in_thread(fail))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            caplog.clear()
            gate.set()
            await until(lambda: caplog.messages)
            await asyncio.sleep(0.02)
            gc.collect()
            said = "the issuer [a.b]" if isinstance(error, InboundsError) else "OSError"
            assert 1 == len(caplog.messages)
            assert caplog.messages[0].startswith(f"what nobody waits for any more failed: {said}")


async def until(fact):
    """Wait for a fact, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


class TestFairPool:
    @pytest.fixture
    def pool(self):
        return FairPool(threads=4, of_one=2, names="fair")

    def test_one_has_a_few_threads_at_most(self, pool):
        """
        Of one owner's jobs a few run at a time, in the order in which they came.
        """
        gate, begun = threading.Event(), queue.SimpleQueue()

        def work(number):
            begun.put(number)
            assert gate.wait(30)
            return number

        first = [pool.submit("a", work, number) for number in range(10)]
        assert {0, 1} == {begun.get(timeout=30) for _ in range(2)}
        second = [pool.submit("b", work, number) for number in range(100, 102)]
        assert {100, 101} == {begun.get(timeout=30) for _ in range(2)}
        assert begun.empty()
        gate.set()
        assert [*range(10), 100, 101] == [work.result(30) for work in [*first, *second]]

    def test_owners_take_turns(self, pool):
        """
        Who comes later does not wait for all that others have submitted before.
        """
        gate, order = threading.Event(), []
        busy = [pool.submit(None, gate.wait, 30) for _ in range(3)]
        blocked = threading.Event()
        last = pool.submit(None, blocked.wait, 30)
        jobs = [pool.submit(owner, order.append, owner) for owner in "aaaaab"]
        blocked.set()
        for work in [last, *jobs]:
            work.result(30)
        assert "b" in order[:2]
        gate.set()
        assert [True] * 3 == [work.result(30) for work in busy]

    def test_jobs_without_an_owner_have_all_threads(self, pool):
        meet = threading.Barrier(4)
        works = [pool.submit(None, meet.wait, 30) for _ in range(4)]
        assert [0, 1, 2, 3] == sorted(work.result(30) for work in works)

    def test_what_a_job_raises_is_brought_and_the_next_one_runs(self, pool):
        def fails():
            raise ValueError

        works = [pool.submit("a", fails) for _ in range(5)]
        assert [ValueError] * 5 == [type(work.exception(30)) for work in works]
        assert 7 == pool.submit("a", int, "7").result(30)

    def test_what_is_cancelled_before_its_turn_does_not_run(self, pool):
        gate, ran = threading.Event(), []
        busy = [pool.submit("a", gate.wait, 30) for _ in range(2)]
        cancelled = pool.submit("a", ran.append, 1)
        assert cancelled.cancel()
        gate.set()
        assert pool.submit("a", len, ran).result(30) == 0
        assert [True, True] == [work.result(30) for work in busy]

    def test_nothing_is_kept_of_who_has_no_jobs_left(self, pool):
        for work in [pool.submit(number, int) for number in range(100)]:
            work.result(30)
        assert (0, {}, {}) == (until_idle(pool), pool._ready, pool._full)

    @pytest.mark.system
    def test_at_the_end_of_the_program_what_was_submitted_runs(self):
        """
        Also what waits for its turn then.
        """
        program = (
            "import sys, time\n"
            "from inbounds.process.fair_pool import FairPool\n"
            "pool = FairPool(2, 1, 'fair')\n"
            "def work(n): time.sleep(0.01); print(n, flush=True)\n"
            "works = [pool.submit('a', work, n) for n in range(20)]\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
        )
        assert [*map(str, range(20))] == done.stdout.split()

    def test_what_cannot_run_any_more_is_refused(self, pool):
        pool._executor.shutdown()
        with pytest.raises(RuntimeError):
            pool.submit("a", int)
        assert ({}, {}) == (pool._ready, pool._full)


def until_idle(pool):
    """How many jobs are counted as running once all threads have left."""
    end = time.monotonic() + 30
    while pool._busy and time.monotonic() < end:
        time.sleep(0.001)
    return len(pool._running)
