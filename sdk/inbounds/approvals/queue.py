"""Pending questions in a SQLite file, between who asks and who approves.

The file and its key are readable by their owner alone. What a person has to see, values of
arguments among it, is sealed with the key (AES-GCM), bound to its row, and erased once it is
answered, its task is over or nobody waits any more. So is the answer, until whoever asked has it.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from pydantic import ValidationError

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.evidence.keys import deployment_key, subkey
from inbounds.files.sqlite_file import SqliteFile
from inbounds.model.access_request import AccessRequest
from inbounds.process import clock

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

State = Literal["pending", "approved", "taken", "denied", "timed_out"]

_APPLICATION = 0x49424151  # "IBAQ"
_SCHEMA = (
    """
    CREATE TABLE requests (
        id TEXT PRIMARY KEY, task TEXT NOT NULL, tool TEXT NOT NULL, digest TEXT NOT NULL,
        codes TEXT NOT NULL, asked INTEGER NOT NULL, until INTEGER NOT NULL,
        times INTEGER NOT NULL, state TEXT NOT NULL, sealed BLOB,
        agent BLOB NOT NULL, subject BLOB NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX requests_by_call ON requests (task, digest, tool)",
)
_COLUMNS = "id, task, tool, codes, asked, until, times, state"
_SAME = "task = ? AND tool = ? AND digest = ? AND codes = ?"
_MOST_PENDING = 1000
_SHARES = {
    "a task": 50,
    "an agent that acts for one subject": 100,
    "a subject": 200,
    "an agent": 500,
}
"""Nobody can fill the queue for the others, nor an agent what its subject may have."""
_KEPT_SECONDS = 86_400
"""How long what was answered is remembered after its end."""
_NONCE = 12
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Pending:
    """One question in the queue, without what was asked.

    Attributes:
        id: What it is answered by.
        task, tool, codes: In which task, what is to be done, and why a person is asked.
        asked, until: When it was first asked, and when nobody waits any more, in Unix seconds.
        times: How often the same was asked.
        state: Where it has got to.
    """

    id: str
    task: str
    tool: str
    codes: tuple[str, ...]
    asked: int
    until: int
    times: int
    state: State


@dataclass(frozen=True, slots=True)
class Taken:
    """What has become of a question; the approval is given out once."""

    state: State
    token: str = ""

    def __repr__(self) -> str:
        return f"Taken(state={self.state!r})"


