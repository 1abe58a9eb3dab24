"""What breaks into an evaluation from outside: it ends without an answer, and harms nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import wasmtime
from tests import engines

from inbounds.engine import signature_cache
from inbounds.engine.crossing import HostFunction
from inbounds.engine.embedded import EmbeddedPolicy
from inbounds.errors import InvalidAnswer

PROBE = """\
package probe

echo := input

now := data.live.now

both := {"echo": input.text, "begins": strings.any_prefix_match(input.text, "board/")}

digest := crypto.sha256(input.text)

begins := strings.any_prefix_match(input.text, "a")

claims := io.jwt.decode(input.token)[1]

later := time.add_date(0, 1, 0, 0)

# Each is true where the built-in is undefined.
outside if not strings.any_prefix_match(input.text, "board/")

undigested if not crypto.sha256(input.text)

undated if not time.add_date(0, count(input.text), 0, 0)
"""
RULES = (
    "echo",
    "now",
    "both",
    "digest",
    "begins",
    "claims",
    "later",
    "outside",
    "undigested",
    "undated",
)
TOKEN = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ."


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return engines.signing_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def artefact(tmp_path_factory, keys):
    return engines.build_probe(tmp_path_factory.mktemp("probe"), PROBE, keys=keys, rules=RULES)


@pytest.fixture
def policy(artefact, keys):
    policy = EmbeddedPolicy(artefact, key=keys.public)
    yield policy
    policy.close()


def ask(policy, rule, question):
    text = json.dumps(question).encode()
    return policy.ask(f"probe/{rule}", text, deadline=time.monotonic() + 30).result


@pytest.fixture
def dropped(monkeypatch):
    """What ctypes dropped of what was raised in a function that it called."""
    found = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: found.append(it.exc_type))
    return found


class Broken(BaseException):
    """As a signal's handler raises it, or another thread."""


def broken_off(asking, event, place=0):
    """Ask in a thread, and raise there when the module has entered Python: before its first
    line, or at a later one."""
    code, seen = HostFunction._enter.__code__, []

    def trace(frame, what, _):
        if frame.f_code is not code:
            return None
        if what == event:
            seen.append(what)
            if len(seen) == place + 1:
                sys.settrace(None)
                raise Broken
        return trace

    def traced():
        sys.settrace(trace)
        try:
            return asking()
        finally:
            sys.settrace(None)
            assert len(seen) == place + 1

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(traced).result()


@pytest.mark.system
@pytest.mark.parametrize(
    ("rule", "question"),
    [
        ("digest", {"text": "a"}),
        ("begins", {"text": "a"}),
        ("claims", {"token": TOKEN}),
        ("later", {}),
        ("outside", {"text": "board/minutes"}),
        ("undigested", {"text": "a"}),
        ("undated", {"text": "a"}),
    ],
)
def test_a_built_in_that_is_broken_off_before_its_first_line(policy, dropped, rule, question):
    """
    Nobody can catch what is raised there, and it is not an answer all the same: a built-in that
    gave none is not taken for one that is undefined.
    """
    for _ in range(20):
        instance = policy._running()
        with pytest.raises(InvalidAnswer):
            broken_off(lambda: ask(policy, rule, question), "call")
        assert policy._instance is not instance
        assert ask(policy, "echo", {"a": 1}) == {"a": 1}
    assert dropped == [Broken] * 20


@pytest.mark.system
def test_a_built_in_that_is_broken_off_later(policy, dropped):
    """
    At whichever line it was, either what was raised reaches whoever asked, or there is no answer,
    or the right one.
    """
    right, line, reached = ask(policy, "digest", {"text": "a"}), 0, 0
    while True:
        try:
            found = broken_off(lambda: ask(policy, "digest", {"text": "a"}), "line", line)
        except Broken:
            reached += 1
        except InvalidAnswer:
            assert dropped
        except AssertionError:
            break
        else:
            assert found == right
        assert ask(policy, "digest", {"text": "a"}) == right
        line += 1
    assert reached > 5
    assert len(dropped) == line - reached <= 3


ARGUMENTS = {
    "opa_println": 1,
    "opa_builtin0": 2,
    "opa_builtin1": 3,
    "opa_builtin2": 4,
    "opa_builtin3": 5,
    "opa_builtin4": 6,
}


