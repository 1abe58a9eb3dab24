"""Two ways of running the tests: once, to see which reach what, and for each fault the few.

Both are pytest plugins, registered by `python -m tools.mutants_python`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import pickle
import pkgutil
import select
import signal
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import coverage
import hypothesis
import pytest

ARGUMENTS = (
    *("-q", "-m", "not nightly", "-p", "no:cacheprovider"),
    # A fault, and being measured, may make a fast test slow: that is not what is looked for.
    *("-p", "no:tiers"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
    # An exception out of the blue, in a thread that is measured, lets coverage hang for good.
    "--deselect=tests/unit/test_engine_own_thread.py::test_a_thread_that_another_one_breaks_off",
)
"""For pytest: what `make test-all` runs here, nothing kept, modules imported before it or not."""

HANGS = 15.0
"""How many seconds a test may take beside ten times what it takes when nothing is wrong."""

Put = Callable[[Sequence[types.FunctionType]], None]
"""Puts a fault into the functions that are loaded."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """How a fault came out.

    Attributes:
        kind: `killed`, `timeout`, `survived`, `not reached` where no test runs its lines,
            `broken` where it could not be put in place, `not tried` where nothing was heard of it.
        by: The test that noticed it, or what broke.
    """

    kind: str
    by: str = ""


def same_examples() -> None:
    """Let hypothesis make the same examples each time, and not look for smaller ones."""
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, database=None, deadline=None, phases=phases
    )
    hypothesis.settings.load_profile("mutants")


class Reach:
    """Records which tests run which lines, in what they fork as well, and how long each takes."""

    def __init__(self, files: Sequence[Path], into: Path) -> None:
        self._into = into
        self._process = os.getpid()
        self._exit = os._exit
        # A child that a test forks ends with it, and would take along what it ran.
        os._exit = self._leave
        self._seconds: dict[str, float] = {}
        self._failed: list[str] = []
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[str(file) for file in files]
        )
        # Said in a forked child that runs none of them, it would be an error of the test's.
        self._coverage.set_option("run:disable_warnings", ["no-data-collected"])
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Name the test that is running."""
        self._coverage.switch_context(item.nodeid)
        begun = time.monotonic()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = time.monotonic() - begun
            # What is made for several tests is put down to the first, and ended by none.
            self._coverage.switch_context("between")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails with no fault in the core: it could tell nothing."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what was seen."""
        if os.getpid() != self._process:
            return
        os._exit = self._exit
        self._coverage.stop()
        lines = self._lines()
        for child in self._into.parent.glob(f"{self._into.name}.*"):
            for file, of_child in json.loads(child.read_text("utf-8")).items():
                known = lines.setdefault(file, {})
                for line, tests in of_child.items():
                    known[line] = sorted({*known.get(line, ()), *tests})
            child.unlink()
        seen = {"lines": lines, "seconds": self._seconds, "failed": sorted(set(self._failed))}
        self._into.write_text(json.dumps(seen), "utf-8")

    def _lines(self) -> dict[str, dict[str, list[str]]]:
        data = self._coverage.get_data()
        return {
            str(Path(file).resolve()): {
                str(line): sorted(tests) for line, tests in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }

    def _leave(self, status: int) -> NoReturn:
        if os.getpid() != self._process:
            self._into.with_name(f"{self._into.name}.{os.getpid()}").write_text(
                json.dumps(self._lines()), "utf-8"
            )
        self._exit(status)


class Trial:
    """Runs, in a child process for each, the tests of many faults of functions.

    Args:
        wanted: For each fault: what puts it into this process, its tests in order, and how
            many seconds they may take.
        seconds: How long each test takes when nothing is wrong.
        tell: Called with the place of the fault in `wanted` and how it came out.
    """

    def __init__(
        self,
        wanted: Sequence[tuple[Put, Sequence[str], float]],
        seconds: Mapping[str, float],
        tell: Callable[[int, Outcome], None],
    ) -> None:
        self._wanted = wanted
        self._seconds = seconds
        self._tell = tell

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        items = {item.nodeid: item for item in session.items}
        # What is imported when it is wanted is wanted in every child.
        for module in modules():
            load_where_possible(module)
        loaded = [found for found in gc.get_objects() if isinstance(found, types.FunctionType)]
        _compile_once(session)
        # Children share what is never looked at again.
        gc.freeze()
        for number, (put, names, seconds) in enumerate(self._wanted):
            tests = [items[name] for name in names if name in items]

            def run(put: Put = put, tests: list[pytest.Item] = tests) -> str:
                put(loaded)
                return _notices(session, tests, self._seconds)

            self._tell(number, in_child(run, seconds))
        return True


def modules() -> Iterator[str]:
    """Yield the modules of the packages, without the commands and what is for tests."""
    for name in ("inbounds", "inbounds_tools", "inbounds_server"):
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=_ignore):
            if not found.name.startswith(("inbounds_tools.cli", "inbounds.testing")):
                yield found.name


