"""A fast test stays in its process, and what does not is found whichever way it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from tests import tiers
from tests.engines import ROOT


def nothing():
    """What a process of its own does here."""


def fork():
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)


def multiprocess(method):
    process = multiprocessing.get_context(method).Process(target=nothing)
    process.start()
    process.join()


def connect():
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", 9)):
        pass


def listen():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))


async def from_a_loop():
    await (await asyncio.create_subprocess_exec(*PROGRAM)).wait()


def in_a_thread(leave):
    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()


PROGRAM = [sys.executable, "-c", ""]
WAYS = {
    "a program": lambda: subprocess.run(PROGRAM, check=True),
    "a program from a loop": lambda: asyncio.run(from_a_loop()),
    "a shell": lambda: os.system("true"),
    "posix_spawn": lambda: os.waitpid(os.posix_spawn(sys.executable, PROGRAM, os.environ), 0),
    "a fork": fork,
    "multiprocessing, forked": lambda: multiprocess("fork"),
    "multiprocessing, spawned": lambda: multiprocess("spawn"),
    "a connection": connect,
    "a listening socket": listen,
    "a listening socket in a thread": lambda: in_a_thread(listen),
}


@pytest.mark.system
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("way", WAYS)
def test_whatever_leaves_the_process_is_seen(way):
    tiers.WATCH.begin()
    try:
        WAYS[way]()
    finally:
        tiers.WATCH.end()

    assert tiers.faults(tiers.WATCH.seen, 0, 0) != []


def test_what_stays_in_the_process_is_no_fault():
    asyncio.run(asyncio.sleep(0))
    left, right = socket.socketpair()
    left.close()
    right.close()

    assert tiers.WATCH.seen == Counter()


def test_a_sleep_of_the_main_thread_is_counted_and_neither_a_nap_nor_one_of_another():
    time.sleep(tiers.NAP_S)
    time.sleep(tiers.NAP_S / 100)
    in_a_thread(lambda: time.sleep(tiers.NAP_S))

    assert tiers.WATCH.slept_s == tiers.NAP_S
    assert tiers.faults(Counter(), tiers.SLEEP_LIMIT_S, 0) == []
    assert tiers.faults(Counter(), tiers.SLEEP_LIMIT_S + 0.1, 0) != []


def test_time_counts_beyond_the_limit_and_its_margin(monkeypatch):
    limit_s = tiers.CPU_LIMIT_S * tiers.MARGIN
    monkeypatch.setattr(tiers, "_slowness", lambda: 1.0)
    assert tiers.faults(Counter(), 0, limit_s) == []
    assert tiers.faults(Counter(), 0, limit_s + 0.1) != []

    # A machine that is slower at the moment has as much more.
    monkeypatch.setattr(tiers, "_slowness", lambda: 3.0)
    assert tiers.faults(Counter(), 0, limit_s * 2) == []
    assert tiers.faults(Counter(), 0, limit_s * 3 + 0.1) != []


SAMPLE = """
import socket
import subprocess
import time

import pytest
from tests import tiers


def test_stays():
    pass

def test_starts():
    subprocess.run(["true"], check=True)

@pytest.fixture
def listening():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        yield

def test_has_a_fixture_that_listens(listening):
    pass

# How slow a machine is may change from one second to the next.
tiers._slowness = lambda: 1.0

def test_takes_long():
    until = time.process_time() + 2 * tiers.CPU_LIMIT_S * tiers.MARGIN
    while time.process_time() < until:
        sum(range(100_000))

@pytest.fixture(scope="module")
def built():
    subprocess.run(["true"], check=True)

def test_shares_what_was_built(built):
    pass

def test_shares_and_starts(built):
    subprocess.run(["true"], check=True)

@pytest.mark.system
def test_is_marked():
    subprocess.run(["true"], check=True)

@pytest.fixture
def server():
    return subprocess.run(["true"], check=True)

def test_asks_for_a_server(server):
    pass
"""


@pytest.mark.system
def test_a_test_that_is_not_fast_fails_and_is_told_why(tmp_path):
    """
    By pytest itself, with the plugin and nothing else of this tree.
    """
    (tmp_path / "test_sample.py").write_text(SAMPLE, "utf-8")
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  system: …\n  nightly: …\n", encoding="utf-8"
    )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    failed = {
        line.split("::")[1].split()[0] for line in done.stdout.splitlines() if "FAILED" in line
    }
    assert failed == {
        "test_starts",
        "test_has_a_fixture_that_listens",
        "test_takes_long",
        "test_shares_and_starts",
    }
    for word in ("subprocess.Popen", "socket.bind", "s of processor time", "pytest.mark.system"):
        assert word in done.stdout
    assert "tier fast: 6 tests" in done.stdout
    assert "tier system: 2 tests" in done.stdout
