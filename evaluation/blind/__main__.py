"""`python -m evaluation.blind [SUITE …]`: put the blind suites to the policy.

`--first` keeps the first score of a suite in `first_scores.json`, and never replaces one; `--keep`
keeps those of the run in `scores.json`. `python -m evaluation.page` writes both into the page.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.results import machine
from rich.console import Console
from rich.table import Table

from evaluation.__main__ import TEMPLATE
from evaluation.replay.rows import INTENTS, run_suite
from evaluation.replay.score import summarize
from evaluation.replay.table import build_table
from evaluation.replay.testbed import open_testbed

from .scores import COLUMNS, FIRST, LAST
from .suite import FOLDER, BlindSuite, digest, suites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.replay.rows import Intents, Row

_ROOT = FOLDER.parent.parent
_PLAIN = ("plain",)
_ALL = "all"
"""Stands for all suites of a run."""


def scored(names: Sequence[str], chosen: Sequence[Intents] = INTENTS) -> dict[str, Any]:
    """Score suites.

    Args:
        names: The suites.
        chosen: How tasks are begun.

    Returns:
        A table of `evaluation.replay.table`, of which each row also says how many attacks
        succeed where every question is answered with yes.
    """
    rows: list[Row] = []
    obliging: list[Row] = []
    registries: dict[str, str] = {}
    for name in names:
        with open_testbed(FOLDER / name / "registry") as testbed:
            source = BlindSuite(name, testbed.deployment, TEMPLATE)
            registries[name] = testbed.revision
            for intents in chosen:
                print(f"… {name}, {intents}", file=sys.stderr, flush=True)
                rows.append(run_suite(source, testbed, intents, variants=_PLAIN))
                obliging.append(
                    run_suite(source, testbed, intents, variants=_PLAIN, approver="obliging")
                )
    table = build_table(rows, registries)
    for found in table["rows"]:
        parts = found["suite"].split(" + ")
        approved = summarize(
            [one for one in obliging if one.suite in parts and one.intents == found["intents"]]
        )
        found["succeeded_if_all_is_approved"] = approved["succeeded"]
        found["user_calls_denied_percent"] = round(
            100 * found["user_calls_denied"] / found["user_calls"], 2
        )
    return table


def main(arguments: list[str] | None = None) -> int:
    """Score as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.blind", description=__doc__.splitlines()[0]
    )
    parser.add_argument("suites", nargs="*", help="only these")
    parser.add_argument("--first", action="store_true", help="keep first scores of new suites")
    parser.add_argument("--keep", action="store_true", help="keep the scores as the last ones")
    parser.add_argument("--drafted", action="store_true", help="only with drafted intents")
    parser.add_argument("--json", type=Path, default=_ROOT / "build" / "blind.json")
    options = parser.parse_args(arguments)
    table = scored(options.suites or suites(), ("drafted",) if options.drafted else INTENTS)
    table["machine"] = machine()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if options.first:
        _keep_first(table)
    if options.keep:
        _write(LAST, {_name(found): {} for found in table["rows"]}, table["rows"])
    _print(table)
    print(f"kept in {options.json}")
    return 0


def _keep_first(table: dict[str, Any]) -> None:
    kept = json.loads(FIRST.read_text("utf-8")) if FIRST.exists() else {}
    new = [found for found in table["rows"] if _name(found) not in (_ALL, *kept)]
    kept |= {_name(found): {"files": digest(_name(found))} for found in new}
    _write(FIRST, kept, new)


def _write(path: Path, kept: dict[str, Any], rows: Sequence[dict[str, Any]]) -> None:
    for found in rows:
        kept[_name(found)][found["intents"]] = {column: found[column] for column in COLUMNS}
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")


def _name(found: dict[str, Any]) -> str:
    return _ALL if " + " in found["suite"] else str(found["suite"])


def _print(table: dict[str, Any]) -> None:
    shown = Table("suite", "intents", *COLUMNS.values())
    for found in table["rows"]:
        shown.add_row(_name(found), found["intents"], *(f"{found[key]:g}" for key in COLUMNS))
    Console(width=140).print(shown)


if __name__ == "__main__":
    sys.exit(main())
