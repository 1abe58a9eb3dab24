"""Opening files for appending: through no link, and over nobody else's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from .safe_files import CLOSE_ON_EXEC, NO_FOLLOW, opened_parent

if TYPE_CHECKING:
    from pathlib import Path


_APPENDED = (
    os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW | CLOSE_ON_EXEC | getattr(os, "O_BINARY", 0)
) | getattr(os, "O_NONBLOCK", 0)  # a pipe that is put there in between does not block


def open_appended(path: Path, *, below: Path | None = None) -> BinaryIO:
    """Open a file for appending, readable by this user alone if it is new.

    Args:
        path: The file. Missing folders are created.
        below: As for `write_file`.

    Returns:
        The open file; the caller closes it.

    Raises:
        UnsafePath: The path leads through a link, or the file is not a regular file of this user.
        OSError: The file cannot be opened.
    """
    with opened_parent(path, below) as folder:
        folder.require_no_link(path.name)
        folder.replaceable(path.name)
        place = folder.at(path.name)
        descriptor = os.open(place, _APPENDED, 0o600, dir_fd=folder.descriptor)
        try:
            folder.require_ours(path.name, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return os.fdopen(descriptor, "ab")
