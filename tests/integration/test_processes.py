"""One deployment, many processes: forks before, after and amid calls, spawned workers, servers.

Each program runs by itself, so that what hangs fails by its time limit, and what is left behind
is counted by the tool's own file, the session store and the evidence log.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys

import pytest
from tests import engines, shipping
from tests.guards import PRELUDE, SECONDS, Place

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


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
    """A place with the policy in each process."""
    place = Place(tmp_path)
    place.url = ""
    return place


def said(place, program, **more):
    """What a program has said, once it has ended as it should and without a complaint."""
    done = place.run(program, place.url, **more)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def settled(place, number):
    """Assert that so many calls ran, each once, allowed before and recorded after."""
    ran = place.ran()
    assert len(ran) == len(set(ran)) == number
    assert place.allowed() == number
    assert place.executed() == {"yes": number}
    assert place.verified()


# --- fork ----------------------------------------------------------------------------------


def test_parent_and_children_go_on_in_one_task(place):
    """
    Forked amid a task, everybody goes on in it: one session, one chain of records.
    """
    sid, codes = said(
        place,
        """
guard = make()
task = begin(guard)
read(task, "before")
children = [fork(lambda: read(task, *(f"{n}-{m}" for m in range(5)))) for n in range(4)]
read(task, *(f"parent-{m}" for m in range(5)))
codes = ended(*children)
read(task, "after")
print(json.dumps([task.session.sid, codes]))
task.end()
""",
    )
    assert codes == [0, 0, 0, 0]
    settled(place, 27)
    assert place.session(sid)["spent"]["calls"] == 27
    assert place.session(sid)["version"] == 27


@pytest.mark.parametrize("made", ["before", "after"])
def test_a_guard_that_nobody_has_used_yet(place, made):
    """
    A guard made before the fork and first used after it, and one for each made after it.
    """
    codes = said(
        place,
        f"""
guard = make() if {made == "before"} else None

def work(n):
    mine = guard or make()
    with begin(mine) as task:
        read(task, *(f"{{n}}-{{m}}" for m in range(3)))
    mine.close()

children = [fork(lambda: work(n)) for n in range(3)]
work("parent")
print(json.dumps(ended(*children)))
""",
    )
    assert codes == [0, 0, 0]
    settled(place, 12)


def test_forked_while_others_call(place):
    """
    Whatever the other threads of the parent were in the midst of, a child makes its call.
    """
    codes = said(
        place,
        """
guard = make()
tasks = [begin(guard) for _ in range(4)]
stop = threading.Event()
counts = [0] * 4

def calling(n):
    while not stop.is_set():
        read(tasks[n], f"thread-{n}-{counts[n]}")
        counts[n] += 1

threads = [threading.Thread(target=calling, args=(n,)) for n in range(4)]
for thread in threads:
    thread.start()
codes = []
for n in range(12):
    time.sleep(0.02 + n % 4 * 0.005)
    codes += ended(fork(lambda: read(tasks[n % 4], f"child-{n}")))
stop.set()
for thread in threads:
    thread.join()
assert sum(counts) > 0
print(json.dumps(codes))
""",
    )
    assert codes == [0] * 12
    ran = place.ran()
    assert {f"child-{n}" for n in range(12)} <= set(ran)
    settled(place, len(ran))


def test_no_lock_of_the_parent_binds_a_child(place):
    """
    Every lock of a guard and its task, held by another thread at the fork, is open in the child.
    """
    codes, held = said(
        place,
        """
guard = make()
task = begin(guard)
read(task, "before")
parts = guard._runtime
owners = [parts, parts.held, parts.registry, parts._development, task]
ready, release = threading.Event(), threading.Event()

def hold():
    for owner in owners:
        owner._lock.__enter__()
    ready.set()
    release.wait()
    for owner in owners:
        owner._lock.__exit__()

thread = threading.Thread(target=hold)
thread.start()
ready.wait()

def work():
    parts.held._kept = None         # has to be fetched again, under a lock
    parts.held._waits = True
    parts.registry.forget("")       # has to be asked again, under a lock
    parts._development._put_at = 0  # has to be put again, under a lock
    read(task, "child")
    with begin(guard) as another:
        read(another, "another")

