"""`inbounds peers`: agents of others that tools speak to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

app = typer.Typer(no_args_is_help=True, help="Agents of others that tools speak to.")


@app.callback()
def peers() -> None:
    """Agents of others that tools speak to."""


@app.command()
def draft(
    name: Annotated[str, typer.Argument(help="What tools call it by.")],
    card: Annotated[Path, typer.Argument(help="Its agent card (A2A), in a file.")],
    *,
    keys: Annotated[
        Path,
        typer.Option("--keys", help="Its operator's JWKS, had from the operator, in a file."),
    ],
    until: Annotated[
        datetime,
        typer.Option("--until", formats=["%Y-%m-%d"], help="When to look again (UTC)."),
    ],
    as_json: output.Json = False,
) -> None:
    """Print the entry of peers.yaml for a peer, once a key of its operator has signed its card.

    Prints nothing and exits with 1 where the card cannot be used, so write it into a file of its
    own first: `> entry.yaml`.
    """
    from inbounds.errors import ConfigurationError
    from inbounds.identity.card import MAX_CARD, peer_entry
    from inbounds.identity.jwks import read_jwks
    from inbounds.identity.remote import MAX_BYTES
    from inbounds.process import clock

    if until.replace(tzinfo=UTC).timestamp() <= clock.now():
        raise ConfigurationError(
            "--until must be in the future: every call to this peer would be denied",
            code="peers.over",
            hint="pass the day on which a person reviews the peer again",
        )
    found = read_jwks(_read(keys, MAX_BYTES), f"in {keys}")
    entry = {
        name: {**peer_entry(_read(card, MAX_CARD), found), "until": f"{until:%Y-%m-%d}T00:00:00Z"}
    }
    output.emit(entry, as_json=as_json, show=lambda console: _show(console, entry))


def _read(path: Path, most: int) -> bytes:
    from inbounds.errors import ConfigurationError
    from inbounds.files.regular_file import read_regular

    try:
        return read_regular(path, most=most + 1)[0]
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error.strerror}",
            code="peers.unreadable",
            hint="pass the file that holds it",
        ) from None


def _show(console: Console, entry: Mapping[str, object]) -> None:
    import yaml

    # Whole lines, since it goes into a file.
    text = yaml.safe_dump(dict(entry), sort_keys=False, allow_unicode=True, width=4096)
    console.out(text, end="", highlight=False)
