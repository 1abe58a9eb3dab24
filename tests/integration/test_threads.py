"""One guard, many threads and tasks of an event loop: no call lost, doubled or mixed up."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import logging
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests import engines, shipping
from tests.guards import SUBJECT, Place

from inbounds import AccessDenied, DecisionUnavailable, OutcomeUnrecorded, TaskMissing
from inbounds.engine import assets
from inbounds.testing import INTENT
from inbounds_tools.bundle.build import build

THREADS = 64


@pytest.fixture(scope="module", autouse=True)
def _assets():
    shipping.make_assets()


@pytest.fixture(params=["embedded", "opa", "redis"])
def place(request, tmp_path):
    """A place, and the engine that decides there, or the store that is shared there."""
    place = Place(tmp_path)
    with place.on(request.param) as url:
        place.url = url
        yield place


@pytest.fixture
def alone(tmp_path):
    """A place with the policy in this process."""
    place = Place(tmp_path)
    place.url = ""
    return place


@pytest.fixture
def guard(place):
    guard = place.guard(place.url)
    yield guard
    guard.close()


@pytest.fixture
def embedded(alone):
    guard = alone.guard()
    yield guard
    guard.close()


def begin(guard, **asked):
    return guard.task(INTENT, subject=SUBJECT, **asked)


def at_once(number, run):
    """Run `run(n)` in so many threads that start together; what each returned or raised."""
    barrier = threading.Barrier(number)

    def one(n):
        barrier.wait()
        return run(n)

    with ThreadPoolExecutor(number) as pool:
        futures = [pool.submit(one, n) for n in range(number)]
        return [future.exception() or future.result() for future in futures]


def settled(place, number):
    """Assert that so many calls ran, each once, allowed before and recorded after."""
    ran = place.ran()
    assert len(ran) == len(set(ran)) == number
    assert place.allowed() == number
    assert place.executed() == {"yes": number}
    assert place.verified()


# --- threads -------------------------------------------------------------------------------


def test_many_threads_in_one_session(place, guard):
    """
    Each call counts once in the session they share, and gets its own result.
    """
    task = begin(guard)
    results = at_once(THREADS, lambda n: task.call("mail.read", {"id": str(n)}))
    task.end()

    assert results == [f"mail {n}" for n in range(THREADS)]
    settled(place, THREADS)
    state = place.session(task.session.sid)
    assert (state["version"], state["spent"]["calls"]) == (THREADS, THREADS)


def test_many_threads_with_a_task_each(place, guard):
    """
    What one thread does leaves no trace in the session of another.
    """

    def run(n):
        with begin(guard) as task:
            read = guard.tools["mail.read"]
            for m in range(2):
                assert read(f"{n}-{m}") == f"mail {n}-{m}"
            return task

    tasks = at_once(32, run)
    settled(place, 64)
    assert {place.session(task.session.sid)["spent"]["calls"] for task in tasks} == {2}
    assert {str(task.report()) for task in tasks} == {"in bounds · 2 ran · 0 refused"}


TEN = """\
# METADATA
# title: Ten calls
# description: A session has ten calls.
# custom:
#   severity: low
#   remedy: Begin another session
#   controls: ["owasp_asi:ASI02"]
package site.rules.session.ten_calls

# METADATA
# description: Shown by what the session has spent
ruled_out if input.context.session.spent.calls < 10

