"""Where the feed is, and how its times are told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

Store = Annotated[
    Path | None,
    typer.Option(help="The feed's file; without it, issuer/live.sqlite in the state folder."),
]


def issuer_folder() -> Path:
    """Return the development issuer's folder in the folder of state."""
    from inbounds.pep.config import Configuration

    return Configuration.read({}).home_folder / "issuer"


def feed_path(store: Path | None) -> Path:
    """Return the file of a feed that is there.

    Raises:
        ConfigurationError: `live.missing`; or, where `store` is None, a variable that means
            nothing.
    """
    from inbounds.live.store import FILE, feed_file

    return feed_file(store or issuer_folder() / FILE)


def moment(at: int) -> str:
    """Return a time for people.

    Args:
        at: Unix seconds.
    """
    return f"{datetime.fromtimestamp(at, UTC).replace(tzinfo=None)} UTC"
