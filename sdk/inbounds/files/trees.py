"""Removing and copying what `safe_files` writes: through no link, and nobody else's."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from .regular_file import read_regular
from .safe_files import opened_parent, write_file

if TYPE_CHECKING:
    from pathlib import Path


def remove_file(path: Path, *, below: Path | None = None) -> None:
    """Remove a file; one that is not there is removed already.

    Args:
        path: The file.
        below: As for `write_file`.

    Raises:
        UnsafePath: A link is in the way.
        OSError: It cannot be removed.
    """
    with contextlib.suppress(FileNotFoundError), opened_parent(path, below, make=False) as folder:
        os.unlink(folder.at(path.name), dir_fd=folder.descriptor)


def remove_tree(path: Path, *, below: Path | None = None) -> None:
    """Remove a folder with all in it; one that is not there is removed already.

    Args:
        path: The folder.
        below: As for `write_file`.

    Raises:
        UnsafePath: A link is in the way.
        OSError: It cannot be removed.
    """
    with contextlib.suppress(FileNotFoundError), opened_parent(path, below, make=False) as folder:
        folder.inner(path.name, mode=0, make=False).close()  # to remove a pipe waits for its writer
        shutil.rmtree(folder.at(path.name), dir_fd=folder.descriptor)


def copy_tree(source: Path, target: Path, *, below: Path | None = None) -> None:
    """Copy the files of a folder, with those of the folders in it.

    Args:
        source: The folder, of our own.
        target: Where to; made where it is missing.
        below: As for `write_file`.

    Raises:
        UnsafePath: A link is in the way, or what is there is not a regular file of this user's.
        OSError: A file cannot be read or written.
    """
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            write_file(place, read_regular(path)[0], below=below or target, durable=False)


def scratch_folder(use: str) -> tempfile.TemporaryDirectory[str]:
    """Return a new folder for this user alone, which goes when it is left or closed.

    Args:
        use: What it is for, as a part of its name.
    """
    return tempfile.TemporaryDirectory(prefix=f"inbounds-{use}-")
