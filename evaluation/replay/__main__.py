"""`python -m evaluation.replay DIR`: run packed cases, and attacks on them, through a guard.

Calls, results and attacks are those of the folder; the policy is this package's. A person who is
asked approves the user's calls and denies an attacker's. Exits with 1 where an attack got through
or a call of the user was denied, and with 2 where the cases or the deployment cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from inbounds.errors import InboundsError
from inbounds.files.safe_files import write_file
from inbounds_tools.cli import output

from .attacks import VARIANTS
from .rows import INTENTS
from .table import replay

_COLUMNS = {
    "suite": "suite",
    "intents": "intents",
    "automatic_utility": "utility %",
    "user_calls_denied": "user calls denied",
    "interruptions_per_task": "interruptions",
    "stopped": "stopped %",
    "hard_denied": "hard-denied %",
    "milliseconds_per_decision": "ms p50, p95",
    "cpu_milliseconds_per_decision": "CPU",
}
_REGISTRIES = Path(__file__).resolve().parent.parent / "registries"


def main(arguments: list[str] | None = None) -> int:
    """Replay as the command line says, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.replay", description=__doc__.splitlines()[0]
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of the cases")
    parser.add_argument(
        "--deployment",
        type=Path,
        default=_REGISTRIES,
        help="the deployment, or a folder with one for each suite",
    )
    parser.add_argument(
        "--intents", default="all", help="how tasks are begun: drafted, oracle, template, or all"
    )
    parser.add_argument(
        "--variants", default="all", help="how attacks are written: plain, all, or some, by comma"
    )
    parser.add_argument("--suite", help="only this suite")
    parser.add_argument("--json", type=Path, help="also write the whole table to this file")
    options = parser.parse_args(arguments)
    try:
        table = replay(
            options.folder,
            options.deployment,
            intents=INTENTS if options.intents == "all" else (options.intents,),
            variants=tuple(VARIANTS) if options.variants == "all" else options.variants.split(","),
            suites=(options.suite,) if options.suite else (),
        )
        if options.json is not None:
            write_file(options.json, json.dumps(table, indent=1, ensure_ascii=False) + "\n")
    except (InboundsError, OSError) as error:
        output.failed(output.of_file(error) if isinstance(error, OSError) else error, as_json=False)
        return output.UNTOLD
    _print(table)
    if options.json is not None:
        print(f"wrote {options.json}")
    good = all(row["stopped"] == 100 and not row["user_calls_denied"] for row in table["rows"])
    return output.OK if good else output.FAILED


def _print(table: dict[str, Any]) -> None:
    console = output.console()
    shown = Table(*_COLUMNS.values(), box=None, pad_edge=False)
    for row in table["rows"]:
        shown.add_row(*(_cell(row[name]) for name in _COLUMNS))
    console.print(shown)
    for kind, calls in table["reasons"].items():
        for name in ("user_calls_denied", "interruptions", "not_stopped", "not_hard_denied"):
            console.print(f"[dim]{kind}, {name.replace('_', ' ')}:[/] {len(calls[name])}")


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{part:.2f}" for part in value.values())
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
