"""The tiers of the tests: *fast*, which `make test` runs, and *system*, which `make test-all` adds.

A fast test stays in its process: it starts none, opens no connection, listens nowhere, does not
sleep, and takes little time. A test that does is failed here, so that the fast tier stays fast:
mark it `system`, or better, make it do without. What stands below `tests/integration`,
`tests/integrations` and `tests/servers` is system without a mark, and so is what asks for a
fixture that is a server.

Time is counted as the processor time of the test's own process, which a busy machine stretches
little. What a fixture of a module or a session does and takes is not the test's: otherwise the
test that happens to come first would answer for it. Whoever asks a server that it has started
opens a connection, and is found by that.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import urllib3  # noqa: F401 -- looks for IPv6 by a socket, in whichever test imports it first

from inbounds.engine import compiled

TESTS = Path(__file__).resolve().parent
SYSTEM_FOLDERS = ("integration", "integrations", "servers")
SERVERS = frozenset({"provider", "server", "serving", "sts"})
"""Fixtures that listen on a socket: whoever asks for one is a system test."""

MODULES = 8
"""How many compiled modules a process keeps for its tests."""

CPU_LIMIT_S = 0.5
"""How long a fast test may take, in seconds of processor time."""
MARGIN = 6.0
"""What the limit is multiplied by before a test fails: a busy machine counts some time twice."""
SLEEP_LIMIT_S = 0.5
"""How long a fast test may sleep on its main thread, in all."""
NAP_S = 0.1
"""A shorter sleep counts for nothing: it waits for a thread, and how often, the machine says."""
REFERENCE_S = 0.008
"""Seconds that `_reference` takes on the machine that the limit was set on."""

BEYOND = {
    "multiprocessing.start": "starts a process",
    "os.exec": "replaces the process",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.system": "starts a process",
    "subprocess.Popen": "starts a process",
    "socket.bind": "listens on a socket",
    "socket.connect": "opens a connection",
}
"""What the interpreter tells of that leaves the process (audit events), and how it is said."""


class Watch:
    """What the running test does beyond its process.

    Attributes:
        seen: How often each audit event of `BEYOND` was heard.
        slept_s: Seconds that the main thread asked to sleep.
    """

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.slept_s = 0.0
        self._on = False
        self._exempt = threading.local()
        sleep = time.sleep

        def sleep_heard(seconds: float) -> None:
            main = threading.current_thread() is threading.main_thread()
            if self._on and main and seconds >= NAP_S:
                self.slept_s += seconds
            sleep(seconds)

        time.sleep = sleep_heard
        # A hook cannot be taken away again: there is one for the process, made with this module.
        sys.addaudithook(self._hear)
        start = BaseProcess.start

        def start_heard(process: BaseProcess) -> None:
            # One that is spawned is started without an audit event.
            sys.audit("multiprocessing.start")
            start(process)

        BaseProcess.start = start_heard  # type: ignore[method-assign]

    def _hear(self, event: str, _: tuple[Any, ...]) -> None:
        if self._on and event in BEYOND and not getattr(self._exempt, "on", False):
            self.seen[event] += 1

    def begin(self) -> None:
        """Start anew, for a test."""
        self.seen, self.slept_s, self._on = Counter(), 0.0, True

    def end(self) -> None:
        """Listen no more."""
        self._on = False

    @contextlib.contextmanager
    def exempt(self) -> Iterator[None]:
        """Let this thread do what no single test answers for."""
        before = getattr(self._exempt, "on", False)
        self._exempt.on = True
        try:
            yield
        finally:
            self._exempt.on = before


WATCH = Watch()


def tier_of(item: pytest.Item) -> str:
    """Return the tier of a test: `fast`, `system` or `nightly`."""
    for name in ("nightly", "system"):
        if item.get_closest_marker(name):
            return name
    return "fast"


def faults(seen: Counter[str], slept_s: float, cpu_s: float) -> list[str]:
    """Return what a fast test has done that none may do.

    Args:
        seen: How often each audit event was heard.
        slept_s: Seconds slept on the main thread.
        cpu_s: Seconds of processor time.
    """
    found = sorted({f"{BEYOND[event]} ({event})" for event in seen})
    if slept_s > SLEEP_LIMIT_S:
        found.append(f"sleeps {slept_s:.1f} s, more than {SLEEP_LIMIT_S} s")
    if cpu_s > CPU_LIMIT_S * MARGIN and cpu_s > CPU_LIMIT_S * MARGIN * _slowness():
        found.append(f"takes {cpu_s:.1f} s of processor time, more than {CPU_LIMIT_S} s")
    return found


def _slowness() -> float:
    """How much slower this machine is at the moment than the one the limit was set on."""
    return min(_reference() for _ in range(3)) / REFERENCE_S


def _reference() -> float:
    """Return the processor time of a piece of work that is always the same."""
    begun = time.process_time()
    table: dict[str, int] = {}
    for number in range(100_000):
        table[str(number & 1023)] = number
    return time.process_time() - begun


class Tiers:
    """The plugin: marks by folder, holds fast tests to their limits, and sums up each tier."""

    def __init__(self) -> None:
        self._begun_s = 0.0
        self._shared_s = 0.0
        self._sharing = False
        self._integration = False
        # The policy is compiled once for all tests of a process, by whichever needs it first. A
        # guard with a home of its own keeps what it compiles there, and so would compile again:
        # where that is not what is tested, it is given what the process has.
        compile_module = compiled._compiled
        known: dict[str, bytes] = {}

        def compile_apart(engine: Any, code: bytes) -> bytes:
            name = hashlib.sha256(code).hexdigest()
            if self._integration and name in known:
                return known[name]
            with self._apart():
                made = compile_module(engine, code)
            if self._integration:
                known[name] = made
                for oldest in list(known)[:-MODULES]:
                    known.pop(oldest, None)
            return made

        compiled._compiled = compile_apart

    @contextlib.contextmanager
    def _apart(self) -> Iterator[None]:
        """Count what is done as shared; of several that stand in each other, the outermost does."""
        if self._sharing:
            yield
            return
        self._sharing, begun = True, time.process_time()
        try:
            yield
        finally:
            self._sharing = False
            self._shared_s += time.process_time() - begun

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Mark what stands in a folder of system tests, and what asks for a server."""
        path = item.path
        inside = path.is_relative_to(TESTS) and path.relative_to(TESTS).parts[0] in SYSTEM_FOLDERS
        if inside or SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("system")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put files with system tests first: short ones are left to share at the end."""
        slow = {item.path for item in items if tier_of(item) == "system"}
        items.sort(key=lambda item: item.path not in slow)

    def pytest_collection_finish(self) -> None:
        """Leave what was collected out of every later search for garbage: it stays to the end."""
        gc.collect()
        gc.freeze()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Listen from here on to what a fast test does."""
        self._shared_s, self._begun_s = 0.0, time.process_time()
        self._integration = item.path.is_relative_to(TESTS / "integration")
        if tier_of(item) == "fast":
            WATCH.begin()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Count apart what a fixture does and takes that tests share."""
        if fixturedef.scope == "function":
            return (yield)
        with self._apart(), WATCH.exempt():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Fail a fast test that is not fast."""
        try:
            result = yield
        finally:
            WATCH.end()
        if tier_of(item) == "fast":
            found = faults(WATCH.seen, WATCH.slept_s, self._own_s())
            if found:
                pytest.fail(
                    f"a fast test stays in its process: this one {', '.join(found)}; "
                    "make it do without, or mark it `pytest.mark.system`",
                    pytrace=False,
                )
        return result

    def _own_s(self) -> float:
        return time.process_time() - self._begun_s - self._shared_s

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the tier in the report, which goes from a worker to who sums up."""
        report = yield
        report.tier = tier_of(item)
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print how many tests of each tier ran, and how long they took in all."""
        number: Counter[str] = Counter()
        seconds: Counter[str] = Counter()
        for reports in terminalreporter.stats.values():
            for report in reports:
                if hasattr(report, "tier"):
                    number[report.tier] += report.when == "call"
                    seconds[report.tier] += report.duration
        for tier in sorted(number):
            terminalreporter.write_line(
                f"tier {tier}: {number[tier]} tests, {seconds[tier]:.0f} s in all, "
                f"on {os.cpu_count()} cores"
            )
