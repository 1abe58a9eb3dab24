"""`inbounds doctor`: what `Guard()` would use here, and whether each part is well."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.doctor import Finding

_SIGNS = {
    "ok": ("ok", "green"),
    "fix": ("error", "bold red"),
    "unknown": ("unknown", "magenta"),
    "note": ("note", "dim"),
}


def command(
    *,
    pdp: Annotated[str, typer.Option(help="An OPA to look at. (default: INBOUNDS_PDP_URL)")] = "",
    pdp_ca: Annotated[
        Path | None, typer.Option(help="A file of certificate authorities to trust.")
    ] = None,
    deployment: Annotated[
        Path | None,
        typer.Option(help="The folder of YAML. (default: INBOUNDS_DEPLOYMENT or deployment/)"),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Look at everything that `Guard()` would use here; nothing is changed.

    Exits with 0 where all is well, 1 where there is something to fix, 2 where that could not
    be determined.
    """
    from inbounds_tools.doctor import diagnose

    options = {
        "pdp_url": pdp or None,
        "pdp_ca": str(pdp_ca) if pdp_ca else None,
        "deployment": str(deployment) if deployment else None,
    }
    with output.console(error=True).status("looking …"):
        findings = [*diagnose(options)]
    states = {finding.state for finding in findings}
    value = {
        "ok": not states & {"fix", "unknown"},
        "findings": [dataclasses.asdict(finding) for finding in findings],
    }
    output.emit(value, as_json=as_json, show=lambda console: _show(console, findings))
    if "fix" in states:
        raise typer.Exit(output.FAILED)
    raise typer.Exit(output.UNTOLD if "unknown" in states else output.OK)


def _show(console: Console, findings: list[Finding]) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        table.add_row(output.text(_SIGNS[finding.state]), finding.name, finding.message)
        if finding.hint and finding.state != "ok":
            label = "hint" if finding.state == "note" else "fix"
            table.add_row("", "", output.text((label, "bold"), f" {finding.hint}"))
    console.print(table)
    to_fix = sum(finding.state == "fix" for finding in findings)
    unknown = sum(finding.state == "unknown" for finding in findings)
    if to_fix:
        console.print(output.text("\n", (f"{to_fix} to fix", "bold red")))
    elif unknown:
        console.print(output.text("\n", (f"{unknown} could not be determined", "magenta")))
    else:
        console.print(output.text("\n", ("all well", "bold green")))