# METADATA
# description: How many
details contains {"calls": input.context.session.spent.calls}
"""


def test_what_a_session_may_spend_is_spent_to_the_last_and_no_further(alone, tmp_path):
    """
    However many ask at once, exactly as many run as a rule leaves to the session.
    """
    rule = tmp_path / "site" / "rules" / "session" / "ten_calls"
    rule.mkdir(parents=True)
    (rule / "ten_calls.rego").write_text(TEN, "utf-8")
    keys = engines.signing_keys(tmp_path)
    built = build(
        rego=assets.rego(),
        site=tmp_path / "site",
        deployment=None,
        key=keys.private,
        out=tmp_path / "bundles",
        opa=Path(engines.opa_binary()),
        capabilities=assets.capabilities(),
    )
    guard = alone.guard(bundle=built.files["wasm"], bundle_key=keys.public)
    task = begin(guard)

    results = at_once(THREADS, lambda n: task.call("mail.read", {"id": str(n)}))
    task.end()
    guard.close()

    refused = [result for result in results if isinstance(result, AccessDenied)]
    assert len(refused) == THREADS - 10
    assert {error.code for error in refused} == {"site.session.ten_calls"}
    ran = alone.ran()
    assert len(ran) == len(set(ran)) == alone.allowed() == 10
    assert alone.session(task.session.sid)["spent"]["calls"] == 10
    assert alone.session(task.session.sid)["refusals"] == THREADS - 10
    assert alone.verified()


def test_whoever_comes_first_finds_everything_made(place):
    """
    A guard that nobody has used makes what it needs once, whoever asks first.
    """
    guard = place.guard(place.url)

    def run(n):
        with begin(guard) as task:
            return task.call("mail.read", {"id": str(n)})

    assert at_once(32, run) == [f"mail {n}" for n in range(32)]
    guard.close()
    settled(place, 32)


def test_many_guards_are_made_at_once(alone):
    """
    In a fresh folder of state, the key of the deployment and the files are made once.
    """

    def run(n):
        guard = alone.guard()
        with begin(guard) as task:
            task.call("mail.read", {"id": str(n)})
        guard.close()
        return guard._runtime.digest_key

    assert len(set(at_once(4, run))) == 1
    settled(alone, 4)


def test_a_first_import_by_many_threads(alone):
    """
    The names of the package are brought in lazily, and by whichever threads need them.
    """
    done = alone.run("""
import subprocess
program = '''
import threading, inbounds
barrier, faults = threading.Barrier(24), []
names = [name for name in inbounds.__all__ if name != "__version__"]
def run(n):
    barrier.wait()
    try:
        getattr(inbounds, names[n % len(names)])
    except BaseException as error:
        faults.append(repr(error))
threads = [threading.Thread(target=run, args=(n,)) for n in range(24)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(faults)
'''
for _ in range(3):
    print(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True))
