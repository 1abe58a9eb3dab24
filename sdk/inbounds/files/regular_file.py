"""Reading files that have to be some, and folders that have an end."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from inbounds.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LONGEST = 200

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # to open a pipe waits for who writes to it
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


MAX_BYTES = 256 * 1024 * 1024
"""The largest file that is read whole."""
MAX_DEPTH = 64
"""How deep the folders may lie in one another that are looked through."""


def read_regular(path: Path, *, most: int = -1) -> tuple[bytes, os.stat_result]:
    """Read a regular file, or one that a symbolic link leads to, with what was so of it then.

    A pipe, a device or a socket in its place keeps nobody waiting.

    Args:
        path: The file.
        most: How many bytes to read of it at most; all, where it is below 0.

    Raises:
        OSError: It cannot be read, is not a regular file, or is larger than `MAX_BYTES`.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        if most < 0 and status.st_size > MAX_BYTES:
            raise OSError(errno.EFBIG, f"it is larger than {MAX_BYTES} bytes", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most), status
    finally:
        os.close(descriptor)


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
