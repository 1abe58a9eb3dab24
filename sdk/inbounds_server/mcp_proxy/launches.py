"""The sessions that the proxies of one host share, one for each user."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, TypeVar

import anyio

from inbounds.errors import DecisionUnavailable
from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock
from inbounds.process.ids import uuid7
from inbounds.process.threads import run_in_thread
from inbounds.sessions.store import session_unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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
EVERY = 60.0
"""After how many seconds a proxy records again that it runs."""


class Launches:
    """The conversations that proxies share which run at the same time, one for each user.

    The name of one is bound to a session of each agent apart, in the session store.

    Args:
        path: The file, on a local disk, in the folder of one tenant.

    Raises:
        ConfigurationError: The file cannot be written, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, application=_APPLICATION, version=1, schema=_SCHEMA)

    def conversation(self, subject: str) -> str:
        """Return the conversation of those that run, or ran lately; a new one where none did.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file does not answer.
        """
        return self.share(subject, _new())

    def find(self, subject: str) -> str:
        """Return the same without recording it, for a user who is not verified yet.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file does not answer.
        """
        found = self._within(self._file.read, lambda connection: _lately(connection, subject))
        return found or _new()

    def share(self, subject: str, conversation: str) -> str:
        """Record that a proxy runs in a conversation; return the one that all are to share.

        It is another where others began one meanwhile, or while this machine slept for long.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file does not answer.
        """
        return self.share_all({subject: conversation})[subject]

    def share_all(self, conversations: Mapping[str, str]) -> dict[str, str]:
        """Record the same for several users, in one transaction.

        Args:
            conversations: The conversation of each user.

        Raises:
            DecisionUnavailable: `session.unreachable`: the file does not answer.
        """

        def run(connection: sqlite3.Connection) -> dict[str, str]:
            shared = {
                subject: _lately(connection, subject) or conversation
                for subject, conversation in conversations.items()
            }
            now = clock.now()
            connection.executemany(
                "INSERT OR REPLACE INTO launches VALUES (?, ?, ?)",
                [(subject, conversation, now) for subject, conversation in shared.items()],
            )
            return shared

        return self._within(self._file.write, run)

    async def keep(self, subject: str, conversation: str) -> None:
        """Record it again and again, for as long as it is awaited.

        Raises:
            DecisionUnavailable: `session.unreachable`: others could no longer know of it;
                `session.contended`: others have begun another conversation.
        """
        while True:
            await anyio.sleep(EVERY)
            if await run_in_thread(self.share, subject, conversation) != conversation:
                raise DecisionUnavailable(
                    "other proxies of this user have begun another session while this one slept",
                    code="session.contended",
                    hint="start the proxy again: it goes on with their session",
                )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _within(
        self,
        transact: Callable[[Callable[[sqlite3.Connection], T], float], T],
        run: Callable[[sqlite3.Connection], T],
    ) -> T:
        try:
            return transact(run, clock.monotonic() + _SECONDS)
        except (OSError, sqlite3.Error) as error:
            raise session_unreachable(type(error).__name__) from error


def _new() -> str:
    return f"mcp-proxy {uuid7()}"


def _lately(connection: sqlite3.Connection, subject: str) -> str | None:
    """Return the conversation of a user whose proxies run, or ran lately."""
    found = connection.execute(
        "SELECT conversation, used FROM launches WHERE subject = ?", (subject,)
    ).fetchone()
    # A time that is yet to come is that of a clock which was set back.
    return None if found is None or found[1] <= clock.now() - REST else str(found[0])
