"""`inbounds new`: the first lines of a rule, an escalation or an obligation of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds_tools.policytest.drafts import Kind

app = typer.Typer(
    help="Write the first lines of a rule, escalation or obligation of your own.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="<category>/<fault>, such as payroll/after_hours.")]
Site = Annotated[Path, typer.Option(help="The folder of your own rules.")]

_SITE = Path("site")


@app.command()
def rule(*, name: Name, site: Site = _SITE, as_json: output.Json = False) -> None:
    """A rule denies unless its fault is ruled out."""
    _write("rule", name, site, as_json=as_json)


@app.command()
def escalation(*, name: Name, site: Site = _SITE, as_json: output.Json = False) -> None:
    """An escalation has a person asked unless its fault is ruled out."""
    _write("escalation", name, site, as_json=as_json)


@app.command()
def obligation(
    *,
    name: Annotated[str, typer.Argument(help="<type>/<name>, such as notify/large_payment.")],
    site: Site = _SITE,
    as_json: output.Json = False,
) -> None:
    """An obligation says what has to be done for a call to be allowed."""
    _write("obligation", name, site, as_json=as_json)


def _write(kind: Kind, name: str, site: Path, *, as_json: bool) -> None:
    from inbounds_tools.policytest.drafts import write

    written = write(kind, name, site)

    def show(console: Console) -> None:
        for path in written:
            console.print(output.text(("wrote", "green"), f"  {path}"))
        console.print(
            output.text(
                "\n", ("next", "bold"), f"   change {written[0]}, then `inbounds test {site}`"
            )
        )

    output.emit(
        {"kind": kind, "files": [str(path) for path in written]}, as_json=as_json, show=show
    )
