"""`inbounds report`: whether a task stayed within bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from inbounds.evidence.report import Refused, TaskReport

_EXITS = {"in bounds": output.OK, "out of bounds": output.FAILED, "cannot tell": output.UNTOLD}
_COLOURS = {"in bounds": "green", "out of bounds": "red", "cannot tell": "yellow"}


def command(
    *,
    task: Annotated[str, typer.Argument(help="The task's id; without it, the latest.")] = "",
    log: Annotated[
        Path | None,
        typer.Option(help="The evidence log. (default: INBOUNDS_EVIDENCE or the state folder's)"),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The deployment's key. (default: deployment.key in the state folder)"),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write it as a page of its own.")
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Say whether a task stayed within bounds, from the evidence log alone.

    Each record is held against what the deployment's key signed; without the key nobody can
    tell. Exits with 0 where it did, 1 where it did not, 2 where the records do not tell.
    """
    from inbounds.evidence.keys import deployment_key, subkey
    from inbounds.evidence.paths import evidence_path, key_path
    from inbounds.evidence.recent import latest_task
    from inbounds.evidence.report import report
    from inbounds.files.safe_files import write_file
    from inbounds_tools.report_page import page

    path, secret = log or evidence_path(), key or key_path()
    # One that is generated now would verify nothing: without it, nobody can tell.
    own = subkey(deployment_key(secret), "evidence") if secret.exists() else None
    told = report(path, task or latest_task(path), key=own)
    if html is not None:
        write_file(html, page(told))

    def show(console: Console) -> None:
        from inbounds.text.printable import shown

        _show(console, shown(told))
        if html is not None:
            console.print(output.text("\n", ("wrote", "green"), f"  {html}"))

    output.emit(json.loads(told.to_json()), as_json=as_json, show=show)
    raise typer.Exit(_EXITS[told.verdict])


def _show(console: Console, told: TaskReport) -> None:
    from rich.table import Table

    _, _, counts = str(told).partition(" · ")
    console.print(output.text((told.verdict, f"bold {_COLOURS[told.verdict]}"), f" · {counts}"))
    for why in told.why:
        console.print(f"  {why}")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    about = {
        "task": told.task,
        "intent": told.intent,
        "for": told.subject,
        "by": told.agent,
    }
    for name, value in about.items():
        if value:
            table.add_row(name, value)
    used = [f"{tool} ({times})" for tool, times in told.used_tools.items()]
    _add_both(table, "granted", told.granted_tools, told.granted_effects)
    _add_both(table, "used", used, told.used_effects)
    _add_both(table, "never used", told.never_used_tools, told.never_used_effects)
    if told.policies:
        table.add_row("policy", ", ".join(told.policies))
    _add(table, "refused", "red", told.refused)
    _add(table, "asked", "yellow", told.asked)
    if told.approved_by:
        given = [f"{who} ({times})" for who, times in told.approved_by.items()]
        own = f"; {told.self_approved} only by the person who asked" if told.self_approved else ""
        table.add_row("approved by", ", ".join(given) + own)
    _add(table, "unavailable", "magenta", told.unavailable)
    console.print()
    console.print(table)
    if any(no.decision for no in (*told.refused, *told.asked, *told.unavailable)):
        console.print(output.text("\n", ("`inbounds explain ID` shows one decision", "dim")))


def _add_both(table: Table, name: str, tools: Sequence[str], effects: Sequence[str]) -> None:
    """A line for tools and one for effects, as far as there are any."""
    for kind, words in (("tools  ", tools), ("effects", effects)):
        if words:
            table.add_row(name, output.text((kind, "dim"), f"  {', '.join(words)}"))
            name = ""


def _add(table: Table, name: str, colour: str, refused: tuple[Refused, ...]) -> None:
    for number, no in enumerate(refused):
        times = f" ({no.times})" if no.times > 1 else ""
        table.add_row(
            name if not number else "", output.text((no.tool, colour), f"  {no.code}{times}")
        )
        if no.decision:
            last = "latest decision" if no.times > 1 else "decision"
            table.add_row("", output.text((f"{last} {no.decision}", "dim")))
