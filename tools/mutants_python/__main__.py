"""`python -m tools.mutants_python [--only PATTERN] [area …]`."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import fnmatch
import hashlib
import importlib
import json
import math
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import operators, plugin

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk"
BUILD = ROOT / "build" / "mutants_python"
NAMED = ROOT / "tests" / "mutants_python.yaml"
_ALIVE = {"survived", "not reached", "broken", "not tried"}
_MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of its own is made there
LONGEST = 900.0
"""How many seconds the tests of one fault may take at most. One that hangs is ended long before."""


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """Modules of the core, and the tests that are to notice what is wrong with them."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


AREAS = {
    "pep": Area(
        modules=(
            *("inbounds/pep/prepared_call.py", "inbounds/pep/judged_call.py"),
            *("inbounds/pep/call.py", "inbounds/pep/permit.py", "inbounds/pep/guard.py"),
            *("inbounds/pep/task.py", "inbounds/credentials/task_authority.py"),
            *("inbounds/canonical/arguments.py", "inbounds/pep/labelled.py"),
            "inbounds/pdp/answer.py",
        ),
        tests=(
            *("tests/unit/test_core_faults.py", "tests/unit/test_permit.py"),
            *("tests/unit/test_tasks.py", "tests/unit/test_pep.py"),
            *("tests/unit/test_dropped.py", "tests/unit/test_hostile_values.py"),
            *("tests/unit/test_guard_attacks.py", "tests/unit/test_lazy_results.py"),
            *("tests/unit/test_task_end.py", "tests/unit/test_own_threads.py"),
            *("tests/unit/test_canonical*.py", "tests/unit/test_judged_is_run.py"),
            *("tests/unit/test_tools.py", "tests/unit/test_issuer.py"),
            *("tests/unit/test_approvals.py", "tests/unit/test_results.py"),
            *("tests/unit/test_evaluate_all.py", "tests/unit/test_labelled.py"),
            *("tests/unit/test_handed_on.py", "tests/unit/origins/test_guard.py"),
            "tests/unit/leases/test_lease.py",
        ),
    ),
    "embedded": Area(
        modules=tuple(
            f"inbounds/engine/{name}.py"
            for name in (
                *("embedded", "crossing", "compiled", "signature_cache", "ticker", "fair_lock"),
                *("values", "own_thread"),
            )
        ),
        tests=("tests/unit/test_engine_*.py", "tests/unit/test_core_faults.py"),
    ),
    "wasm": Area(
        modules=("inbounds/engine/wasm.py", "inbounds/engine/memory.py"),
        tests=("tests/unit/test_engine_*.py", "tests/unit/test_core_faults.py"),
    ),
    "builtins": Area(
        modules=tuple(
            f"inbounds/engine/{name}.py"
            for name in ("builtins", "formatting", "times", "jwk", "jws")
        ),
        # That OPA answers the same is for `tests/integration/test_builtins.py` to say.
        tests=("tests/unit/test_engine_builtins.py", "tests/unit/test_engine_j*.py"),
    ),
    "server": Area(
        modules=(
            *("inbounds/pdp/opa.py", "inbounds/pdp/opa_live.py", "inbounds/pdp/opa_version.py"),
            *("inbounds/pdp/transport.py", "inbounds_tools/opa/process.py"),
        ),
        tests=(
            *("tests/unit/test_opa_*.py", "tests/unit/test_transport.py"),
            "tests/integration/test_opa_process.py",
        ),
    ),
}


DEFAULT = ("pep", "builtins")
"""Where every survivor is killed or named; the others have some that nobody has looked at."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mutant:
    """One fault of one module.

    Attributes:
        file: The module's file.
        number: The fault's place in `operators.sites`.
        site: Where it is.
        tests: The tests that reach it, quickest first.
        seconds: How long those take when nothing is wrong.
        early: Whether it is reached while modules are imported.
    """

    file: Path
    number: int
    site: operators.Site
    tests: tuple[str, ...]
    seconds: float
    early: bool

    @property
    def module(self) -> str:
        """The module's name, as it is imported."""
        parts = self.file.relative_to(SDK).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def name(self) -> str:
        """A name that outlives other lines coming and going."""
        return f"{self.module.removeprefix('inbounds.')}/{self.site.name}"

    def code(self) -> Any:
        """Compile the module with the fault in it."""
        tree = operators.mutated(self.file.read_text("utf-8"), self.number)
        return compile(tree, str(self.file), "exec", dont_inherit=True)