@pytest.mark.parametrize("returned", [0, 2, -1, 1])
def test_a_module_stops_where_the_host_has_not_returned(returned):
    """
    Whatever it asked the host for, and where the policy itself says that it cannot go on.
    """
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, signature_cache.MODULE)
    asked, host = [], {}

    def answers(wanted):
        def answer(*given):
            asked.append(given)
            return [42, returned] if len(wanted.type.results) == 2 else returned

        return answer

    for wanted in module.imports:
        if wanted.module == "host":
            host[wanted.name] = wasmtime.Func(store, wanted.type, answers(wanted))
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(1, None)))
    functions = signature_cache.SignatureCache(store, memory, module, host).functions
    assert functions.keys() == {"opa_abort", *ARGUMENTS}

    for name, count in ARGUMENTS.items():
        given = tuple(range(1, count + 1))
        if returned == 1:
            expected = None if name == "opa_println" else 42
            assert functions[name](store, *given) == expected
        else:
            with pytest.raises(wasmtime.Trap, match="unreachable"):
                functions[name](store, *given)
        assert asked.pop() == given
    with pytest.raises(wasmtime.Trap, match="unreachable"):
        functions["opa_abort"](store, 1)


STORM = """
import itertools, json, os, random, signal, sys, threading, time
from inbounds.errors import Timeout
from inbounds.engine.embedded import EmbeddedPolicy

policy = EmbeddedPolicy(sys.argv[1], key=sys.argv[2])
# A signal raises once for each time that it is waited for, so that none ends the program itself.
ARMED, LOST = [], []

def handler(number, frame):
    if ARMED:
        ARMED.clear()
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, handler)
signal.signal(signal.SIGALRM, handler)
sys.unraisablehook = lambda it: LOST.append(repr(it.exc_value))

def ask(rule, question, seconds=30.0):
    text = json.dumps(question).encode()
    return policy.ask(f"probe/{rule}", text, deadline=time.monotonic() + seconds).result

def rightly(n):
    assert ask("both", {"text": f"board/{n}"}) == {"echo": f"board/{n}", "begins": True}

def interrupted(number, arrange, act):
    came, numbers = 0, itertools.count()
    until = time.monotonic() + 60
    while came < number and time.monotonic() < until:
        for arranged, acted, times in ((arrange, act, itertools.count()), (bool, rightly, [0])):
            try:
                ARMED.append(True)
                arranged()
                for _ in times:
                    acted(next(numbers))
                    if time.monotonic() > until:
                        break
                ARMED.clear()
            except KeyboardInterrupt:
                came += 1
    return came

def timer():
    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0002, 0.003))
"""
ENDING = """
rightly(0)
assert not policy._lock._taken
policy.close()
names = [thread.name for thread in threading.enumerate()]
print(json.dumps([came, LOST, "inbounds-engine" in names]))
"""


def weathered(artefact, keys, program):
    """What a process says at its end that signals rained on."""
    program = STORM + program + ENDING
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program, str(artefact), str(keys.public)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-3000:])
    return json.loads(done.stdout)


@pytest.mark.system
def test_signals_that_interrupt_the_main_thread(artefact, keys):
    """
    Each reaches the main thread as what its handler raised; none is lost, every later answer is
    right, nobody keeps the engine's turn, and no thread is left.
    """
    came, lost, left = weathered(artefact, keys, "came = interrupted(400, timer, rightly)\n")
    assert came >= 400
    assert (lost, left) == ([], False)


@pytest.mark.system
def test_signals_while_another_thread_asks(artefact, keys):
    """
    The main thread is interrupted by a thread that sends signals, while others are answered.
    """
    came, lost, left = weathered(
        artefact,
        keys,
        """
answered, stop = [], threading.Event()

def asking():
    while not stop.is_set():
        rightly(7)
        answered.append(1)

def sending():
    while not stop.is_set():
        time.sleep(random.uniform(0.001, 0.004))
        os.kill(os.getpid(), signal.SIGINT)

threads = [threading.Thread(target=work) for work in (asking, sending)]
for thread in threads:
    thread.start()
came = interrupted(200, lambda: None, rightly)
stop.set()
for thread in threads:
    thread.join()
assert len(answered) > 50
""",
    )
    assert came >= 200
    assert (lost, left) == ([], False)


@pytest.mark.system
def test_signals_while_data_is_put_in_force(artefact, keys):
    """
    What was pushed or put is in force whole, before or after.
    """
    came, lost, left = weathered(
        artefact,
        keys,
        """
def change(n):
    policy.push_live({"seq": n})
    if n % 10 == 0:
        policy.replace_deployment({"n": n})
    now = ask("now", {})
    assert now == {"seq": n} or isinstance(now["seq"], int)

came = interrupted(100, lambda: (policy.push_live({"seq": -1}), timer()), change)
policy.push_live({"seq": 1000})
assert ask("now", {}) == {"seq": 1000}
""",
    )
    assert came >= 100
    assert (lost, left) == ([], False)
