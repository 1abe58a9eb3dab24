"""`inbounds lint`: what a careless person writes into a deployment, before it is in force."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.lint import Finding, Severity

_SIGNS: dict[Severity, tuple[str, str]] = {
    "error": ("error", "bold red"),
    "warning": ("warning", "yellow"),
    "note": ("note", "dim"),
}


def command(
    *,
    deployment: Annotated[
        Path | None,
        typer.Argument(help="The folder of YAML. (default: INBOUNDS_DEPLOYMENT or deployment/)"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as well.")] = False,
    as_json: output.Json = False,
) -> None:
    """Look for what lets through more than its author meant, and for what is likely a mistake.

    Exits with 1 where there is an error, or with `--strict` a warning, that no comment `# lint:
    allow CODE reason` on its line, or right above, lets be.
    """
    from inbounds_tools.lint import lint

    folder = deployment or Path(os.environ.get("INBOUNDS_DEPLOYMENT") or "deployment")
    with output.console(error=True).status("looking …"):
        found = lint(folder)
    findings = [finding for finding in found if not finding.allowed]
    counted = Counter(finding.severity for finding in findings)
    failed = bool(counted["error"] or (strict and counted["warning"]))
    value = {
        "ok": not failed,
        "deployment": str(folder),
        "findings": [_value(finding) for finding in findings],
        "allowed": [_value(finding) for finding in found if finding.allowed],
    }
    output.emit(
        value, as_json=as_json, show=lambda console: _show(console, folder, findings, len(found))
    )
    raise typer.Exit(output.FAILED if failed else output.OK)


def _value(finding: Finding) -> dict[str, str | int]:
    value: dict[str, str | int] = dataclasses.asdict(finding)
    return value if finding.allowed else {k: v for k, v in value.items() if k != "allowed"}


def _show(console: Console, folder: Path, findings: Sequence[Finding], in_all: int) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    explained: set[str] = set()
    for finding in findings:
        at = f"{folder / finding.file}" + (f":{finding.line}" if finding.line else "")
        table.add_row(output.text(_SIGNS[finding.severity]), finding.what)
        table.add_row("", output.text((f"{at}  {finding.code}", "dim")))
        # Once is enough, for whoever has forgotten the same thing of a hundred tools.
        if finding.code not in explained:
            explained.add(finding.code)
            table.add_row("", output.text(("why", "dim"), f" {finding.why}"))
            table.add_row("", output.text(("fix", "bold"), f" {finding.now}"))
    if findings:
        console.print(table)
    _sum_up(console, findings, in_all - len(findings))


def _sum_up(console: Console, findings: Sequence[Finding], allowed: int) -> None:
    counted = Counter(finding.severity for finding in findings)
    said = [
        (f"{many} {severity}{'s' * (many > 1)}", style)
        for severity, (_, style) in _SIGNS.items()
        if (many := counted[severity])
    ]
    said = said or [("nothing found", "bold green")]
    said += [(f"{allowed} allowed by a comment", "dim")] if allowed else []
    parts = [part for each in said for part in (", ", each)]
    console.print(output.text("\n" if findings else "", *parts[1:]))