def main(arguments: Sequence[str]) -> int:
    """Put every fault to the test, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants_python", description=__doc__)
    parser.add_argument(
        "areas", nargs="*", help=f"of {', '.join(AREAS)}; by default {', '.join(DEFAULT)}"
    )
    parser.add_argument("--only", default="*", help="a pattern that the mutants' names fit")
    parser.add_argument(
        "--again",
        action="store_true",
        help="only what no test noticed the last time; the rest counts as it came out then",
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=math.inf,
        help="seconds of tests for each mutant, the quickest tests first; all by default",
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried at a time")
    asked = parser.parse_args(arguments)
    BUILD.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    # Before a fork, and so for all children: what takes long to import and has no fault in it.
    for library in ("pydantic", "wasmtime", "requests", "opentelemetry.sdk.trace", "jwt"):
        importlib.import_module(library)
    outcomes: dict[str, plugin.Outcome] = {}
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as scratch:
        os.environ["TMPDIR"] = tempfile.tempdir = scratch
        for area in asked.areas or DEFAULT:
            outcomes |= _tried(area, AREAS[area], asked)
    return _judged(outcomes, whole=asked.only == "*" and asked.budget == math.inf)


def _tried(area: str, of: Area, asked: argparse.Namespace) -> dict[str, plugin.Outcome]:
    files = [(SDK / module).resolve() for module in of.modules]
    tests = sorted({str(path) for pattern in of.tests for path in Path().glob(pattern)})
    reach = _reach(area, files, tests)
    if reach["failed"]:
        raise SystemExit(f"{area}: fails with no fault in the core: {reach['failed']}")
    every = [mutant for file in files for mutant in _mutants(file, reach, asked.budget)]
    wanted = [mutant for mutant in every if fnmatch.fnmatchcase(mutant.name, asked.only)]
    outcomes: dict[str, plugin.Outcome] = {}
    before = _noticed(area) if asked.again else {}
    log = (BUILD / f"{area}.log").open("w", encoding="utf-8")

    def tell(mutant: Mutant, outcome: plugin.Outcome) -> None:
        outcomes[mutant.name] = outcome
        print(outcome.kind, mutant.name, outcome.by, sep="\t", file=log, flush=True)
        shown = f"{area}: {len(outcomes)} of {len(wanted)}"
        print(f"\r{shown}" if sys.stdout.isatty() else "", end="", flush=True)

    with log:
        for mutant in wanted:
            if mutant.name in before or not mutant.tests:
                tell(mutant, before.get(mutant.name) or plugin.Outcome("not reached"))
        reached = [mutant for mutant in wanted if mutant.name not in outcomes]
        within = [mutant for mutant in reached if mutant.site.function and not mutant.early]
        loading = [mutant for mutant in reached if not mutant.site.function or mutant.early]

        def tell_or_load(mutant: Mutant, outcome: plugin.Outcome) -> None:
            if outcome.kind == "broken":
                # Code that has other free variables takes the place of its module alone.
                loading.append(mutant)
            else:
                tell(mutant, outcome)

        _try_functions(within, tests, reach["seconds"], asked.jobs, tell_or_load)
        for mutant in loading:
            tell(mutant, plugin.in_child(_loading(mutant), _limit(mutant) + 20))
        for mutant in (each for each in wanted if each.name not in outcomes):
            tell(mutant, plugin.Outcome("not tried", "see build/mutants_python/pytest-*.log"))
    _summary(area, outcomes)
    return outcomes


def _noticed(area: str) -> dict[str, plugin.Outcome]:
    """Read what the tests noticed the last time."""
    lines = (BUILD / f"{area}.log").read_text("utf-8").splitlines()
    outcomes = {name: plugin.Outcome(kind, by) for kind, name, by in (x.split("\t") for x in lines)}
    return {name: seen for name, seen in outcomes.items() if seen.kind not in _ALIVE}


def _loading(mutant: Mutant) -> Callable[[], str]:
    return lambda: plugin.loaded_with(mutant.module, mutant.code(), mutant.tests)


def _limit(mutant: Mutant) -> float:
    return min(LONGEST, 15 + 4 * mutant.seconds)


def _try_functions(
    mutants: Sequence[Mutant],
    tests: Sequence[str],
    seconds: Mapping[str, float],
    jobs: int,
    tell: Callable[[Mutant, plugin.Outcome], None],
) -> None:
    """Try faults of functions, which are put into processes that have collected the tests."""
    shares = [mutants[number::jobs] for number in range(jobs)]
    # Before there are threads, which no child would have.
    trials = [
        (share, *_trial(number, share, tests, seconds)) for number, share in enumerate(shares)
    ]
    telling = threading.Lock()

    def hear(share: Sequence[Mutant], reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8") as said:
            for line in said:
                number, kind, by = line.rstrip("\n").split("\t")
                with telling:
                    tell(share[int(number)], plugin.Outcome(kind, by))

    threads = [threading.Thread(target=hear, args=(share, read)) for share, _, read in trials]
    for thread in threads:
        thread.start()
    for thread, (_, child, _) in zip(threads, trials, strict=True):
        thread.join()
        os.waitpid(child, 0)


def _trial(
    number: int, mutants: Sequence[Mutant], tests: Sequence[str], seconds: Mapping[str, float]
) -> tuple[int, int]:
    """Start a process that tries faults; return its id, and where it says how each came out."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8", buffering=1) as told:

        def put(mutant: Mutant) -> plugin.Put:
            return lambda loaded: plugin.replace_function(
                loaded, mutant.file, mutant.site.function, mutant.code()
            )

        plugin.same_examples()
        wanted = [(put(mutant), mutant.tests, _limit(mutant)) for mutant in mutants]
        trial = plugin.Trial(
            wanted,
            seconds,
            lambda place, outcome: print(place, outcome.kind, outcome.by, sep="\t", file=told),
        )
        with (BUILD / f"pytest-{number}.log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            pytest.main([*plugin.ARGUMENTS, *tests], plugins=[trial])
    os._exit(0)


# --- which tests reach what ----------------------------------------------------------------


def _reach(area: str, files: Sequence[Path], tests: Sequence[str]) -> dict[str, Any]:
    digest = hashlib.sha256()
    for path in [*sorted(SDK.rglob("*.py")), *map(Path, tests)]:
        digest.update(path.read_bytes())
    kept = BUILD / f"{area}-{digest.hexdigest()[:16]}.json"
    if not kept.exists():
        for old in BUILD.glob(f"{area}-*.json"):
            old.unlink()
        child = os.fork()
        if not child:
            plugin.same_examples()
            reach = plugin.Reach(files, kept)
            pytest.main([*plugin.ARGUMENTS, *tests], plugins=[reach])
            os._exit(0)
        os.waitpid(child, 0)
    seen: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    if seen["failed"]:
        # The machine may have been busy: the next run measures anew.
        kept.unlink()
    return seen


def _mutants(file: Path, reach: Mapping[str, Any], budget: float) -> list[Mutant]:
    lines: dict[str, list[str]] = reach["lines"].get(str(file), {})
    seconds: dict[str, float] = reach["seconds"]
    found = []
    everything = {test for tests in lines.values() for test in tests if test in seconds}
    for number, site in enumerate(operators.sites(file.read_text("utf-8"))):
        first, last = site.lines
        reached = {test for line in range(first, last + 1) for test in lines.get(str(line), ())}
        early = "" in reached
        # What happens while a module is imported may matter to whatever uses it.
        chosen = everything if early or not site.function else reached & seconds.keys()
        tests: list[str] = []
        total = 0.0
        for test in _in_order(chosen, seconds, file.stem):
            if not tests or total + seconds[test] <= budget:
                tests.append(test)
                total += seconds[test]
        found.append(Mutant(file, number, site, tuple(tests), total, early))
    return found


def _in_order(tests: Iterable[str], seconds: Mapping[str, float], module: str) -> list[str]:
    """Put the tests that are most likely to notice first.

    That is one case of each before the others, the module's own before those of the whole
    core and both before the rest, and the quick before the slow.
    """
    cases: dict[str, int] = {}
    order = {}
    for test in sorted(tests, key=lambda test: (seconds[test], test)):
        file, _, name = test.partition("::")
        function = file + name.partition("[")[0]
        cases[function] = cases.get(function, 0) + 1
        own = 0 if module in file else 1 if "core_faults" in file else 2
        order[test] = (cases[function], own, seconds[test], test)
    return sorted(order, key=order.__getitem__)


# --- what is said --------------------------------------------------------------------------


def _summary(area: str, outcomes: Mapping[str, plugin.Outcome]) -> None:
    counts = collections.Counter(outcome.kind for outcome in outcomes.values())
    shown = ", ".join(f"{counts[kind]} {kind}" for kind in sorted(counts))
    print(f"{area}: {len(outcomes)} mutants: {shown}")


def _judged(outcomes: Mapping[str, plugin.Outcome], *, whole: bool) -> int:
    """Compare what survived with what is named, and return the exit code."""
    survived = {name for name, outcome in outcomes.items() if outcome.kind in _ALIVE}
    modules = {name.split("/")[0] for name in outcomes}
    faults = []
    explained: set[str] = set()
    for entry in yaml.safe_load(NAMED.read_text("utf-8")):
        if entry["mutants"].split("/")[0] not in modules:
            continue
        named = {name for name in survived if fnmatch.fnmatchcase(name, _pattern(entry))}
        explained |= named
        if whole and len(named) != entry.get("count", 1):
            faults.append(
                f"{NAMED.name}: {entry['mutants']}: names {len(named)}, not {entry.get('count', 1)}"
            )
    faults += [f"{outcomes[name].kind}: {name}" for name in sorted(survived - explained)]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def _pattern(entry: Mapping[str, Any]) -> str:
    # Code has brackets of its own: only `*` means more than itself.
    return str(entry["mutants"]).replace("[", "[[]").replace("?", "[?]")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
