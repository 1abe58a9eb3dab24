"""Reading a file that has to be one."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # to open a pipe waits for who writes to it
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def read_regular(path: Path, *, most: int = -1) -> tuple[bytes, os.stat_result]:
    """Read a regular file, or one that a symbolic link leads to, with what was so of it then.

    A pipe, a device or a socket in its place keeps nobody waiting.

    Args:
        path: The file.
        most: How many bytes to read of it at most; all, where it is below 0.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most), status
    finally:
        os.close(descriptor)
