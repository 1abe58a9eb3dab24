"""What the end of a task leaves, and what is at work on a task at one time."""

import asyncio
import contextlib
import logging
import os
import signal
import sqlite3
import threading
import time

import pytest

from inbounds import DecisionUnavailable, OutcomeUnrecorded
from inbounds.evidence.verify import verify
from inbounds.process import threads
from inbounds.process.locks import ProcessLock
from inbounds.testing import AGENT, SUBJECT


@pytest.fixture
def read(policy):
    """A guarded tool that only reads."""

    @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
    def read(id: str) -> str:
        return id

    return read


@pytest.fixture
def feed(policy):
    """The revocation feed, which waits for its file only shortly."""
    feed = policy.guard._runtime._development.feed
    feed._patience = 0.05
    return feed


class Busy:
    """A file that somebody else writes to, within the block."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_):
        self.connection.execute("ROLLBACK")
        self.connection.close()


def live(feed):
    """The feed's file."""
    return feed._file.path


def refused(task):
    """Assert that this process takes no calls of the task."""
    with pytest.raises(DecisionUnavailable) as ei:
        task.call("mail.read", {"id": "42"})
    assert "task.over" == ei.value.code


def revoked(feed, task):
    """Whether the feed says that the task has ended."""
    return task.id in feed.entries().lists["ended"]


class TestAnIssuerThatCannotBeTold:
    def test_is_told_when_it_is_ended_again(self, policy, read, feed):
        """
        Refused here at once, it is revoked by whichever end comes through; then once is enough.
        """
        task = policy.task()
        for _ in range(2):
            with Busy(live(feed)), pytest.raises(DecisionUnavailable) as ei:
                task.end()
            assert "live.unavailable" == ei.value.code
            refused(task)
            assert not revoked(feed, task)

        task.end()
        assert revoked(feed, task)
        with Busy(live(feed)):
            task.end()

    def test_is_told_when_its_block_is_left(self, policy, read, feed):
        """
        An end that failed within the block is made up for at its end.
        """
        with policy.task() as task:
            with Busy(live(feed)), pytest.raises(DecisionUnavailable):
                task.end()
            refused(task)
        assert revoked(feed, task)

    def test_is_told_when_its_block_could_not_be_left(self, policy, read, feed):
        """
        Whoever hears that the end failed may end it again.
        """
        with pytest.raises(DecisionUnavailable), Busy(live(feed)), policy.task() as task:
            pass
        refused(task)
        assert not revoked(feed, task)
        with task:
            pass
        assert revoked(feed, task)

    async def test_is_told_when_its_async_block_could_not_be_left(self, policy, read, feed):
        """
        Likewise where it was left asynchronously.
        """
        with Busy(live(feed)), pytest.raises(DecisionUnavailable):
            async with policy.task() as task:
                pass
        refused(task)
        assert not revoked(feed, task)
        async with task:
            pass
        assert revoked(feed, task)

    def test_by_two_threads(self, policy, monkeypatch):
        """
        It is told by one at a time; the second waits for what becomes of the first.
        """
        task = policy.task()
        told, gate = [], threading.Event()

        def end(grant):
            told.append(grant.task)
            if len(told) == 1:
                gate.wait(10)
                raise OSError

        monkeypatch.setattr(policy.guard.issuer, "end", end)
        ends = [threading.Thread(target=self.ended, args=(task,)) for _ in range(3)]
        for each in ends:
            each.start()
        time.sleep(0.1)
        assert [task.id] == told
        gate.set()
        for each in ends:
            each.join()
        assert [task.id] * 2 == told

    def ended(self, task):
        """End it, whatever comes of that."""
        with contextlib.suppress(OSError):
            task.end()


