"""A bound on how much of a SQLite file is read: somebody else may have made the file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

_EVERY = 10_000
_FREE = 5_000_000
_PER_BYTE = 4


class StepBudget:
    """How many steps of SQLite's virtual machine reading a file may take.

    Pages of a small file can hold one another, as rows without end. A row that is read takes some
    ten steps, and has more than 30 bytes in a file that this package has made. SQLite asks after
    each 10,000 steps of one statement. It does not ask while `count(*)` counts a whole table:
    `sum(1)` is asked about.

    Args:
        path: The file. What is in its log (`-wal`) counts as well.
    """

    def __init__(self, path: Path) -> None:
        self._path = os.path.realpath(path)
        self._steps = 0

    def bound(self, connection: sqlite3.Connection) -> None:
        """Have each statement of a connection fail where the budget is exceeded."""
        connection.set_progress_handler(self._is_exceeded, _EVERY)

    def begin(self) -> None:
        """Begin anew, such as for the next transaction."""
        self._steps = 0

    def _is_exceeded(self) -> bool:
        self._steps += _EVERY
        if self._steps <= _FREE:
            return False
        return self._steps > _FREE + _PER_BYTE * (_size(self._path) + _size(f"{self._path}-wal"))


def is_exceeded(error: sqlite3.Error) -> bool:
    """Whether a statement failed because the budget was exceeded."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_INTERRUPT


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
