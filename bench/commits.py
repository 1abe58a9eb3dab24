"""Two bare durable commits: what two records cannot do without."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from inbounds.evidence import Decided, Executed

_ROWS = """
    SELECT kind, length(kind) + length(decision_id) + length(task) + length(body)
        + length(hash) + length(mac)
    FROM records ORDER BY seq DESC LIMIT 2
"""
_SETTLED = 800
"""As often as it takes until the write-ahead log has been full once.

A file that grows makes the file system write its own journal with each commit; one that is
written over does not. What is compared is past that.
"""


class BareCommits:
    """A file with one table of one column, that can stand in for an evidence log.

    A row has the size of the record in whose place it is written, and is on the disk when the
    call returns: the same journal, the same setting and the same folder as the evidence log's.

    Args:
        path: The file.
        like: An evidence log whose last two records say the sizes.
    """

    def __init__(self, path: Path, *, like: Path) -> None:
        with contextlib.closing(sqlite3.connect(like)) as connection:
            sizes = dict(connection.execute(_ROWS).fetchall())
            pages = connection.execute("PRAGMA page_size").fetchone()[0]
        self._decided = "x" * sizes["decided.v1"]
        self._executed = "x" * sizes["executed.v1"]
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA page_size={pages}")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE rows (body TEXT NOT NULL)")
        for _ in range(_SETTLED):
            self.both()

    def decided(self, record: Decided) -> None:
        """Commit a row of the size of `record`."""
        del record
        self._insert(self._decided)

    def executed(self, record: Executed) -> None:
        """Commit a row of the size of `record`."""
        del record
        self._insert(self._executed)

    def both(self) -> None:
        """Commit two rows, one after the other."""
        self._insert(self._decided)
        self._insert(self._executed)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _insert(self, body: str) -> None:
        self._connection.execute("INSERT INTO rows VALUES (?)", (body,))
