"""The files that SQLite keeps beside one, and whether they are files and still the same."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOG_HEADER, _FRAME_HEADER = 32, 24
"""Bytes before the first frame of a log, and before the page of each
(https://www.sqlite.org/fileformat2.html §4.1)."""


_SUFFIXES = ("-journal", "-wal", "-shm")


def require_regular_companions(path: Path) -> None:
    """Raise unless each file that SQLite would open beside `path` is a regular one, or not there.

    SQLite opens whatever lies there: it waits without end for somebody to write into a pipe, and
    follows a link. Call this before each connection.

    Args:
        path: The file; SQLite looks beside what it is a link to.

    Raises:
        OSError: A companion is a pipe, a link, a socket, a device or a folder.
    """
    real = os.path.realpath(path)
    for suffix in _SUFFIXES:
        try:
            mode = os.lstat(real + suffix).st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(mode):
            raise OSError(f"its {suffix} file is not a regular file")


class Companions:
    """The log (`-wal`) and the index (`-shm`) beside a file that this process has open.

    SQLite makes them for the first connection and removes them with the last one, so while one
    is open both are there. Whoever unlinks, replaces or cuts the log takes from the file what
    is still committed to it, and nobody is told: commits succeed, and are gone at the next
    opening. To use an index that was cut ends the process, since it is mapped memory.

    A log may become shorter of itself where a checkpoint emptied it. So a shorter one is held
    against how many frames SQLite says it has.

    Args:
        path: The file.
        connection: Open to it, and outside of a transaction. It has read the file, so that both
            are there.

    Raises:
        OSError: One is gone, or is not what it was for a connection that opened it before.
        sqlite3.Error: The log cannot be asked for its frames.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._log, self._index = f"{path}-wal", f"{path}-shm"
        self._page = int(connection.execute("PRAGMA page_size").fetchone()[0])
        log, index = _status(self._log, "-wal"), _status(self._index, "-shm")
        self._log_is = (log.st_dev, log.st_ino)
        self._index_is = (index.st_dev, index.st_ino)
        self._log_size, self._index_size = log.st_size, index.st_size
        self._measure(connection)

    def require_same(self, connection: sqlite3.Connection) -> None:
        """Raise unless both are what they were. Asked before a transaction begins.

        Raises:
            OSError: One is gone, is another file, or was cut.
            sqlite3.Error: As for the class; SQLITE_BUSY where another connection is just
                emptying the log.
        """
        index = _status(self._index, "-shm")
        if (index.st_dev, index.st_ino) != self._index_is:
            raise _replaced("-shm")
        if index.st_size < self._index_size:
            raise _cut("-shm")
        self._index_size = index.st_size
        if not self._log_grew():
            self._measure(connection)

    def require_kept(self) -> None:
        """Raise unless what was just committed is in the log. Asked after a commit.

        Raises:
            OSError: The log is gone, or is another file.
        """
        self._log_grew()

    def make_safe_to_close(self) -> None:
        """Give an index that was cut its length back, or closing would end the process.

        What it holds then is not an index, so that SQLite makes it anew out of the log.
        """
        with contextlib.suppress(OSError):
            index = _status(self._index, "-shm")
            same = (index.st_dev, index.st_ino) == self._index_is
            if same and index.st_size < self._index_size:
                # By its name: to close a descriptor of it would give up SQLite's locks.
                os.truncate(self._index, self._index_size)

    def _log_grew(self) -> bool:
        log = _status(self._log, "-wal")
        if (log.st_dev, log.st_ino) != self._log_is:
            raise _replaced("-wal")
        if log.st_size < self._log_size:
            return False
        self._log_size = log.st_size
        return True

    def _measure(self, connection: sqlite3.Connection) -> None:
        """Hold the log's length against the frames that SQLite knows to be in it."""
        try:
            busy, frames, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.OperationalError as error:
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_IOERR:
                raise _cut("-wal") from error
            raise
        if busy and frames < 0:
            locked = sqlite3.OperationalError("another connection is emptying its -wal file")
            locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise locked
        size = _status(self._log, "-wal").st_size
        if frames > 0 and size < _LOG_HEADER + frames * (_FRAME_HEADER + self._page):
            raise _cut("-wal")
        self._log_size = size


def _status(path: str, name: str) -> os.stat_result:
    try:
        return os.stat(path)  # noqa: PTH116 -- on the path of every call; Path.stat costs twice
    except FileNotFoundError:
        raise OSError(f"its {name} file is gone") from None


def _replaced(name: str) -> OSError:
    return OSError(f"another file has taken the place of its {name} file")


def _cut(name: str) -> OSError:
    return OSError(f"its {name} file was cut short")