codes = ended(fork(work))
release.set()
thread.join()
read(task, "after")
task.end()
print(json.dumps([codes, len(owners)]))
""",
    )
    assert codes == [0]
    assert held == 5
    settled(place, 4)


BARE = r"\bthreading\.(R?Lock|Condition|Semaphore)\(|\b_thread\.R?Lock\b"


def test_every_lock_of_the_sdk_is_made_anew_in_a_child():
    """
    A bare `threading.Lock` is only where a fork is seen to.
    """
    sdk = shipping.scenes.ROOT / "sdk"
    bare = {
        path.relative_to(sdk).as_posix()
        for path in sdk.rglob("*.py")
        if re.search(BARE, path.read_text("utf-8"))
    }
    assert bare == {
        "inbounds/process/locks.py",  # is made of it
        "inbounds/engine/embedded.py",  # `_begin_child`
        "inbounds/engine/fair_lock.py",  # made by the above
        "inbounds/sessions/store.py",  # `_after_fork`
        "inbounds/sessions/memory.py",  # `forget`, which the above calls
        "inbounds/files/sqlite_file.py",  # `_after_fork`
        "inbounds/files/sqlite_turns.py",  # of one thread; the above drops it
    }


def test_a_permit_stays_with_its_process(alone):
    """
    A permit is good for nothing in a child, however it gets there; and it is not copied.
    """
    found = said(
        alone,
        """
import copy, pickle
guard = make()
task = begin(guard)
permit = task.permit("mail.read", {"id": "1"})
tool = guard.tools["mail.read"]
run = tool.ready(permit)
refused = []
for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
    try:
        duplicate(permit)
    except TypeError as error:
        refused.append(str(error))

def work():
    uses = [run, permit.cancel, lambda: permit.finish(None), lambda: permit.compare({})]
    for use in uses:
        try:
            use()
        except DecisionUnavailable as error:
            assert error.code == "permit.used", error.code
        else:
            raise AssertionError("it was used")
    read(task, "child")