class TestCancelled:
    @pytest.mark.parametrize("full", [False, True], ids=["idle", "full"])
    async def test_while_its_block_is_left(self, policy, read, feed, monkeypatch, full):
        """
        A block that is left amid a cancellation ends the task, here at once and then everywhere.
        """
        gate, going = threading.Event(), threading.Event()
        told = policy.guard.issuer.end

        def end(name):
            going.set()
            gate.wait(10)
            told(name)

        monkeypatch.setattr(policy.guard.issuer, "end", end)
        loop = asyncio.get_running_loop()
        # The program's own threads all wait for something.
        busy = [loop.run_in_executor(None, gate.wait, 10) for _ in range(64)] if full else []
        task = policy.task()

        async def work():
            async with task:
                pass

        leaving = asyncio.ensure_future(work())
        await until(going.is_set)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        refused(task)
        gate.set()
        await asyncio.gather(*busy)
        await until(lambda: revoked(feed, task))

    async def test_before_any_thread_is_free(self, policy, read, feed, monkeypatch):
        """
        It is refused while its end still waits for a thread, and the end is not dropped.
        """
        monkeypatch.setattr(threads, "_pool", None)
        monkeypatch.setattr(threads, "MOST", 1)
        gate = threading.Event()
        asyncio.ensure_future(threads.run_in_thread(gate.wait, 10))  # noqa: RUF006 -- it ends with the gate
        task = policy.task()

        async def work():
            async with task:
                await asyncio.sleep(0)

        leaving = asyncio.ensure_future(work())
        await asyncio.sleep(0.05)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        refused(task)
        assert not revoked(feed, task)
        gate.set()
        await until(lambda: revoked(feed, task))

    def test_with_the_loop(self, policy, read, feed, monkeypatch):
        """
        A loop that ends with its program takes the end of no task back.
        """
        monkeypatch.setattr(threads, "_pool", None)
        monkeypatch.setattr(threads, "MOST", 1)
        gate = threading.Event()
        task = policy.task()

        async def leave():
            async with task:
                pass

        async def main():
            asyncio.ensure_future(threads.run_in_thread(gate.wait, 10))  # noqa: RUF006 -- likewise
            asyncio.ensure_future(leave())  # noqa: RUF006 -- the loop's end cancels it
            await asyncio.sleep(0.05)

        asyncio.run(main())
        refused(task)
        gate.set()
        deadline = time.monotonic() + 10
        while not revoked(feed, task):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    async def test_what_failed_then_is_said(self, policy, feed, monkeypatch, caplog):
        """
        Where nobody hears any more that the issuer was not told, the log says so.
        """
        gate = threading.Event()

        def end(name):
            gate.wait(10)
            raise OSError("secret text")

        monkeypatch.setattr(policy.guard.issuer, "end", end)

        async def work():
            async with policy.task():
                pass

        leaving = asyncio.ensure_future(work())
        await asyncio.sleep(0.05)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with caplog.at_level(logging.ERROR, "inbounds"):
            gate.set()
            await until(lambda: caplog.records)
        assert ["what nobody waits for any more failed: OSError"] == caplog.messages


class TestReconcile:
    @pytest.fixture
    def held(self, policy):
        """A task with three outcomes that the log did not take."""
        log = policy.guard.evidence
        log._patience = 0.05
        busy = Busy(log.path)
        gate = threading.Barrier(3)

        @policy.guard.tool("mail.read", resource=lambda id: ("mail", id))
        def read(id: str) -> str:
            if id != "last" and gate.wait(10) == 0:
                busy.__enter__()
            if id != "last":
                gate.wait(10)
            return id

        task = policy.task()
        unrecorded = []

        def call(id):
            try:
                task.call("mail.read", {"id": id})
            except OutcomeUnrecorded as error:
                unrecorded.append(error)

        calls = [threading.Thread(target=call, args=(str(n),)) for n in range(3)]
        # The one that locks the file is another thread than the one that opens it again.
        connect = sqlite3.connect
        busy.__class__ = type("Shared", (Busy,), {"__enter__": lambda self: lock(self, connect)})
        for each in calls:
            each.start()
        for each in calls:
            each.join()
        busy.__exit__()
        assert 3 == len(unrecorded)
        return task

    def test_by_many_threads(self, policy, held):
        """
        Each outcome is written once, whoever writes it, and then calls go on.
        """
        start = threading.Barrier(4)
        written, failed = [], []

        def reconcile():
            start.wait()
            try:
                written.append(held.reconcile())
            except Exception as error:  # noqa: BLE001 -- whichever it was
                failed.append(error)

        many = [threading.Thread(target=reconcile) for _ in range(4)]
        for each in many:
            each.start()
        for each in many:
            each.join()

        assert [] == failed
        assert 3 == sum(written)
        assert "last" == held.call("mail.read", {"id": "last"})
        log = policy.guard.evidence
        assert not verify(log.path, log.key).findings
        assert "in bounds · 4 ran · 0 refused" == str(held.report())

    def test_while_the_log_is_busy(self, policy, held):
        """
        What is not taken is kept, and its task stands still until it is.
        """
        with Busy(policy.guard.evidence.path):
            with pytest.raises(DecisionUnavailable):
                held.reconcile()
            with pytest.raises(DecisionUnavailable) as ei:
                held.call("mail.read", {"id": "last"})
        assert "task.unreconciled" == ei.value.code
        assert 3 == held.reconcile()

    def test_in_the_midst_of_itself(self, policy, held, monkeypatch):
        """
        A signal's handler that reconciles leaves it to what it has interrupted.
        """
        log, inner = policy.guard.evidence, []
        executed = log.executed

        def interrupted(record):
            inner.append(held.reconcile())
            executed(record)

        monkeypatch.setattr(log, "executed", interrupted)
        assert 3 == held.reconcile()
        assert [0, 0, 0] == inner
        assert not verify(log.path, log.key).findings


