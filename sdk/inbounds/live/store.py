"""Which file is the feed's, and who reads it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError
from inbounds.text.similar_names import closest

if TYPE_CHECKING:
    from pathlib import Path

FILE = "live.sqlite"
"""The feed of an issuer, in the issuer's folder."""
TASKS = "tasks.sqlite"
"""What the issuer's service remembers, beside its feed."""


def feed_file(path: Path) -> Path:
    """Return the path of a feed that is there: a misspelt one begins none.

    A development issuer's begins with its first entry.

    Raises:
        ConfigurationError: `live.missing`.
    """
    if path.exists() or is_development(path):
        return path
    beside = [file.name for file in path.absolute().parent.glob("*.sqlite")]
    close = closest(path.name, beside)
    raise ConfigurationError(
        f"there is no feed at {path.absolute()}, so nothing was done"
        + (f"; did you mean `{path.with_name(close)}`?" if close else ""),
        code="live.missing",
        hint="--store names the feed's file, which `inbounds live serve` makes",
    )


def is_development(path: Path) -> bool:
    """Whether guards read this feed from its file, since what signs it lies beside it."""
    return path.name == FILE and (path.absolute().parent / "issuer.json").exists()


def require_not_lost(path: Path) -> None:
    """Require that a feed is there where an issuer's service had one: no empty one takes its place.

    Raises:
        ConfigurationError: `live.lost`.
    """
    if path.exists() or not (path.absolute().parent / TASKS).exists():
        return
    raise ConfigurationError(
        f"the feed must lie beside the {TASKS} of its issuer's service; "
        f"{path.absolute()} does not exist",
        code="live.lost",
        hint="put the feed back. If it is lost, so are its revoked ids, ended hops and kill "
        f"switches: `install -m 600 /dev/null {path}` begins one with the ended tasks alone",
    )
