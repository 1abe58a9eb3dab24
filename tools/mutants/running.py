"""Runs the tests of the policy on mutants, in copies of it, until something fails."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from tools.mutants.operators import Mutant
from tools.mutants.policy import Policy

# One process for each job. Less often collected, a run that takes a moment takes less.
_ONE_CORE = {"GOMAXPROCS": "1", "GOGC": "400"}
# Evaluated rather than given to `opa test`, which runs all tests to their end, and for which a
# built-in that fails is merely undefined: OPA is asked with strict built-in errors.
_OPTIONS = ("--strict-builtin-errors", "--fail", "--format", "json")
_WHOLE = "all tests and cases"


_T = TypeVar("_T")
_R = TypeVar("_R")


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNCOMPILABLE = "uncompilable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant.

    Attributes:
        mutant: The mutant.
        fate: What became of it.
        by: The tests that ended it; empty for one that survived.
        seconds: How long its tests ran.
    """

    mutant: Mutant
    fate: Fate
    by: str
    seconds: float


class Broken(Exception):
    """The policy's tests fail without any change, so that they can show nothing of one."""


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    tests: tuple[str, ...]
    rules: str
    cases: str


class _Workbench:
    """A copy of the policy to change, apart from its tests and cases."""

    def __init__(self, policy: Policy, folder: Path) -> None:
        self._policy = policy
        self._folder = folder
        self._tests, self._case_tests = policy.tests(), policy.case_tests()
        self._stages: dict[str, list[_Stage]] = {}
        for path in sorted(policy.rego.rglob("*")):
            if path.is_file():
                below = path.relative_to(policy.rego).as_posix()
                target = folder / ("tests" if below in self._tests else "sources") / below
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        (folder / "tests").mkdir(exist_ok=True)
        if policy.cases.exists():
            shutil.copytree(policy.cases, folder / "cases")

    def stages(self, file: str) -> list[_Stage]:
        """Return what to run on a mutant of `file`, from what is quick and likely to fail."""
        if file not in self._stages:
            self._stages[file] = [stage for stage in self._staged(file) if stage.tests]
        return self._stages[file]

    def _staged(self, file: str) -> Iterator[_Stage]:
        tests = [test for test in self._tests if test not in self._case_tests]
        own = [test for test in tests if Path(test).parent == Path(file).parent]
        near = [test for test in tests if Path(test).parent in self._policy.readers(file)]
        far = [test for test in tests if test not in {*own, *near}]
        case = self._policy.case_of(file)
        yield self._stage("own tests", own)
        if case:
            place = ".".join(("cases", *case.parent.parts))
            yield self._stage("own cases", self._case_tests, f"{place}:cases/{case}")
        yield self._stage("tests of what reads it", near)
        every = "cases:cases" if self._case_tests else ""
        yield self._stage(_WHOLE, [*far, *self._case_tests], every)

    def _stage(self, name: str, tests: Sequence[str], cases: str = "") -> _Stage:
        return _Stage(name, tuple(tests), ", ".join(self._policy.test_rules(tests)), cases)

    def judge(self, mutant: Mutant, limits: Mapping[str, float]) -> Verdict:
        """Run stage by stage on `mutant`, and end at the first failure.

        Args:
            mutant: The mutant.
            limits: The seconds that each stage may take, by its name.
        """
        file = self._folder / "sources" / mutant.name.file
        original = file.read_text("utf-8")
        began = time.monotonic()
        fate, by = Fate.SURVIVED, ""
        file.write_text(mutant.text, "utf-8", newline="\n")
        try:
            for stage in self.stages(mutant.name.file):
                fate = self._run(stage, limits[stage.name])
                if fate is not Fate.SURVIVED:
                    by = stage.name
                    break
        finally:
            file.write_text(original, "utf-8", newline="\n")
        return Verdict(mutant, fate, by, time.monotonic() - began)

    def unchanged(self, file: str, *, whole: bool) -> dict[str, float]:
        """Return the seconds that the stages for `file` take on the policy as it is.

        Args:
            file: A file of the policy.
            whole: Whether to run those stages as well that are much the same for every file.

        Raises:
            Broken: A test fails.
        """
        took = {}
        for stage in self.stages(file):
            if stage.name == _WHOLE and not whole:
                continue
            began = time.monotonic()
            if self._run(stage, None) is not Fate.SURVIVED:
                raise Broken(f"without any change these fail: {file}: {stage.name}")
            took[stage.name] = time.monotonic() - began
        return took

    def _run(self, stage: _Stage, limit: float | None) -> Fate:
        """Evaluate the tests of a stage in turn, and end with the first that does not hold."""
        loads = ["sources", *(f"tests/{test}" for test in stage.tests)]
        loads += [stage.cases] if stage.cases else []
        try:
            ran = subprocess.run(
                [
                    *(self._policy.opa, "eval", "--stdin", *_OPTIONS),
                    *(f"--data={each}" for each in loads),
                ],
                # As an argument the names of all tests would be longer than systems take.
                input=f"every passes in [{stage.rules}] {{ passes == true }}",
                cwd=self._folder,
                env=os.environ | _ONE_CORE,
                check=False,
                capture_output=True,
                encoding="utf-8",
                timeout=limit,
            )
        except subprocess.TimeoutExpired:
            return Fate.TIMED_OUT
        match ran.returncode:
            case 0:
                return Fate.SURVIVED
            case 1:
                return Fate.KILLED
            case 2:
                errors = json.loads(ran.stdout)["errors"]
                compiled = all(error["code"].startswith("eval_") for error in errors)
                return Fate.KILLED if compiled else Fate.UNCOMPILABLE
            case code:
                raise Broken(f"{stage.name}: opa eval ended with {code}: {ran.stderr}")


