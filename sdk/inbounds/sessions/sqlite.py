"""Sessions in a SQLite file, which the processes of one machine share and restarts keep."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock
from inbounds.sessions.progress import SessionProgress, read_state
from inbounds.sessions.store import (
    Binding,
    ConversationKey,
    FairLocks,
    SessionKey,
    require_successor,
    session_exists,
    session_lost,
    session_set_back,
    session_unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from inbounds.model.question import SessionState

T = TypeVar("T")

_APPLICATION = 0x49425353  # "IBSS"
_SCHEMA = (
    """
    CREATE TABLE sessions (
        sid TEXT PRIMARY KEY, tenant TEXT NOT NULL, subject TEXT NOT NULL, agent TEXT NOT NULL,
        version INTEGER NOT NULL, state TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
_FIND = "SELECT tenant, subject, agent, version, state FROM sessions WHERE sid = ?"
# Not in `_SCHEMA`: a file from before this table gets it as well.
_CONVERSATIONS = """
    CREATE TABLE IF NOT EXISTS conversations (
        tenant TEXT NOT NULL, subject TEXT NOT NULL, agent TEXT NOT NULL,
        conversation TEXT NOT NULL, sid TEXT NOT NULL, history_known INTEGER NOT NULL,
        PRIMARY KEY (tenant, subject, agent, conversation)
    ) WITHOUT ROWID
"""
_HAS_CONVERSATIONS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'conversations'"
_WHOSE = "tenant = ? AND subject = ? AND agent = ? AND conversation = ?"


class SqliteSessions:
    """Sessions of every process that names the same file (`SessionStore`).

    Within a process, calls of one session wait for each other. Between processes, a commit succeeds
    only if the stored version is the expected one.

    Args:
        path: The file, on a local disk.
        timeout: How long one operation may wait for other writers, in seconds.
        durable: Whether a committed state survives a power loss. If False, it survives the end of
            the process only.

    Raises:
        ConfigurationError: The file cannot be written, or is not a file of sessions.
    """

    def __init__(self, path: str | Path, *, timeout: float = 5.0, durable: bool = True) -> None:
        self._timeout = timeout
        self._locks = FairLocks()
        self._progress = SessionProgress()
        self._file = SqliteFile(
            Path(path), application=_APPLICATION, version=1, schema=_SCHEMA, durable=durable
        )

    def create(
        self, key: SessionKey, state: SessionState, *, deadline: float | None = None
    ) -> None:
        """Begin a session; see `SessionStore.create`.

        Args:
            key: The tenant, subject, agent and id of the session.
            state: The first state.
            deadline: When to give up before `timeout`, in seconds on `clock.monotonic`.
        """
        reached = self._progress.of(key)
        text = state.model_dump_json()
        row = (key.sid, key.tenant, key.subject, key.agent, state.version, text)

        def run(connection: sqlite3.Connection) -> None:
            found = connection.execute(_FIND, (key.sid,)).fetchone()
            if found is not None:
                raise session_exists(owner=_owner(key.sid, found) == key)
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)

        self._within(self._file.write, run, deadline)
        self._progress.require_new(key, reached)
        self._progress.record(key, state, text)

    def load(self, key: SessionKey, *, deadline: float | None = None) -> SessionState:
        """Return the state that was last committed; see `SessionStore.load`, and `create`."""
        reached = self._progress.of(key)

        def run(connection: sqlite3.Connection) -> tuple[str, str, str, int, str] | None:
            row: tuple[str, str, str, int, str] | None
            row = connection.execute(_FIND, (key.sid,)).fetchone()
            return row

        found = self._within(self._file.read, run, deadline)
        if found is None or _owner(key.sid, found) != key:
            raise session_lost()
        state, text = read_state(key, found[4])
        if _version(found) != state.version:
            raise session_unreachable("the state it holds is another's")
        self._progress.require_ahead(key, reached, state, text)
        self._progress.record(key, state, text)
        return state

    def commit(
        self, key: SessionKey, expected: int, state: SessionState, *, deadline: float | None = None
    ) -> bool:
        """Replace the state of version `expected`; see `SessionStore.commit`, and `create`."""
        require_successor(key, expected, state)
        following = state.model_dump_json()

        def run(connection: sqlite3.Connection) -> bool:
            found = connection.execute(_FIND, (key.sid,)).fetchone()
            if found is None or _owner(key.sid, found) != key:
                raise session_lost()
            version = _version(found)
            if version < expected:
                raise session_set_back()
            if version != expected:
                return False
            connection.execute(
                "UPDATE sessions SET version = ?, state = ? WHERE sid = ?",
                (state.version, following, key.sid),
            )
            return True

        made = self._within(self._file.write, run, deadline)
        if made:
            self._progress.record(key, state, following)
        return made

    def find_conversation(self, key: ConversationKey) -> Binding | None:
        """Return the session of a conversation; see `SessionStore.find_conversation`."""

        def run(connection: sqlite3.Connection) -> Binding | None:
            if connection.execute(_HAS_CONVERSATIONS).fetchone() is None:
                return None
            return _binding(connection, key)

        return self._within(self._file.read, run, None)

    def bind_conversation(
        self, key: ConversationKey, sid: str, *, history_known: bool = False
    ) -> Binding:
        """Bind a conversation to a session; see `SessionStore.bind_conversation`."""
        whose = (key.tenant, key.subject, key.agent, key.conversation)

        def run(connection: sqlite3.Connection) -> Binding:
            connection.execute(_CONVERSATIONS)
            connection.execute(
                "INSERT OR IGNORE INTO conversations VALUES (?, ?, ?, ?, ?, 0)", (*whose, sid)
            )
            if history_known:
                connection.execute(
                    f"UPDATE conversations SET history_known = 1 WHERE {_WHOSE} AND sid = ?",  # noqa: S608 -- a constant
                    (*whose, sid),
                )
            found = _binding(connection, key)
            if found is None:
                raise session_unreachable("it does not hold the conversation that was bound")
            return found

        return self._within(self._file.write, run, None)

    def lock(self, key: SessionKey, *, deadline: float) -> AbstractContextManager[None]:
        """Lock a session, in the order of the requests; see `SessionStore.lock`."""
        return self._locks.hold(key, deadline=deadline)

    def close(self) -> None:
        """Close the file of this process."""
        self._file.close()

    def _within(
        self,
        transact: Callable[[Callable[[sqlite3.Connection], T], float], T],
        run: Callable[[sqlite3.Connection], T],
        deadline: float | None,
    ) -> T:
        latest = clock.monotonic() + self._timeout
        try:
            return transact(run, latest if deadline is None else min(latest, deadline))
        except sqlite3.Error as error:
            raise session_unreachable(str(error)) from error
        except OSError as error:
            raise session_unreachable(error.strerror or str(error)) from error


def _owner(sid: str, row: tuple[str, str, str, int, str]) -> SessionKey:
    return SessionKey(tenant=row[0], subject=row[1], agent=row[2], sid=sid)


def _version(row: tuple[str, str, str, int, str]) -> int:
    # A column takes a value of any type.
    if type(row[3]) is not int:
        raise session_unreachable("the state it holds is not one")
    return row[3]


def _binding(connection: sqlite3.Connection, key: ConversationKey) -> Binding | None:
    row = connection.execute(
        f"SELECT sid, history_known FROM conversations WHERE {_WHOSE}",  # noqa: S608 -- a constant
        (key.tenant, key.subject, key.agent, key.conversation),
    ).fetchone()
    if row is None:
        return None
    if not (isinstance(row[0], str) and row[0] and type(row[1]) is int and row[1] in (0, 1)):
        raise session_unreachable("it holds an invalid conversation")
    return Binding(row[0], row[1] == 1)
