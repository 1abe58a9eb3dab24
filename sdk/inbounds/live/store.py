"""Which file is the feed's, and who reads it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError
from inbounds.text.similar_names import closest

if TYPE_CHECKING:
    from pathlib import Path

FILE = "live.sqlite"
"""The feed of a development issuer, in the issuer's folder."""


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