class ApprovalQueue:
    """The queue of every process that names the same file.

    Args:
        path: The file, on a local disk; its key is made beside it, as `<name>.key`.

    Raises:
        ConfigurationError: The file or its key cannot be used, or others can read one of them.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = SqliteFile(self.path, application=_APPLICATION, version=2, schema=_SCHEMA)
        _require_own(self.path)
        self._key = deployment_key(self.path.with_name(self.path.name + ".key"))

    # --- who asks -------------------------------------------------------------------------

    def submit(self, request: AccessRequest) -> str:
        """Ask; the same question of a task that is pending or answered is not asked again.

        Returns:
            The id that it is pending under, which may be that of an earlier request.

        Raises:
            DecisionUnavailable: `approvals.unreachable`; `approvals.full`: too many questions
                wait already, of this task, subject or agent, or of all.
        """
        codes = " ".join(request.codes)
        same = (request.task, request.tool, request.digest, codes)
        now = int(clock.now())
        agent = self._mark("agent", request.agent)
        subject = self._mark("subject", request.tenant, request.subject)

        def run(connection: sqlite3.Connection) -> str:
            _tidy(connection, now)
            found = connection.execute(
                f"SELECT id, state FROM requests WHERE {_SAME} "  # noqa: S608 -- a constant
                "AND state IN ('pending', 'approved', 'denied') ORDER BY state LIMIT 1",
                same,
            ).fetchone()
            if found is not None:
                connection.execute(
                    "UPDATE requests SET times = times + 1, until = max(until, ?) WHERE id = ?",
                    (request.until, found[0]),
                )
                return str(found[0])
            pending, *shares = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE task = ?), "
                "count(*) FILTER (WHERE agent = ? AND subject = ?), "
                "count(*) FILTER (WHERE subject = ?), count(*) FILTER (WHERE agent = ?) "
                "FROM requests WHERE state = 'pending'",
                (request.task, agent, subject, subject, agent),
            ).fetchone()
            for (whose, most), found in zip(_SHARES.items(), shares, strict=True):
                if found >= most:
                    raise _no_share(whose, most, found)
            if pending >= _MOST_PENDING:
                raise DecisionUnavailable(
                    f"{_MOST_PENDING} questions wait for an answer already",
                    code="approvals.full",
                    hint="`inbounds approvals list` shows them",
                )
            connection.execute(
                "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, 1, 'pending', ?, ?, ?)",
                (
                    *(request.id, *same, now, request.until),
                    *(self._seal(request.id, _ASKED, request), agent, subject),
                ),
            )
            return request.id

        return self._within(self._file.write, run)

    def take(self, identity: str) -> Taken:
        """Say what has become of a question; whoever comes first after it takes the approval.

        Raises:
            DecisionUnavailable: `approvals.unreachable`, `approvals.tampered`.
        """
        now = int(clock.now())

        def look(connection: sqlite3.Connection) -> tuple[str, bytes | None] | None:
            found: tuple[str, bytes | None] | None = connection.execute(
                "SELECT state, sealed FROM requests WHERE id = ?", (identity,)
            ).fetchone()
            return found

        found = self._within(self._file.read, look)
        if found is None:
            return Taken("timed_out")
        if found[0] != "approved":
            return Taken(_state(found[0]))

        def run(connection: sqlite3.Connection) -> tuple[str, bytes | None] | None:
            _tidy(connection, now)
            again = look(connection)
            connection.execute(
                "UPDATE requests SET state = 'taken', sealed = NULL "
                "WHERE id = ? AND state = 'approved'",
                (identity,),
            )
            return again

        taken = self._within(self._file.write, run)
        self._file.settle()
        if taken is None or taken[0] != "approved":
            return Taken("taken" if taken is None else _state(taken[0]))
        return Taken("approved", self._open(identity, _ANSWERED, taken[1]).decode())

    def give_up(self, identity: str) -> None:
        """Say that nobody waits any more; what was asked is erased."""

        def run(connection: sqlite3.Connection) -> None:
            _tidy(connection, int(clock.now()) + 1)

        del identity  # of others that wait for the same, it is the last who gives up
        self._within(self._file.write, run)
        self._file.settle()

    def withdraw(self, task: str, agent: str | None = None) -> None:
        """Erase the questions of a task that is over, and the answers that nobody has taken.

        Args:
            task: The id of the task.
            agent: The agent whose questions they are; None for those of the whole task.

        Raises:
            DecisionUnavailable: `approvals.unreachable`.
        """
        which = "FROM requests WHERE task = ? AND state IN ('pending', 'approved')"
        about: tuple[str | bytes, ...] = (task,)
        if agent is not None:
            which, about = f"{which} AND agent = ?", (task, self._mark("agent", agent))

        def look(connection: sqlite3.Connection) -> bool:
            found = connection.execute(f"SELECT 1 {which} LIMIT 1", about)
            return found.fetchone() is not None

        def run(connection: sqlite3.Connection) -> bool:
            _tidy(connection, int(clock.now()))
            return connection.execute(f"DELETE {which}", about).rowcount > 0

        if self._within(self._file.read, look) and self._within(self._file.write, run):
            self._file.settle()

    # --- who approves ---------------------------------------------------------------------

    def pending(self) -> list[Pending]:
        """Return the questions that wait for an answer, oldest first."""
        now = int(clock.now())

        def run(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
            _tidy(connection, now)
            return connection.execute(
                f"SELECT {_COLUMNS} FROM requests "  # noqa: S608 -- a constant
                "WHERE state = 'pending' ORDER BY asked, id"
            ).fetchall()

        return [_pending(row) for row in self._within(self._file.write, run)]

    def read(self, identity: str) -> AccessRequest:
        """Return what was asked.

        Args:
            identity: The id, or its end, of eight characters or more. The beginning of an id is a
                time, which the next question shares.

        Raises:
            ConfigurationError: `approvals.unknown`: nothing of that id waits for an answer.
            DecisionUnavailable: `approvals.unreachable`, `approvals.tampered`.
        """
        named = [
            each.id
            for each in self.pending()
            if each.id == identity or (len(identity) >= _LEAST and each.id.endswith(identity))
        ]
        if len(named) != 1:
            raise _unknown()
        (whole,) = named

        def run(connection: sqlite3.Connection) -> tuple[bytes, str, str, str] | None:
            row: tuple[bytes, str, str, str] | None = connection.execute(
                "SELECT sealed, task, tool, digest FROM requests "
                "WHERE id = ? AND state = 'pending'",
                (whole,),
            ).fetchone()
            return row

        found = self._within(self._file.read, run)
        if found is None:
            raise _unknown()
        try:
            request = AccessRequest.model_validate_json(self._open(whole, _ASKED, found[0]))
        except ValidationError:
            raise _tampered() from None
        if (request.id, request.task, request.tool, request.digest) != (whole, *found[1:]):
            raise _tampered()
        return request

    def answer(self, identity: str, token: str | None) -> None:
        """Answer a question with an approval, or None for no. What was asked is erased.

        Raises:
            ConfigurationError: `approvals.unknown`: it does not wait for an answer any more.
            DecisionUnavailable: `approvals.unreachable`.
        """
        state = "denied" if token is None else "approved"
        sealed = None if token is None else self._seal(identity, _ANSWERED, token)
        now = int(clock.now())

        def run(connection: sqlite3.Connection) -> int:
            _tidy(connection, now)
            return connection.execute(
                "UPDATE requests SET state = ?, sealed = ? WHERE id = ? AND state = 'pending'",
                (state, sealed, identity),
            ).rowcount

        if self._within(self._file.write, run) != 1:
            raise _unknown()
        self._file.settle()

    def close(self) -> None:
        """Close the file of this process. What is pending stays."""
        self._file.close()

    # --- its own --------------------------------------------------------------------------

    def _mark(self, kind: str, *names: str) -> bytes:
        """What stands for a name in the file, which does not say it."""
        key = subkey(self._key, "digest")
        return hmac.digest(key, "\0".join((kind, *names)).encode(), "sha256")

    def _seal(self, identity: str, purpose: bytes, content: AccessRequest | str) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        text = content if isinstance(content, str) else content.model_dump_json()
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, text.encode(), purpose + identity.encode())

    def _open(self, identity: str, purpose: bytes, sealed: object) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not isinstance(sealed, bytes) or len(sealed) < _NONCE:
            raise _tampered()
        nonce, rest = sealed[:_NONCE], sealed[_NONCE:]
        try:
            return AESGCM(self._key).decrypt(nonce, rest, purpose + identity.encode())
        except (InvalidTag, ValueError):
            raise _tampered() from None

    def _within(
        self,
        transact: Callable[[Callable[[sqlite3.Connection], T], float], T],
        run: Callable[[sqlite3.Connection], T],
    ) -> T:
        try:
            return transact(run, clock.monotonic() + _SECONDS)
        except (sqlite3.Error, OSError) as error:
            raise DecisionUnavailable(
                f"the queue of approvals cannot be used: {_cause(error)}",
                code="approvals.unreachable",
                hint=f"fix or remove {self.path.name}, or name another with INBOUNDS_APPROVALS",
            ) from error


_LEAST = 8
_ASKED, _ANSWERED = b"inbounds asked v1 ", b"inbounds answered v1 "


def _tidy(connection: sqlite3.Connection, now: int) -> None:
    """Erase what nobody waits for any more, and forget what was answered long ago."""
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute(
        "UPDATE requests SET state = 'timed_out', sealed = NULL "
        "WHERE until <= ? AND state IN ('pending', 'approved')",
        (now,),
    )
    connection.execute("DELETE FROM requests WHERE until <= ?", (now - _KEPT_SECONDS,))


def _pending(row: tuple[object, ...]) -> Pending:
    identity, task, tool, codes, asked, until, times, state = row
    if not (type(asked) is type(until) is type(times) is int):
        raise _tampered()
    return Pending(
        id=str(identity),
        task=str(task),
        tool=str(tool),
        codes=tuple(str(codes).split()),
        asked=asked,
        until=until,
        times=times,
        state=_state(state),
    )


def _state(text: object) -> State:
    known: tuple[State, ...] = ("pending", "approved", "taken", "denied", "timed_out")
    for state in known:
        if state == text:
            return state
    raise _tampered()


def _require_own(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise ConfigurationError(
            f"{path.name} can be read by others",
            code="configuration.queue_exposed",
            hint=f"chmod 600 {path}",
        )


def _no_share(whose: str, most: int, found: int) -> DecisionUnavailable:
    return DecisionUnavailable(
        f"{whose} may have at most {most} questions that wait for an answer; this one has {found}",
        code="approvals.full",
        hint="have an approver answer them (`inbounds approvals list` shows them), "
        "or wait until they expire or their tasks end; then call again",
    )


def _unknown() -> ConfigurationError:
    return ConfigurationError(
        "no question of this id waits for an answer",
        code="approvals.unknown",
        hint="`inbounds approvals list` shows those that do: name one by its id, or by its end of "
        "eight characters or more; it may have been answered, or nobody waited any longer",
    )


def _tampered() -> DecisionUnavailable:
    return DecisionUnavailable(
        "the approval queue failed its integrity check, or its key is wrong",
        code="approvals.tampered",
        hint="find out who can write to it; then remove it and its key, and ask again",
    )


def _cause(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
