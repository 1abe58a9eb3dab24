"""Which session the proxies of one host share."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, TypeVar

import anyio

from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.process.threads import run_in_thread
from inbounds.sessions.store import session_unreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_APPLICATION = 0x49424C41  # "IBLA"
_SCHEMA = (
    """
    CREATE TABLE launches (
        subject TEXT PRIMARY KEY, conversation TEXT NOT NULL, used REAL NOT NULL
    ) WITHOUT ROWID
    """,
)
_SECONDS = 5.0

REST = 3600.0
"""How many seconds after the last proxy of a host has ended the next one goes on with its session.

A proxy that is started again within one conversation finds its labels; a new day does not begin
with those of the last one.
"""
_EVERY = 60.0


class Launches:
    """The conversation that the proxies of one user share which run at the same time.

    Its name is bound to a session of each agent apart, in the session store.

    Args:
        path: The file, on a local disk, in the folder of one tenant.
        subject: The user.

    Raises:
        ConfigurationError: The file cannot be written, or is something else.
    """

    def __init__(self, path: Path, subject: str) -> None:
        self._subject = subject
        self._file = SqliteFile(path, application=_APPLICATION, version=1, schema=_SCHEMA)

    def conversation(self) -> str:
        """Return the conversation of those that run, or ran lately; a new one where none did.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file does not answer.
        """

        def run(connection: sqlite3.Connection) -> str:
            found = connection.execute(
                "SELECT conversation, used FROM launches WHERE subject = ?", (self._subject,)
            ).fetchone()
            now = clock.now()
            # A time that is yet to come is that of a clock which was set back.
            lately = found is not None and found[1] > now - REST
            name = str(found[0]) if lately else f"mcp-proxy {uuid7()}"
            connection.execute(
                "INSERT OR REPLACE INTO launches VALUES (?, ?, ?)", (self._subject, name, now)
            )
            return name

        return self._within(run)

    def use(self, conversation: str) -> None:
        """Say that a proxy of a conversation still runs.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file does not answer.
        """

        def run(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE launches SET used = ? WHERE subject = ? AND conversation = ?",
                (clock.now(), self._subject, conversation),
            )

        self._within(run)

    async def keep(self, conversation: str) -> None:
        """Say so as long as it is awaited.

        Raises:
            DecisionUnavailable: `session.unreachable`: others could no longer know of it.
        """
        while True:
            await anyio.sleep(_EVERY)
            await run_in_thread(self.use, conversation)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _within(self, run: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return self._file.write(run, clock.monotonic() + _SECONDS)
        except (OSError, sqlite3.Error) as error:
            raise session_unreachable(type(error).__name__) from error
