"""Runs the tests of the policy, and holds every line of it to being run by one.

`python -m tools.rego_tests` prints what fails and the lines that no test runs, and exits
with 1 if there is either. Lines of the tests themselves are not counted. Tests are run as a
question is asked, where an error of a built-in gives no answer: a rule that errs says nothing
about what is malformed, and takes every other rule's answer with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.mutants.policy import Policy

ROOT = Path(__file__).resolve().parent.parent
OPA = ROOT / ".tools" / "bin" / "opa"
SOURCES = ("rego", "cases:tests/cases")
PARTS = 2 * (os.cpu_count() or 1)
"""In how many parts the tests are run: more than there are cores, as some take longer."""


@dataclass(slots=True)
class Lines:
    """Which lines of the policy were run.

    Attributes:
        run: Those that were, by file.
        all: Those that could be, by file.
    """

    run: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    all: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, report: dict[str, Any]) -> None:
        """Add what a report of OPA's on coverage tells of the policy."""
        for file, ranges in report.get("files", {}).items():
            if file.endswith("_test.rego"):
                continue
            run = _rows(ranges.get("covered", []))
            self.run[file] |= run
            self.all[file] |= run | _rows(ranges.get("not_covered", []))

    def missed(self) -> list[str]:
        """Return `file:line` for each line that no test runs."""
        return [
            f"{file}:{row}"
            for file, rows in sorted(self.all.items())
            for row in sorted(rows - self.run[file])
        ]

    def count(self) -> int:
        """Return how many lines there are."""
        return sum(map(len, self.all.values()))


def _rows(ranges: Iterable[dict[str, Any]]) -> set[int]:
    return {row for each in ranges for row in range(each["start"]["row"], each["end"]["row"] + 1)}


def evaluate(tests: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Evaluate tests with strict errors of built-ins.

    Args:
        tests: Each by its path in `data`.

    Returns:
        OPA's report on coverage, and what is wrong, one line each.
    """
    asked = subprocess.run(
        [
            *(OPA, "eval", "--strict-builtin-errors", "--fail", "--coverage", "--format", "json"),
            *(f"--data={source}" for source in SOURCES),
            "--stdin",
        ],
        # By its standard input: a list of every test is longer than one argument may be.
        input=f"every passes in [{', '.join(tests)}] {{ passes == true }}",
        cwd=ROOT,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    try:
        answer = json.loads(asked.stdout)
    except ValueError:
        return {}, [asked.stderr.strip() or "OPA gives no answer"]
    if asked.returncode == 0:
        return answer["coverage"], []
    errors = []
    for error in answer.get("errors", [{"message": "a test fails"}]):
        place = error.get("location", {})
        errors.append(f"{place.get('file', 'rego')}:{place.get('row', 0)}: {error['message']}")
    return {}, errors


def main() -> int:
    """Run the tests and return the exit code."""
    policy = Policy(ROOT, OPA)
    tests = policy.test_rules(policy.tests())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = [*pool.map(evaluate, (tests[part::PARTS] for part in range(PARTS)))]
    errors = [error for _, found in answers for error in found]
    if errors:
        print("\n".join(errors), flush=True)
        # Which test failed is only said by the command that is made for tests.
        subprocess.run([OPA, "test", "--timeout", "900s", *SOURCES], cwd=ROOT, check=False)
        print("FAILED: a test fails, or a built-in errs")
        return 1

    lines = Lines()
    for report, _ in answers:
        lines.add(report)
    missed = lines.missed()
    for line in missed:
        print(f"{line}: no test runs this line")
    if missed or not lines.count():
        print(f"FAILED: no test runs {len(missed)} of {lines.count()} lines")
        return 1
    print(f"passed: {len(tests)} tests run all {lines.count()} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
