"""Reading files that have to be some."""

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


MAX_BYTES = 256 * 1024 * 1024
"""The largest file that is read whole."""


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
