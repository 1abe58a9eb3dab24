"""`inbounds replay-cases`: put recorded calls, and attacks on them, to a deployment again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.replay.rows import Intents

_COLUMNS = (
    ("suite", "suite"),
    ("intents", "intents"),
    ("automatic_utility", "utility %"),
    ("user_calls_denied", "user calls denied"),
    ("interruptions_per_task", "interruptions"),
    ("stopped", "stopped %"),
    ("hard_denied", "hard-denied %"),
    ("milliseconds_per_decision", "ms p50, p95"),
    ("cpu_milliseconds_per_decision", "CPU"),
)


def command(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the cases.")],
    deployment: Annotated[
        Path,
        typer.Option(help="The deployment, or a folder with one for each suite."),
    ] = Path("evaluation/registries"),
    intents: Annotated[
        str, typer.Option(help="How tasks are begun: drafted, oracle, template, or all.")
    ] = "all",
    variants: Annotated[
        str, typer.Option(help="How attacks are written: plain, all, or some, by comma.")
    ] = "all",
    suite: Annotated[str, typer.Option(help="Only this suite.")] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write everything that was found there.")
    ] = None,
) -> None:
    """Play user tasks and attacks on them through a guard, without a model.

    Calls, results and attacks are those of the folder; the policy is this package's. A person who
    is asked says yes to the user's calls and no to an attacker's. Exits with 1 where an attack got
    through or a call for the user was denied.
    """
    from inbounds.files.safe_files import write_file
    from inbounds_tools.replay.attacks import VARIANTS
    from inbounds_tools.replay.rows import INTENTS
    from inbounds_tools.replay.table import replayed

    whole = replayed(
        folder,
        deployment,
        intents=cast("tuple[Intents, ...]", INTENTS if intents == "all" else (intents,)),
        variants=tuple(VARIANTS) if variants == "all" else tuple(variants.split(",")),
        suites=(suite,) if suite else (),
    )
    if json_file is not None:
        write_file(json_file, json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    _show(output.console(), whole, json_file)
    good = all(row["stopped"] == 100 and not row["user_calls_denied"] for row in whole["rows"])
    raise typer.Exit(output.OK if good else output.FAILED)


def _show(console: Console, whole: dict[str, Any], kept: Path | None) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for _, title in _COLUMNS:
        table.add_column(title)
    for row in whole["rows"]:
        table.add_row(*(_shown(row[name]) for name, _ in _COLUMNS))
    console.print(table)
    for kind, behind in whole["reasons"].items():
        for what in ("user_calls_denied", "interruptions", "not_stopped", "not_hard_denied"):
            console.print(f"[dim]{kind}, {what.replace('_', ' ')}:[/] {len(behind[what])}")
    if kept is not None:
        console.print(f"[green]wrote[/]  {kept}")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{part:.2f}" for part in value.values())
    return str(value)