codes = ended(fork(work))
permit.finish(run())
print(json.dumps([codes, refused]))
task.end()
""",
    )
    assert found[0] == [0]
    assert len(found[1]) == 3 and all("cannot be copied" in text for text in found[1])
    assert sorted(alone.ran()) == ["1", "child"]
    assert alone.executed() == {"yes": 2}
    assert alone.verified()


MADE = """
done = os.open("done", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
guard = Guard()

def step(name):
    os.write(done, f"{name} {os.getpid()}\\n".encode())

def refused(function, *args):
    try:
        function(*args)
    except DecisionUnavailable as error:
        assert (error.code, error.executed) == ("permit.used", "yes"), error
    else:
        raise AssertionError("it went on")

def steps():
    return [line.split() for line in open("done").read().splitlines()]
"""


@pytest.mark.parametrize("uses", ["goes on", "closes", "drops"])
def test_a_tool_of_many_items_goes_on_in_its_own_process_alone(alone, uses):
    """
    A fork amid a generator tool: the child runs no step of it, not even what ends it.
    """
    found = said(
        alone,
        MADE
        + f"""
@guard.tool("mail.read", resource=lambda id: ("mail", id))
def rows(id: str):
    try:
        for number in range(3):
            step(f"row-{{number}}")
            yield number
    finally:
        step("closed")

task = begin(guard)
items = task.call("mail.read", {{"id": "1"}})
assert next(items) == 0

def work():
    global items
    uses = {uses!r}
    if uses == "goes on":
        refused(next, items)
        assert list(items) == []
    elif uses == "closes":
        items.close()
    del items

codes = ended(fork(work))
left = list(items)
print(json.dumps([codes, left, os.getpid(), steps()]))
task.end()
""",
    )
    codes, left, parent, steps = found
    assert ([0], [1, 2]) == (codes, left)
    assert [[name, str(parent)] for name in ("row-0", "row-1", "row-2", "closed")] == steps
    assert alone.executed() == {"yes": 1}
    assert alone.verified()


@pytest.mark.parametrize("amid", ["rows", "a row", "a call"])
def test_an_async_tool_goes_on_in_its_own_process_alone(alone, amid):
    """
    A fork amid an async tool, between two of its items or while it waits: likewise.
    """
    found = said(
        alone,
        MADE
        + f"""
import asyncio

amid = {amid!r}
gate = asyncio.Event()

async def wait():
    await gate.wait()

async def rows(id: str):
    try:
        for number in range(3):
            step(f"row-{{number}}")
            if amid == "a row" and number == 1:
                await wait()
            yield number
    finally:
        step("closed")

async def one(id: str):
    try:
        step("row-0")
        await wait()
        step("row-1")
        return 1
    finally:
        step("closed")

guard.tool("mail.read", resource=lambda id: ("mail", id))(one if amid == "a call" else rows)
task = begin(guard)
loop = asyncio.new_event_loop()

async def listed(items):
    return [item async for item in items]

async def first():
    return (await task.acall("mail.read", {{"id": "1"}})).__aiter__()

if amid == "a call":
    async def call():
        return await task.acall("mail.read", {{"id": "1"}})
    making = loop.create_task(call())
    while not os.path.getsize("done"):
        loop.run_until_complete(asyncio.sleep(0))
    goes_on = lambda: (gate.set(), loop.run_until_complete(making))[1]
    ends = lambda: [goes_on()]
else:
    items = loop.run_until_complete(first())
    assert loop.run_until_complete(anext(items)) == 0
    ends = lambda: loop.run_until_complete(listed(items))
    goes_on = lambda: loop.run_until_complete(anext(items))
    if amid == "a row":
        making = loop.create_task(anext(items))
        while len(steps()) < 2:
            loop.run_until_complete(asyncio.sleep(0))
        goes_on = lambda: (gate.set(), loop.run_until_complete(making))[1]
        ends = lambda: [goes_on(), *loop.run_until_complete(listed(items))]

codes = ended(fork(lambda: refused(goes_on)))
left = ends()
print(json.dumps([codes, left, os.getpid(), steps()]))
task.end()
loop.close()
""",
    )
    codes, left, parent, steps = found
    names = ["row-0", "row-1", *(["row-2"] if amid != "a call" else []), "closed"]
    assert ([0], [1, 2] if amid != "a call" else [1]) == (codes, left)
    assert [[name, str(parent)] for name in names] == steps
    assert alone.executed() == {"yes": 1}
    assert alone.verified()


def test_what_is_drawn_after_a_fork_is_drawn_once(alone):
    """
    Ids, tokens and jitter of two processes are never the same.
    """
    drawn = said(
        alone,
        """
import random
from inbounds.process.ids import uuid7
guard = make()
task = begin(guard)
uuid7(), random.random()

def draw():
    fresh = guard.issuer.renew(task.grant)
    signature = fresh.token.rpartition(".")[2]
    # As much as a pipe takes in one piece.
    return [[uuid7() for _ in range(60)], [signature], [random.random()]]

read_end, write_end = os.pipe()
def tell():
    os.write(write_end, (json.dumps(draw()) + "\\n").encode())

children = [fork(tell) for _ in range(4)]
lines = []
with os.fdopen(read_end) as pipe:
    for _ in children:
        lines.append(json.loads(pipe.readline()))
assert ended(*children) == [0] * 4
print(json.dumps([*lines, draw()]))
task.end()
""",
    )
    assert len(drawn) == 5
    for kind in zip(*drawn, strict=True):
        values = [value for each in kind for value in each]
        assert len(values) == len(set(values))


def test_a_session_in_memory_is_lost_to_a_child(alone):
    """
    Two processes would spend one budget, so the child has no session of its parent's.
    """
    code = said(
        alone,
        """
guard = make(sessions="memory")
task = begin(guard)
read(task, "1")
seen, told = os.pipe()

def work():
    try:
        read(task, "2")
    except DecisionUnavailable as error:
        os.write(told, error.code.encode())
    with begin(guard) as another:
        read(another, "3")

assert ended(fork(work)) == [0]
read(task, "4")
print(json.dumps(os.read(seen, 100).decode()))
task.end()
""",
    )
    assert code == "session.lost"
    assert alone.ran() == ["1", "3", "4"]


# --- multiprocessing -----------------------------------------------------------------------


@pytest.mark.parametrize("method", sorted(multiprocessing.get_all_start_methods()))
def test_workers_of_a_pool(place, method):
    """
    Each worker makes its guard, or has its parent's by fork; none can be sent to it, nor a task.
    """
    found = said(
        place,
        f"""
import multiprocessing, pickle

guard = None

def work(n):
    global guard
    guard = guard or make()
    with begin(guard) as task:
        read(task, f"{{n}}")
    return os.getpid()

def refused(what):
    try:
        pickle.dumps(what)
    except TypeError as error:
        return "process" in str(error)
    return False

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    guard = make()
    with begin(guard) as task:
        read(task, "parent")
        permit = task.permit("mail.read", {{"id": "never"}})
        sent = [refused(what) for what in (guard, task, permit)]
        permit.cancel()
    with context.Pool(3) as pool:
        pids = pool.map(work, range(12), chunksize=1)
        pool.close()
        pool.join()
    print(json.dumps([sent, os.getpid() in pids, len(set(pids))]))
""",
    )
    assert found[0] == [True, True, True]
    assert found[1] is False
    assert sorted(place.ran()) == sorted([*map(str, range(12)), "parent"])
    assert place.executed() == {"yes": 13, "no": 1}
    assert place.verified()


# --- a server that forks its workers -------------------------------------------------------

SERVER = """
guard = make()
task = begin(guard)
read(task, "warm")
listener = socket.create_server(("127.0.0.1", 0))
stopping = threading.Event()

def serve():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        connection, _ = listener.accept()
        with connection:
            line = connection.recv(4096).split(b"\\r\\n")[0].decode()
            id = line.split()[1].lstrip("/")
            if id.startswith("die"):
                permit = task.permit("mail.read", {"id": id})
                os.kill(os.getpid(), signal.SIGKILL)
            read(task, id)
            body = str(os.getpid()).encode()
            head = b"HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body)
            connection.sendall(head + body)

workers = {fork(serve) for _ in range(3)}

def stop(*_):
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
    codes = ended(*workers)
    task.end()
    guard.close()
    print(json.dumps(codes), flush=True)
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
print(listener.getsockname()[1], task.session.sid, flush=True)
while True:
    died, _ = os.waitpid(-1, 0)
    workers.discard(died)
    workers.add(fork(serve))
"""


def test_a_server_that_forks_its_workers(place):
    """
    As gunicorn with a preloaded application: the master has the guard, workers answer, some are
    killed amid a call and replaced, and all are ended.
    """
    path = place.folder / "server.py"
    path.write_text(PRELUDE + SERVER, "utf-8")
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", str(path)],
        env=place.environment(place.url),
        cwd=place.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            port, sid = server.stdout.readline().split()

            def get(path):
                connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
                connection.request("GET", path)
                answer = connection.getresponse().read()
                connection.close()
                return int(answer)

            pids = {get(f"/{n}") for n in range(20)}
            for n in range(2):
                with pytest.raises((http.client.HTTPException, OSError)):
                    get(f"/die-{n}")
            pids |= {get(f"/{n}") for n in range(20, 40)}
        finally:
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=SECONDS)
    assert (server.returncode, err) == (0, "")
    assert json.loads(out) == [0, 0, 0]
    assert server.pid not in pids
    assert sorted(place.ran()) == sorted([*map(str, range(40)), "warm"])
    # What was permitted and killed stays spent, and stands open in the log.
    assert place.allowed() == 43
    assert place.executed() == {"yes": 41}
    assert place.session(sid)["spent"]["calls"] == 43
    assert place.verified()


# --- one connection to OPA for each process ------------------------------------------------


def test_no_two_processes_share_a_connection(alone, tmp_path):
    """
    Answers of one connection never reach the process of another.
    """
    found = said(
        alone,
        """
from inbounds.pdp.opa import OpaServer
server = OpaServer(os.environ["OPA"])
def ask(n):
    answer = server.ask("test/echo", json.dumps({"n": n}).encode(), deadline=time.monotonic() + 20)
    assert answer.result == {"n": n}, (answer.result, n)

ask("parent")
children = [fork(lambda: [ask(f"{n}-{m}") for m in range(50)]) for n in range(4)]
for m in range(50):
    ask(f"parent-{m}")
print(json.dumps(ended(*children)))
""",
        OPA=_echoing(tmp_path),
    )
    assert found == [0, 0, 0, 0]


@pytest.fixture(autouse=True)
def _ended():
    yield
    while _RUNNING:
        _RUNNING.pop().close()


_RUNNING: list[engines.Opa] = []


def _echoing(folder):
    (folder / "test.rego").write_text("package test\n\necho := input\n", "utf-8")
    opa = engines.Opa(str(folder / "test.rego"))
    _RUNNING.append(opa)
    return opa.url
