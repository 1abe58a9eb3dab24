"""The command line: which mutants, how many at a time, and the exit code."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tools.mutants.named import named
from tools.mutants.policy import Policy
from tools.mutants.report import Run
from tools.mutants.running import Broken, Fate, workshop
from tools.mutants.source import Misplaced

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Run, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    console = Console()
    if not console.is_terminal:
        console.width = 120
    with tempfile.TemporaryDirectory(prefix="mutants") as scratch:
        # What is edited meanwhile is of the next run: half of it here would fail tests.
        policy = Policy(root, ROOT / ".tools" / "bin" / "opa").copied(Path(scratch))
        return _tried(policy, root, options, console)


def _tried(policy: Policy, root: Path, options: argparse.Namespace, console: Console) -> int:
    try:
        changed = None if options.changed is None else _changed(root, options.changed)
        paths = _asked_for(policy, options.rule, changed)
    except LookupError as error:
        console.print(f"mutants: {error.args[0]}", highlight=False, markup=False, soft_wrap=True)
        return 2
    began = time.monotonic()
    try:
        reasons = named(root / "tests" / "mutants.yaml")
        mutants = list(policy.mutants(paths))
        verdicts = []
        with (
            workshop(policy, jobs=options.jobs, limit=options.limit) as shop,
            _progress(console) as progress,
        ):
            bar = progress.add_task("mutants", total=len(mutants), survived=0)
            for verdict in shop.judged(mutants):
                verdicts.append(verdict)
                progress.update(
                    bar, advance=1, survived=sum(one.fate is Fate.SURVIVED for one in verdicts)
                )
    except (Broken, Misplaced, ValueError) as error:
        console.print(f"mutants: {error}", highlight=False, markup=False, soft_wrap=True)
        return 1
    place = {mutant.name: number for number, mutant in enumerate(mutants)}
    run = Run(
        verdicts=sorted(verdicts, key=lambda one: place[one.mutant.name]),
        rules=policy.rules(paths),
        named={
            name: why for name, why in reasons.items() if not _partly(options) or name.file in paths
        },
        seconds=time.monotonic() - began,
        jobs=options.jobs,
    )
    run.show(console)
    run.write(root / "build" / "mutants.json")
    return 1 if run.fails else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants",
        description="Change the policy one small step at a time; its tests have to notice.",
    )
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        metavar="CATEGORY/FAULT",
        help="only this rule, or what lies at this path below rego/; may be repeated",
    )
    parser.add_argument(
        "--changed",
        metavar="REVISION",
        help="only the files that differ, or whose tests or cases differ, from this Git revision",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    parser.add_argument(
        "--limit",
        type=float,
        default=30,
        metavar="SECONDS",
        help="what tests may take, if ten times what they take without a change is less",
    )
    return parser


def _partly(options: argparse.Namespace) -> bool:
    return bool(options.rule or options.changed)


def _asked_for(policy: Policy, rules: list[str], changed: set[str] | None) -> list[str]:
    """Return the files to change.

    Raises:
        LookupError: There is nothing by a name that was asked for.
    """
    paths = policy.by_hand()
    if rules:
        found = {rule: policy.named(rule) for rule in rules}
        for rule, files in found.items():
            if not files:
                raise LookupError(f"{rule}: neither a rule nor a file of the policy")
        paths = [path for path in paths if any(path in files for files in found.values())]
    if changed is not None:
        paths = [path for path in paths if changed & policy.around(path)]
    return paths


def _changed(root: Path, revision: str) -> set[str]:
    listed = []
    for command in (
        ["git", "diff", "--name-only", "--relative", revision],
        ["git", "ls-files", "--others", "--exclude-standard"],
    ):
        ran = subprocess.run(command, cwd=root, check=False, capture_output=True, encoding="utf-8")
        if ran.returncode:
            raise LookupError(ran.stderr.strip())
        listed += ran.stdout.splitlines()
    return set(listed)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[survived]} survive"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


if __name__ == "__main__":
    sys.exit(main())
