"""What breaks into an evaluation from outside: it ends without an answer, and harms nothing."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import wasmtime
from tests import engines

from inbounds.errors import InvalidAnswer
from inbounds.pdp import recall
from inbounds.pdp.crossing import Landing
from inbounds.pdp.embedded import EmbeddedPolicy

PROBE = """\
package probe

echo := input

digest := crypto.sha256(input.text)

begins := strings.any_prefix_match(input.text, "a")

claims := io.jwt.decode(input.token)[1]

later := time.add_date(0, 1, 0, 0)

# Each is true where the built-in is undefined.
outside if not strings.any_prefix_match(input.text, "board/")

undigested if not crypto.sha256(input.text)

undated if not time.add_date(0, count(input.text), 0, 0)
"""
RULES = ("echo", "digest", "begins", "claims", "later", "outside", "undigested", "undated")
TOKEN = "eyJhbGciOiJub25lIn0.eyJhIjoxfQ."


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return engines.signing_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def artefact(tmp_path_factory, keys):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "rego").mkdir()
    (folder / "rego" / "probe.rego").write_text(PROBE)
    return engines.build_wasm(
        [folder / "rego"],
        folder / "probe.wasm.tar.gz",
        keys=keys,
        roots=["probe"],
        entrypoints=[f"probe/{rule}" for rule in RULES],
    )


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
    code, seen = Landing._enter.__code__, []

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
    Nobody can catch what is raised there, and it is no answer all the same: a built-in that
    gave none is not taken for one that is undefined.
    """
    for _ in range(20):
        instance = policy._running()
        with pytest.raises(InvalidAnswer):
            broken_off(lambda: ask(policy, rule, question), "call")
        assert policy._instance is not instance
        assert ask(policy, "echo", {"a": 1}) == {"a": 1}
    assert dropped == [Broken] * 20


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
    module = wasmtime.Module(store.engine, recall.MODULE)
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
    functions = recall.Recall(store, memory, module, host).functions
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
