"""A bound on the memory of a process that was started here."""

from __future__ import annotations

import contextlib
import importlib
import sys


def limit(process_id: int, size_bytes: int) -> None:
    """Bound the memory of a process that was just started; other platforms than Linux cannot.

    Args:
        process_id: The process.
        size_bytes: How much private memory it may have. A program of Go ends where it gets no more.
    """
    if sys.platform == "linux":
        resource = importlib.import_module("resource")
        # Refused where the process has ended, or is bounded more strictly already.
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(process_id, resource.RLIMIT_DATA, (size_bytes, size_bytes))
