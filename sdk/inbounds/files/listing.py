"""The files of a folder, and of those within it, which have an end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from inbounds.errors import ConfigurationError

MAX_DEPTH = 64
"""How deep the folders may lie in one another that are looked through."""
_LONGEST = 200


def files_in(
    folder: Path, ending: str = "", *, is_skipped: Callable[[Path], bool] = lambda _: False
) -> list[Path]:
    """Return the files in a folder and in those within it, by path.

    Links to folders are not followed, so that none leads round in a circle or elsewhere.

    Args:
        folder: The folder; one that is not there holds nothing.
        ending: Only files whose names end so.
        is_skipped: Says of a folder in it whether it is passed over.

    Raises:
        ConfigurationError: `configuration.unreadable_folder`: what is named as a file is a pipe,
            a socket or a device, folders lie more than `MAX_DEPTH` deep, or one cannot be read.
    """
    found, pending = [], [(folder, 0)]
    while pending:
        place, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise _unusable(place, f"lies more than {MAX_DEPTH} folders deep")
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if not is_skipped(place / entry.name):
                            pending.append((place / entry.name, depth + 1))
                    elif entry.name.endswith(ending) and not (place / entry.name).is_dir():
                        if not (place / entry.name).is_file():
                            raise _unusable(place / entry.name, "is not a regular file")
                        found.append(place / entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unusable(place, f"cannot be read: {error.strerror}") from error
    return sorted(found)


def _unusable(place: Path, why: str) -> ConfigurationError:
    shown = str(place)
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    return ConfigurationError(
        f"{shown} {why}",
        code="configuration.unreadable_folder",
        hint="remove it, or name another folder",
    )
