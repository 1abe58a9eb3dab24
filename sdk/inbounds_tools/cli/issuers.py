"""`inbounds issuers`: the keys of those whose signatures count."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from rich.console import Console

    from inbounds.identity.jwks import Keys
    from inbounds_tools.key_rotation import KeySetDiff

app = typer.Typer(no_args_is_help=True, help="The keys of those whose signatures count.")


@app.callback()
def issuers() -> None:
    """The keys of those whose signatures count."""


@app.command()
def keys(
    issuer: Annotated[str, typer.Argument(help="Its name in issuers.yaml.")],
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where they differ.")
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A JWKS or a SPIFFE bundle in a file, instead of discovery."),
    ] = None,
    uri: Annotated[
        str | None,
        typer.Option("--uri", help="Where its keys are, such as a SPIFFE bundle endpoint."),
    ] = None,
    ca: Annotated[
        Path | None, typer.Option("--ca", help="The certificate authority of the issuer, in PEM.")
    ] = None,
    deployment: Annotated[
        Path | None,
        typer.Option(
            "--deployment",
            help="The folder of YAML. (default: INBOUNDS_DEPLOYMENT or deployment/)",
        ),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Take the keys that an issuer has now into the deployment, before `inbounds bundle build`.

    They are found by discovery at what the entry says as `issuer` (OpenID Connect Discovery, RFC
    8414). The entry has those keys then and no others. Exits with 2 where they cannot be had.
    """
    from inbounds_tools.key_rotation import compared, write_keys

    folder = deployment or Path(os.environ.get("INBOUNDS_DEPLOYMENT") or "deployment")
    found = _found(folder, issuer, source=source, uri=uri, ca=ca)
    turned = compared(folder, issuer, found)
    written = not (turned.same or check)
    if written:
        write_keys(folder, issuer, found)
    value = {
        "ok": turned.same or written,
        "written": written,
        **dataclasses.asdict(turned),
    }
    output.emit(
        value, as_json=as_json, show=lambda console: _show(console, turned, written=written)
    )
    raise typer.Exit(output.OK if value["ok"] else output.FAILED)


def _found(
    folder: Path, issuer: str, *, source: Path | None, uri: str | None, ca: Path | None
) -> Keys:
    from inbounds.errors import ConfigurationError
    from inbounds.files.regular_file import read_regular
    from inbounds.identity.jwks import JwksSource, read_jwks
    from inbounds.identity.remote import MAX_BYTES
    from inbounds_tools.key_rotation import issuer_identifier

    identifier = issuer_identifier(folder, issuer)
    if source is None:
        with output.console(error=True).status(f"asking {uri or identifier} …"):
            return JwksSource(
                identifier, jwks_uri=uri, ca=str(ca) if ca else None, timeout=15
            ).keys()
    try:
        text = read_regular(source, most=MAX_BYTES + 1)[0]
    except OSError as error:
        raise ConfigurationError(
            f"{source} cannot be read: {error.strerror}",
            code="issuers.unreadable",
            hint="pass the file that holds the issuer's JWKS",
        ) from None
    return read_jwks(text, f"in {source}")


def _show(console: Console, turned: KeySetDiff, *, written: bool) -> None:
    signs = {
        "added": ("+", "bold green"),
        "changed": ("~", "bold yellow"),
        "removed": ("-", "bold red"),
        "kept": ("=", "dim"),
    }
    name = turned.issuer
    for what, sign in signs.items():
        for kid in getattr(turned, what):
            console.print(output.text(sign, f" {kid}"))
    if turned.same:
        console.print(
            output.text(("the same", "bold green"), f" issuers.yaml has the keys of {name}")
        )
    elif written:
        console.print(output.text(("written", "bold green"), f" {name}.keys in issuers.yaml"))
        console.print(
            output.text(("next", "bold"), " inbounds bundle build, then serve the bundle")
        )
    else:
        console.print(
            output.text(("differs", "bold red"), f" issuers.yaml has other keys of {name}")
        )
        console.print(output.text(("next", "bold"), f" inbounds issuers keys {name}"))