""")
    assert done.stdout.count("stdout='[]\\n', stderr=''") == 3, done.stdout


def test_a_permit_runs_once_however_many_try(alone, embedded):
    """
    Of all threads that run one permit, or cancel it, one does.
    """
    task = begin(embedded)
    tool = embedded.tools["mail.read"]
    outcomes = []
    for number in range(4):
        permit = task.permit(tool, {"id": str(number)})
        run = tool.ready(permit)
        results = at_once(16, lambda n, run=run, stop=permit.cancel: stop() if n == 8 else run())
        refused = [r for r in results if isinstance(r, DecisionUnavailable)]
        assert {error.code for error in refused} == {"permit.used"}
        ran = [r for r in results if r == f"mail {number}"]
        outcomes.append(len(ran))
        if permit._open:
            permit.finish(None)
    assert set(outcomes) <= {0, 1}
    assert len(alone.ran()) == len(set(alone.ran())) == sum(outcomes)
    assert alone.executed()["yes"] == sum(outcomes)
    task.end()


# --- contexts ------------------------------------------------------------------------------


def test_a_thread_has_a_task_only_where_it_is_given_the_context(alone, embedded):
    """
    A pool's thread is without a task; a copied context and `task.call` have one.
    """
    read = embedded.tools["mail.read"]
    with ThreadPoolExecutor(4) as pool:
        with begin(embedded) as outer:
            with pytest.raises(TaskMissing):
                pool.submit(read, "1").result()
            given = contextvars.copy_context()
            assert pool.submit(given.run, read, "2").result() == "mail 2"
            assert pool.submit(outer.call, "mail.read", {"id": "3"}).result() == "mail 3"
            with begin(embedded) as inner:
                # The copy is of before, and still within the outer task.
                assert pool.submit(given.run, read, "4").result() == "mail 4"
                assert pool.submit(contextvars.copy_context().run, read, "5").result() == "mail 5"
        with pytest.raises(DecisionUnavailable) as refused:
            pool.submit(given.run, read, "6").result()
    assert refused.value.code == "task.over"
    allowed = [r["task"] for r in alone.records() if r.get("outcome") == "allow"]
    assert (allowed.count(outer.id), allowed.count(inner.id)) == (3, 1)


async def test_to_thread_goes_on_in_the_task(alone, embedded):
    read = embedded.tools["mail.read"]
    async with begin(embedded) as task:
        assert await asyncio.to_thread(read, "1") == "mail 1"
        assert await asyncio.to_thread(task.call, "mail.read", {"id": "2"}) == "mail 2"
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            with pytest.raises(TaskMissing):
                await loop.run_in_executor(pool, read, "3")
            assert await loop.run_in_executor(pool, task.call, "mail.read", {"id": "4"}) == "mail 4"
    settled(alone, 3)


async def test_each_task_of_the_loop_has_the_task_it_was_started_in(alone, embedded):
    """
    Interleaved coroutines never take each other's task.
    """
    read = embedded.tools["mail.read"]

    async def converse(n):
        async with begin(embedded) as task:
            for m in range(3):
                await asyncio.to_thread(read, f"{n}-{m}")
                await asyncio.sleep(0)
            return task

    tasks = await asyncio.gather(*(converse(n) for n in range(8)))
    settled(alone, 24)
    assert {str(task.report()) for task in tasks} == {"in bounds · 3 ran · 0 refused"}


# --- a session, many calls -----------------------------------------------------------------


async def test_a_hundred_calls_at_once_in_one_session(place, guard):
    """
    Budget and labels are those of a hundred calls, in whatever order they came.
    """
    async with begin(guard) as task:
        calls = (task.acall("mail.read", {"id": str(n)}) for n in range(100))
        assert await asyncio.gather(*calls) == [f"mail {n}" for n in range(100)]
    settled(place, 100)
    state = place.session(task.session.sid)
    assert (state["version"], state["spent"]["calls"]) == (100, 100)
    assert (state["label"], state["trust"], state["effects"]) == (
        "confidential",
        "untrusted",
        ["read"],
    )


async def test_calls_that_are_cancelled_among_others(alone, embedded):
    """
    A call cancelled while it waits, or decides, has not run; the others have, and all is told.
    """
    async with begin(embedded) as task:
        calls = [asyncio.ensure_future(task.acall("mail.read", {"id": str(n)})) for n in range(40)]
        await asyncio.sleep(0.05)
        for call in calls[::2]:
            call.cancel()
        results = await asyncio.gather(*calls, return_exceptions=True)
        kept = [n for n, result in enumerate(results) if result == f"mail {n}"]
        gone = [n for n, result in enumerate(results) if isinstance(result, asyncio.CancelledError)]
        assert sorted([*kept, *gone]) == list(range(40))
        assert set(range(1, 40, 2)) <= set(kept)
        # What still decides in a thread is discarded once it is there.
        deadline = time.monotonic() + 30
        while sum(alone.executed().values()) < alone.allowed() or threading.active_count() > 40:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    ran = [int(each) for each in alone.ran()]
    assert len(ran) == len(set(ran)) == alone.executed()["yes"]
    assert set(kept) <= set(ran)
    assert alone.executed()["unknown"] == 0
    # What was permitted stays spent, whether it ran or not.
    assert alone.session(task.session.sid)["spent"]["calls"] == alone.allowed()
    assert alone.verified()


async def test_a_call_cancelled_while_its_tool_runs(alone, embedded):
    """
    An async tool that was cancelled is recorded as one that has run and was cancelled.
    """
    started = asyncio.Event()

    @embedded.tool("web.get", resource=lambda url: ("page", url))
    async def get(url: str) -> str:
        started.set()
        await asyncio.sleep(60)
        return url

    async with begin(embedded) as task:
        call = asyncio.ensure_future(task.acall("web.get", {"url": "https://wiki.acme.example/"}))
        await asyncio.wait(
            {call, asyncio.ensure_future(started.wait())}, return_when="FIRST_COMPLETED"
        )
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert await task.acall("mail.read", {"id": "1"}) == "mail 1"
    statuses = [r["status"] for r in alone.records() if "executed" in r]
    assert statuses == ["cancelled", "ok"]
    assert alone.verified()


# --- the end -------------------------------------------------------------------------------


@pytest.mark.parametrize("daemon", [True, False], ids=["daemon", "plain"])
def test_the_interpreter_ends_with_a_task_running(place, daemon):
    """
    Neither a thread amid a call nor a task that nobody ended holds up the end or complains.
    """
    done = place.run(
        f"""