def load_where_possible(module: str) -> None:
    """Import a module of the package, unless what it stands on is an extra that is not installed.

    Raises:
        ModuleNotFoundError: A module of the package itself is missing.
    """
    from inbounds.errors import ConfigurationError

    try:
        importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if not missing.name or missing.name.startswith("inbounds"):
            raise
    except ConfigurationError as missing:
        if missing.code != "configuration.extra_missing":
            raise


def _ignore(package: str) -> None:
    """Leave out a package that cannot be imported here: what it needs is not installed."""


def _compile_once(session: pytest.Session) -> None:
    """Let a child run a test with a policy, and take over what it has compiled of it."""
    compiled = sys.modules["inbounds.engine.compiled"]
    item = next(
        (item for item in session.items if "policy" in getattr(item, "fixturenames", ())), None
    )
    if item is None:
        return
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            with os.fdopen(writing, "wb") as told:
                pickle.dump(compiled._here, told)  # noqa: SLF001
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        compiled._here.update(pickle.loads(said.read() or pickle.dumps({})))  # noqa: S301, SLF001
    os.waitpid(child, 0)


def _notices(
    session: pytest.Session, tests: Sequence[pytest.Item], seconds: Mapping[str, float]
) -> str:
    """Run tests until one fails, and say which did; the alarm ends one that hangs."""
    failed: list[str] = []

    class Watch:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                failed.append(report.nodeid)

    session.config.pluginmanager.register(Watch())
    for place, item in enumerate(tests):
        following = tests[place + 1] if place + 1 < len(tests) else None
        signal.setitimer(signal.ITIMER_REAL, HANGS + 10 * seconds[item.nodeid])
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if failed:
            return failed[0]
    return ""


def in_child(run: Callable[[], str], seconds: float) -> Outcome:
    """Run something in a process of its own, and kill it and its children when time is up.

    Args:
        run: Says which test failed; empty for none.
        seconds: How long it may take.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setpgid(0, 0)
            silence = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(silence, descriptor)
            by = run()
            said = f"killed {by}" if by else "survived"
        except BaseException as error:  # noqa: BLE001 -- the child says it and ends
            said = f"broken {error!r}"
        os.write(writing, said.encode()[:4096])
        # Nothing of the parent's is tidied up by a child.
        os._exit(0)
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], seconds)
        said = os.read(reading, 4096).decode() if ready else "timeout"
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not said and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
        said = "timeout"
    # A child that was ended before it could speak has noticed all the same.
    kind, _, by = (said or "killed its process").partition(" ")
    return Outcome(kind, by)


def replace_function(
    loaded: Sequence[types.FunctionType], file: Path, function: str, mutated: types.CodeType
) -> None:
    """Give every loaded function of that name and file, and within it, its code in `mutated`.

    Raises:
        LookupError: There is none, or its code cannot take the place of the loaded one.
    """
    # What it has made while modules were imported is called in its stead.
    within = f"{function}.<locals>."
    wanted: dict[tuple[str, int], list[types.CodeType]] = {}
    for code in _codes(mutated):
        if code.co_qualname == function or code.co_qualname.startswith(within):
            wanted.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
    found = False
    for target in loaded:
        here = target.__code__
        codes = wanted.get((here.co_qualname, here.co_firstlineno))
        if codes is None or Path(here.co_filename).resolve() != file:
            continue
        if len(codes) > 1 or codes[0].co_freevars != here.co_freevars:
            raise LookupError(function)
        target.__code__ = codes[0]
        found = True
    if not found:
        raise LookupError(function)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


class Finder(importlib.abc.MetaPathFinder):
    """Loads one module from other code than its file's."""

    def __init__(self, module: str, code: types.CodeType) -> None:
        self._module = module
        self._code = code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the one module, and leave the others to those behind."""
        if fullname != self._module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        code = self._code

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> Any:
                del fullname
                return code

        spec.loader = Loader(fullname, spec.origin)
        return spec


def loaded_with(module: str, code: types.CodeType, tests: Sequence[str]) -> str:
    """Import the module from `code` and run tests with it; say which failed."""
    sys.meta_path.insert(0, Finder(module, code))

    class Chosen:
        failed = ""

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                self.failed = report.nodeid

        @pytest.hookimpl(tryfirst=True)
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            order = {name: place for place, name in enumerate(tests)}
            items[:] = sorted(
                (item for item in items if item.nodeid in order),
                key=lambda item: order[item.nodeid],
            )

    same_examples()
    files = list(dict.fromkeys(name.split("::")[0] for name in tests))
    chosen = Chosen()
    # What rewrites assertions would come before the finder, and load the module from its file.
    status = pytest.main(["-x", "--assert=plain", *ARGUMENTS, *files], plugins=[chosen])
    return chosen.failed or ("" if status == pytest.ExitCode.OK else "the collection of tests")
