"""Runs the tests of the policy, and holds every line of it to being run by one.

`python -m tools.rego_tests` prints what fails and the lines that no test runs, and exits
with 1 if there is either. Lines of the tests themselves are not counted. Everything is run once
more as a question is asked, where an error of a built-in gives no answer: a rule that errs says
nothing about what is malformed, and takes every other rule's answer with it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.mutants.policy import Policy

ROOT = Path(__file__).resolve().parent.parent
OPA = ROOT / ".tools" / "bin" / "opa"
SOURCES = ("rego", "cases:tests/cases")
LIMITS = ("--timeout", "900s")


def uncovered(report: dict[str, Any]) -> list[str]:
    """Return `file:line` for each line of the policy that no test runs."""
    return [
        f"{file}:{gap['start']['row']}"
        for file, lines in sorted(report.get("files", {}).items())
        if not file.endswith("_test.rego")
        for gap in lines.get("not_covered", [])
    ]


def strictly(policy: Policy) -> bool:
    """Evaluate every test with strict errors of built-ins; print the first, and return if none."""
    tests = ", ".join(policy.test_rules(policy.tests()))
    asked = subprocess.run(
        [
            *(OPA, "eval", "--strict-builtin-errors", "--fail", "--format", "json"),
            *(f"--data={source}" for source in SOURCES),
            "--stdin",
        ],
        # By its standard input: a list of every test is longer than one argument may be.
        input=f"every passes in [{tests}] {{ passes == true }}",
        cwd=policy.root,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if asked.returncode == 0:
        return True
    for error in json.loads(asked.stdout).get("errors", [{"message": "a test fails"}]):
        place = error.get("location", {})
        print(f"{place.get('file', 'rego')}:{place.get('row', 0)}: {error['message']}")
    return False


def main() -> int:
    """Run the tests and return the exit code."""
    # Side by side: each leaves a core idle at times.
    with ThreadPoolExecutor() as pool:
        strict = pool.submit(strictly, Policy(ROOT, OPA))
        measured = subprocess.run(
            [OPA, "test", *LIMITS, "--coverage", *SOURCES],
            cwd=ROOT,
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
    if measured.returncode:
        # With a measurement OPA does not say which test failed.
        subprocess.run([OPA, "test", *LIMITS, *SOURCES], cwd=ROOT, check=False)
        return 1
    report = json.loads(measured.stdout)
    gaps = uncovered(report)
    covered = sum(
        lines.get("covered_lines", 0)
        for file, lines in report["files"].items()
        if not file.endswith("_test.rego")
    )
    if not covered:
        print("coverage: nothing was measured")
        return 1
    for gap in dict.fromkeys(gaps):
        print(f"{gap}: no test runs this line")
    failed = [
        what
        for what, holds in (
            ("a test fails with strict built-in errors", strict.result()),
            (f"no test runs {len(gaps)} of {covered + len(gaps)} lines", not gaps),
        )
        if not holds
    ]
    print(f"FAILED: {'; '.join(failed)}" if failed else f"passed: tests run all {covered} lines")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
