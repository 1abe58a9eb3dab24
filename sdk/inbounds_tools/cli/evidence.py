"""`inbounds evidence`: whether the evidence log is what was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.evidence.verify import VerifyResult

app = typer.Typer(
    help="The evidence log: verify it, and anchor it elsewhere.", no_args_is_help=True
)

Log = Annotated[
    Path | None,
    typer.Option(help="The evidence log. (default: INBOUNDS_EVIDENCE or the state folder's)"),
]
Key = Annotated[
    Path | None,
    typer.Option(help="The deployment's key. (default: deployment.key in the state folder)"),
]


@app.command()
def verify(
    *,
    log: Log = None,
    key: Key = None,
    anchor: Annotated[Path | None, typer.Option(help="An anchor that was kept elsewhere.")] = None,
    as_json: output.Json = False,
) -> None:
    """Hold every record against the chain and the signed head.

    Without an anchor, a log that was set back whole to an earlier state looks whole.
    """
    result = _verified(log, key, anchor)

    def show(console: Console) -> None:
        _show(console, result)
        if anchor is None and result.ok:
            console.print(
                output.text(
                    ("without an anchor, an older copy of the whole log is not detected", "dim")
                )
            )

    output.emit(json.loads(result.to_json()), as_json=as_json, show=show)
    raise typer.Exit(output.OK if result.ok else output.FAILED)


@app.command()
def anchor(
    *,
    log: Log = None,
    key: Key = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write it there as well.")] = None,
    as_json: output.Json = False,
) -> None:
    """Print the signed head, to be kept where the log's writer cannot reach.

    A log that is not whole is not anchored.
    """
    from inbounds.files.safe_files import write_file

    result = _verified(log, key, None)
    if not result.ok or result.head is None:
        output.emit(json.loads(result.to_json()), as_json=as_json, show=lambda c: _show(c, result))
        raise typer.Exit(output.FAILED)
    text = result.head.to_json()
    if out is not None:
        write_file(out, text + "\n")
    output.emit(json.loads(text), as_json=as_json, show=lambda c: c.print(text))


def _verified(log: Path | None, key: Path | None, anchor: Path | None) -> VerifyResult:
    from inbounds.errors import ConfigurationError
    from inbounds.evidence.chain import Head
    from inbounds.evidence.keys import deployment_key, subkey
    from inbounds.evidence.paths import evidence_path, key_path
    from inbounds.evidence.verify import verify as verify_log
    from inbounds.files.regular_file import read_regular

    path, secret = log or evidence_path(), key or key_path()
    if path.exists() and not secret.exists():
        # One that is generated now would verify nothing.
        raise ConfigurationError(
            f"the key of this deployment must be at {secret}, and is not",
            code="evidence.key_missing",
            hint="pass --key, or set INBOUNDS_HOME",
        )
    head = None
    if anchor is not None:
        try:
            head = Head.from_json(read_regular(anchor)[0].decode("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the anchor {anchor} cannot be read",
                code="evidence.anchor_unreadable",
                hint="pass the line that `inbounds evidence anchor` printed",
            ) from error
    with output.console(error=True).status(f"reading {path} …"):
        own = subkey(deployment_key(secret), "evidence") if path.exists() else b""
        return verify_log(path, own, anchor=head)


def _show(console: Console, result: VerifyResult) -> None:
    colour = "green" if result.ok else "red"
    said, _, figures = str(result).partition(" · ")
    console.print(output.text((said, f"bold {colour}"), f" · {figures}"))
    for finding in result.findings:
        where = f"record {finding.seq}" if finding.seq else "the log"
        console.print(output.text("  ", (finding.fault, "red"), f"  {where}: {finding.message}"))
    if result.faults > len(result.findings):
        console.print(f"  and {result.faults - len(result.findings)} more")
    for decision in result.unfinished_ids[:10]:
        console.print(output.text("  ", ("unfinished", "dim"), f"  {decision}"))