guard = make()
task = begin(guard)
read(task, "first")
calls = threading.Event()

def calling():
    for n in range({100_000 if daemon else 5}):
        read(task, f"{{n}}")
        calls.set()

threading.Thread(target=calling, daemon={daemon}).start()
calls.wait()
""",
        place.url,
    )
    assert (done.returncode, done.stderr) == (0, "")
    ran = place.ran()
    assert len(ran) == len(set(ran)) == 6 or daemon
    assert place.allowed() - 1 <= sum(place.executed().values()) <= place.allowed()
    assert place.verified()


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "dropped"])
def test_a_guard_is_freed(place, closed):
    """
    Nothing keeps a guard alive, or its connections, files and threads.
    """
    done = place.run(
        f"""
import warnings
warnings.simplefilter("error")
guard = make()
with begin(guard) as task:
    read(task, 1)
dead = [weakref.ref(guard), weakref.ref(guard._runtime.pdp), weakref.ref(guard._runtime.sessions)]
if {closed}:
    guard.close()
del guard, task
gc.collect()
deadline = time.monotonic() + 20
while threading.active_count() > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
print(json.dumps([[ref() is None for ref in dead], [t.name for t in threading.enumerate()]]))
""",
        place.url,
    )
    assert done.returncode == 0, done.stderr
    alive, threads = json.loads(done.stdout)
    assert alive == [True, True, True]
    assert threads == ["MainThread"]
    assert done.stderr == "" or not closed, done.stderr


def test_what_is_refused_to_many_threads_is_refused_to_each(alone, embedded, caplog):
    """
    A closed guard permits nothing, to nobody, whenever it is closed.
    """
    caplog.set_level(logging.ERROR, logger="inbounds")
    task = begin(embedded)
    started = threading.Event()

    def run(n):
        if n == 0:
            started.wait()
            embedded.close()
            return
        for m in range(10_000):
            task.call("mail.read", {"id": f"{n}-{m}"})
            started.set()

    results = at_once(9, run)
    assert results[0] is None
    for error in results[1:]:
        # Whoever had begun has run, and is told that it could not be recorded.
        assert isinstance(error, DecisionUnavailable | OutcomeUnrecorded), error
    gc.collect()
    assert len(alone.ran()) <= alone.allowed()
    assert alone.verified()
    with pytest.raises(DecisionUnavailable):
        task.call("mail.read", {"id": "after"})
    assert "after" not in alone.ran()
    assert weakref.ref(embedded)() is embedded


def test_a_generator_that_is_finalised_amid_a_record_holds_nobody_up(alone, embedded, monkeypatch):
    """
    The collector takes it while its own thread writes; the outcome is recorded all the same.
    """

    @embedded.tool("web.get", resource=lambda url: ("page", url))
    def rows(url):
        yield from "abc"

    class Job:
        def __init__(self, task):
            self.items = task.call("web.get", {"url": "https://wiki.acme.example/"})
            self.me = self

    file = embedded.evidence._file
    same, left = file._require_same_file, []

    def collect():
        same()
        if left:
            left.clear()
            gc.collect()

    monkeypatch.setattr(file, "_require_same_file", collect)
    for _ in range(3):
        with begin(embedded) as task:
            job = Job(task)
            assert next(job.items) == "a"
            del job
            left.append(True)
            before = time.monotonic()
            assert task.call("mail.read", {"id": "1"}) == "mail 1"
            assert time.monotonic() - before < 8
    monkeypatch.undo()

    assert alone.executed() == {"yes": 6}
    assert alone.allowed() == 6
    assert alone.verified()