def lock(busy, connect):
    """Lock its file from any thread."""
    busy.connection = connect(busy.path, isolation_level=None, check_same_thread=False)
    busy.connection.execute("BEGIN IMMEDIATE")


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="there are no such signals here")
class TestAHandlerOfASignal:
    @pytest.fixture(autouse=True)
    def handled(self):
        """Give the signal back to whoever had it."""
        before = signal.getsignal(signal.SIGUSR1)
        yield
        signal.signal(signal.SIGUSR1, before)

    def test_ends_the_task_whose_token_is_being_renewed(self, policy, read, feed, monkeypatch):
        """
        It waits for nothing that its own thread holds.
        """
        task = policy.task()
        issuer = policy.guard.issuer
        renew, seen = issuer.renew, []

        def interrupted(grant):
            signal.raise_signal(signal.SIGUSR1)
            return renew(grant)

        def end(*_):
            task.end()
            seen.append(revoked(feed, task))

        signal.signal(signal.SIGUSR1, end)
        monkeypatch.setattr(issuer, "renew", interrupted)
        task._grant = type(task._grant)(
            **{
                name: getattr(task._grant, name)
                for name in ("token", "task", "request", "authority", "cut")
            },
            expires=0,
        )
        with within(20):
            assert task.grant
        assert [True] == seen

    def test_ends_the_task_that_is_being_ended(self, policy, feed, monkeypatch):
        """
        It leaves to what it has interrupted what that is about to do.
        """
        task = policy.task()
        issuer = policy.guard.issuer
        told = issuer.end

        def interrupted(name):
            signal.raise_signal(signal.SIGUSR1)
            told(name)

        signal.signal(signal.SIGUSR1, lambda *_: task.end())
        monkeypatch.setattr(issuer, "end", interrupted)
        with within(20):
            task.end()
        assert revoked(feed, task)

    def test_calls_a_tool(self, policy, read):
        """
        Wherever a call is, another one may be made in its midst, or is refused in time.
        """
        policy.guard._runtime.identity(AGENT)
        parts = policy.guard._runtime
        task, other = policy.task(), policy.task(subject=SUBJECT)
        heard = []

        def call(*_):
            heard.append(other.call("mail.read", {"id": "43"}))

        signal.signal(signal.SIGUSR1, call)
        locks = [parts._lock, parts.registry._lock, task._lock, other._lock]
        with within(20):
            for each in locks:
                with each:
                    signal.raise_signal(signal.SIGUSR1)
        assert ["43"] * len(locks) == heard


class within:  # noqa: N801 -- it reads as a preposition
    """A block that ends the program, with what every thread was at, where it takes too long."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        import faulthandler

        faulthandler.dump_traceback_later(self.seconds, exit=True)

    def __exit__(self, *_):
        import faulthandler

        faulthandler.cancel_dump_traceback_later()


class TestLock:
    def test_is_one_thread_s(self):
        """
        Whoever holds it may take it again, and nobody else may until it is given back as often.
        """
        lock, got = ProcessLock(), []

        def other():
            with lock.within(0) as taken:
                got.append((lock.mine, taken))

        def elsewhere():
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

        assert not lock.mine
        with lock:
            with lock, lock.within(0) as taken:
                assert taken and lock.mine
            elsewhere()
        assert not lock.mine
        elsewhere()
        assert [(False, False), (True, True)] == got

    @pytest.mark.system
    @pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
    @pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
    @pytest.mark.parametrize("mine", [False, True], ids=["another's", "its own"])
    def test_is_open_in_a_forked_child(self, mine):
        """
        What another thread held is open in the child; what the child's own held, it gives back.
        """
        lock, held, done = ProcessLock(), threading.Event(), threading.Event()

        def hold():
            with lock:
                held.set()
                done.wait(10)

        def forked():
            child = os.fork()
            if child == 0:
                os._exit(0 if taken_elsewhere(lock) != mine else 1)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        if mine:
            with lock:
                assert 0 == forked()
        else:
            thread = threading.Thread(target=hold)
            thread.start()
            held.wait(10)
            assert 0 == forked()
            done.set()
            thread.join()


def taken_elsewhere(lock):
    """Whether another thread gets the lock."""
    got = []

    def take():
        with lock.within(0.5) as taken:
            got.append(taken)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return got[0]


async def until(fact):
    """Wait for a fact, for ten seconds at most."""
    deadline = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