class Workshop:
    """As many copies of the policy as there are jobs, each worked in by one at a time."""

    def __init__(self, benches: Sequence[_Workbench], limit: float) -> None:
        self._limit = limit
        self._jobs = len(benches)
        self._free: queue.SimpleQueue[_Workbench] = queue.SimpleQueue()
        for bench in benches:
            self._free.put(bench)

    def judged(self, mutants: Sequence[Mutant]) -> Iterator[Verdict]:
        """Give what becomes of each mutant, as it is known.

        Raises:
            Broken: The tests fail on the policy as it is.
        """
        files = list(dict.fromkeys(mutant.name.file for mutant in mutants))

        def timed(bench: _Workbench, file: str) -> tuple[str, dict[str, float]]:
            return file, bench.unchanged(file, whole=file == files[0])

        took = dict(self._each(files, timed))

        def judged(bench: _Workbench, mutant: Mutant) -> Verdict:
            seconds = took[files[0]] | took[mutant.name.file]
            limits = {stage: max(self._limit, 10 * each) for stage, each in seconds.items()}
            return bench.judge(mutant, limits)

        yield from self._each(mutants, judged)

    def _each(self, things: Sequence[_T], work: Callable[[_Workbench, _T], _R]) -> Iterator[_R]:
        def done(thing: _T) -> _R:
            bench = self._free.get()
            try:
                return work(bench, thing)
            finally:
                self._free.put(bench)

        with ThreadPoolExecutor(self._jobs) as pool:
            futures = [pool.submit(done, thing) for thing in things]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                pool.shutdown(cancel_futures=True)


@contextmanager
def workshop(policy: Policy, *, jobs: int, limit: float) -> Iterator[Workshop]:
    """Copy the policy `jobs` times, and take the copies away in the end.

    Args:
        policy: The checkout, which is only read.
        jobs: How many mutants to judge at a time.
        limit: Seconds that each stage of tests may take, or ten times what it takes on the
            policy as it is if that is more; a mutant that takes longer counts as noticed.
    """
    with tempfile.TemporaryDirectory(prefix="mutants") as scratch:
        benches = []
        for number in range(jobs):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            benches.append(_Workbench(policy, folder))
        yield Workshop(benches, limit)
