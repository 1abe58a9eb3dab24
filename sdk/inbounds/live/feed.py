"""The owner's side of the revocation feed: durable entries, in order, under a signed head."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock

from .head import SENTINEL, TYPE, Signer, empty_lists, entries_digest

T = TypeVar("T")

RETENTION = 30 * 86400
"""How long ended tasks and revoked ids are kept, in seconds: longer than any task can last."""

_APPLICATION = 0x49424C56  # "IBLV"
_SCHEMA = (
    """
    CREATE TABLE entries (
        kind TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (kind, name)
    ) WITHOUT ROWID
    """,
    # `whole_since`: the last change that only a whole put brings about.
    "CREATE TABLE feed (generation TEXT NOT NULL, seq INTEGER NOT NULL, whole_since INTEGER)",
    "INSERT INTO feed VALUES (lower(hex(randomblob(16))), 0, 0)",
    """
    CREATE TABLE targets (
        name TEXT PRIMARY KEY, generation TEXT NOT NULL, seq INTEGER NOT NULL,
        at INTEGER NOT NULL, fault TEXT NOT NULL
    )
    """,
)
# Not in `_SCHEMA`: a feed that was begun without it gets it as well.
_WITNESSED = "CREATE TABLE IF NOT EXISTS witnessed (seq INTEGER NOT NULL, seconds INTEGER NOT NULL)"
_SWITCH = re.compile(r"fleet|(?:agent|task):.+", re.DOTALL)
_MAX_NAME = 256  # as long as the deployment lets an agent's name be


@dataclass(frozen=True, slots=True)
class Position:
    """Where a feed stands. Two feeds at one position hold the same entries."""

    generation: str
    seq: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was ended, revoked or stopped: since when, and as which change."""

    kind: str
    name: str
    at: int
    seq: int


@dataclass(frozen=True, slots=True)
class Entries:
    """All entries at one position.

    Attributes:
        position: Generation and sequence number.
        whole_since: Whoever stands before this number needs the whole, since entries left.
        lists: `ended`, `revoked` and `switches`, with their sentinels.
        digest: What the head says of them.
        ordered: The entries by the change that made them, oldest first.
    """

    position: Position
    whole_since: int
    lists: dict[str, dict[str, int]]
    digest: str
    ordered: tuple[Entry, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """How far one target has come, when it was last heard of, and what is wrong, or ""."""

    target: str
    position: Position
    at: int
    fault: str = ""


class LiveFeed:
    """What has been ended, revoked or stopped, kept in one file by one owner.

    Every change has been written durably when its method returns. It is in force at a PDP once
    a `Pusher` has brought it there.

    Args:
        path: The SQLite file; made where there is none. Several processes may open it.
        signer: Signs the heads; its public key stands in `deployment.feed`. Whoever only ends,
            revokes or stops needs none.
        retention: How long ended tasks and revoked ids are kept, in seconds.
        now: Tells the time, in Unix seconds.
        monotonic: Tells how time passes, in seconds, whatever the time is set to.
        patience: How long a busy file is waited for, in seconds.

    Raises:
        ConfigurationError: The file is another one's, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        signer: Signer | None = None,
        *,
        retention: int = RETENTION,
        now: Callable[[], float] = clock.now,
        monotonic: Callable[[], float] = clock.monotonic,
        patience: float = 5.0,
    ) -> None:
        self._file = SqliteFile(path, application=_APPLICATION, version=1, schema=_SCHEMA)
        self._signer = signer
        self._retention = retention
        self._now = now
        self._monotonic = monotonic
        self._witnessed = monotonic()
        self._patience = patience
        self._entries: Entries | None = None

    def end(self, task: str) -> Position:
        """End a task: every token of it is worthless. Ending it again changes nothing."""
        return self._add("ended", _named(task))

    def revoke(self, jti: str) -> Position:
        """Revoke one token by its id (`jti`)."""
        return self._add("revoked", _named(jti))

    def revoke_issued(self, whose: str) -> Position:
        """Revoke all tokens that an agent was given, or that an issuer has signed, so far.

        What is issued from 30 seconds later on counts, so that a clock that is ahead brings nothing
        back. Revoking it again moves that on.

        Args:
            whose: `agent:<SPIFFE ID>` or `issuer:<its name in issuers.yaml>`.

        Raises:
            ConfigurationError: `live.not_an_id`: it is neither.
        """
        kind, _, name = whose.partition(":")
        if kind not in ("agent", "issuer"):
            raise ConfigurationError(
                "that names neither an agent nor an issuer",
                code="live.not_an_id",
                hint="`agent:<SPIFFE ID>` or `issuer:<its name in issuers.yaml>`",
            )
        _named(name)
        return self._add("revoked", whose, anew=True)

    def kill(self, switch: str) -> Position:
        """Throw a kill switch: `fleet`, `agent:<SPIFFE ID>` or `task:<task id>`."""
        return self._add("switches", _switch(switch))

    def release(self, switch: str) -> Position:
        """Take a kill switch back. What has been ended or revoked stays so."""

        def remove(connection: sqlite3.Connection) -> Position:
            gone = connection.execute(
                "DELETE FROM entries WHERE kind = 'switches' AND name = ?", (_switch(switch),)
            )
            return _moved(connection, entries_left=True) if gone.rowcount else _position(connection)

        return self._transact(self._file.write, remove)

    def rotate(self) -> Position:
        """Begin another generation: every PDP gets the whole once more.

        Whoever serves the feed begins with this, so that a copy of the file that was put back
        is never taken for what the PDPs already hold.
        """
        generation = secrets.token_hex(16)

        def renew(connection: sqlite3.Connection) -> Position:
            connection.execute("UPDATE feed SET generation = ?", (generation,))
            return _moved(connection, entries_left=True)

        return self._transact(self._file.write, renew)

    def prune(self) -> int:
        """Drop ended tasks and revoked ids that no live token can name any more.

        A clock that is wrong for a moment must not bring back what was ended, be it now or
        when an entry was made. So an entry goes only where it is old by the clock and where,
        besides, feeds that were open on this file have seen as much time pass since it was
        there. They add up what passes between their calls of this method; no setting of the
        clock changes that, and what passes while none is open does not count. To be called
        by one process, now and then: two count twice.

        Returns:
            How many were dropped.
        """
        before = int(self._now()) - self._retention
        passed = int(self._monotonic() - self._witnessed)

        def drop(connection: sqlite3.Connection) -> int:
            witnessed = _witness(connection, passed, self._retention)
            gone = connection.execute(
                "DELETE FROM entries WHERE kind <> 'switches' AND at < ? AND seq <= ?",
                (before, witnessed),
            ).rowcount
            if gone:
                _moved(connection, entries_left=True)
            return gone

        gone = self._transact(self._file.write, drop)
        self._witnessed += passed
        return gone

    def since(self, kind: str, name: str) -> int | None:
        """Return when something was ended, revoked or stopped; None where it was not.

        Args:
            kind: `ended`, `revoked` or `switches`.
            name: The id, or the switch.
        """

        def find(connection: sqlite3.Connection) -> int | None:
            row = connection.execute(
                "SELECT at FROM entries WHERE kind = ? AND name = ?", (kind, name)
            ).fetchone()
            return row[0] if row else None

        return self._transact(self._file.read, find)

    def kept_until(self, entry: Entry) -> int | None:
        """Return from when on `prune` may drop an entry, in Unix seconds; None for a switch."""
        return None if entry.kind == "switches" else entry.at + self._retention

    @property
    def position(self) -> Position:
        """Where the feed stands."""
        return self._transact(self._file.read, _position)

    def entries(self) -> Entries:
        """Return all entries as they stand."""
        held = self._entries
        if held is None or held.position != self.position:
            known = held
            held = self._entries = self._transact(
                self._file.read, lambda connection: _read(connection, known)
            )
        return held

    def head(self, entries: Entries, *, as_of: int | None = None) -> str:
        """Sign the head of some entries.

        Args:
            entries: What it speaks of.
            as_of: When they were known to be all there are, in Unix seconds; now if absent.
        """
        if self._signer is None:
            raise ConfigurationError(
                "the feed was opened without the key that signs its head",
                code="live.no_key",
                hint="the key is `feed.pem` in the issuer's folder",
            )
        claims = {
            "as_of": int(self._now()) if as_of is None else as_of,
            "generation": entries.position.generation,
            "seq": entries.position.seq,
            "digest": entries.digest,
        }
        return self._signer.sign(claims, typ=TYPE)

    def snapshot(self, as_of: int | None = None) -> dict[str, Any]:
        """Return the whole feed as JSON (`LiveNow`), under a head signed just for it."""
        return self.whole(self.entries(), as_of=as_of)

    def whole(self, entries: Entries, *, as_of: int | None = None) -> dict[str, Any]:
        """Return some entries as JSON (`LiveNow`), under a head signed just for them."""
        return {
            "head": self.head(entries, as_of=as_of),
            "generation": entries.position.generation,
            "seq": entries.position.seq,
            **entries.lists,
        }

    def acknowledge(self, target: str, position: Position, *, fault: str = "") -> None:
        """Note how far a target has come, for whoever asks in another process."""
        at = int(self._now())
        row = (target, position.generation, position.seq, at, fault)

        def note(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO targets VALUES (?, ?, ?, ?, ?)", row)

        self._transact(self._file.write, note)

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return how far each target has come, as the last `Pusher` noted it."""

        def read(connection: sqlite3.Connection) -> tuple[Acknowledgement, ...]:
            rows = connection.execute(
                "SELECT name, generation, seq, at, fault FROM targets ORDER BY name"
            )
            return tuple(
                Acknowledgement(name, Position(generation, seq), at, fault)
                for name, generation, seq, at, fault in rows
            )

        return self._transact(self._file.read, read)

    def forget_targets(self) -> None:
        """Drop every acknowledgement: another set of targets is about to be served."""

        def drop(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM targets")

        self._transact(self._file.write, drop)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _add(self, kind: str, name: str, *, anew: bool = False) -> Position:
        at = int(self._now())

        def add(connection: sqlite3.Connection) -> Position:
            there = connection.execute(
                "SELECT at FROM entries WHERE kind = ? AND name = ?", (kind, name)
            ).fetchone()
            # A clock that was put back takes nothing back.
            if there and not (anew and there[0] < at):
                return _position(connection)
            position = _moved(connection, entries_left=bool(there))
            connection.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)",
                (kind, name, at, position.seq),
            )
            return position

        return self._transact(self._file.write, add)

    def _transact(
        self,
        how: Callable[[Callable[[sqlite3.Connection], T], float], T],
        run: Callable[[sqlite3.Connection], T],
    ) -> T:
        try:
            return how(run, clock.monotonic() + self._patience)
        except (sqlite3.Error, OSError) as error:
            raise DecisionUnavailable(
                f"the revocation feed's file cannot be used: {type(error).__name__}",
                code="live.unavailable",
                hint=f"see that {self._file.path} is there, writable and not full",
            ) from error


def _position(connection: sqlite3.Connection) -> Position:
    generation, seq = connection.execute("SELECT generation, seq FROM feed").fetchone()
    return Position(generation, seq)


def _moved(connection: sqlite3.Connection, *, entries_left: bool) -> Position:
    connection.execute("UPDATE feed SET seq = seq + 1")
    if entries_left:
        connection.execute("UPDATE feed SET whole_since = seq")
    return _position(connection)


def _witness(connection: sqlite3.Connection, passed: int, retention: int) -> int:
    """Note that seconds have passed; return where the feed stood `retention` of them ago."""
    connection.execute(_WITNESSED)
    (until,) = connection.execute("SELECT coalesce(max(seconds), 0) FROM witnessed").fetchone()
    seconds = until + passed
    here = _position(connection).seq
    connection.execute("INSERT INTO witnessed VALUES (?, ?)", (here, seconds))
    then, stood = connection.execute(
        "SELECT coalesce(max(seconds), 0), coalesce(max(seq), 0) FROM witnessed WHERE seconds <= ?",
        (seconds - retention,),
    ).fetchone()
    connection.execute("DELETE FROM witnessed WHERE seconds < ?", (then,))
    return int(stood)


def _read(connection: sqlite3.Connection, known: Entries | None) -> Entries:
    """Read all entries: where none has left since `known`, only those that came after it."""
    position = _position(connection)
    (whole_since,) = connection.execute("SELECT whole_since FROM feed").fetchone()
    lists, before, seq = empty_lists(), tuple[Entry, ...](), 0
    if (
        known is not None
        and known.position.generation == position.generation
        and whole_since <= known.position.seq <= position.seq
    ):
        # What was returned before is somebody's, and stays as it is.
        lists = {kind: dict(entries) for kind, entries in known.lists.items()}
        before, seq = known.ordered, known.position.seq
    fresh = tuple(
        Entry(*row)
        for row in connection.execute(
            "SELECT kind, name, at, seq FROM entries WHERE seq > ? ORDER BY seq", (seq,)
        )
    )
    for entry in fresh:
        lists[entry.kind][entry.name] = entry.at
    return Entries(position, whole_since, lists, entries_digest(lists), before + fresh)


def _named(name: str) -> str:
    if not 1 <= len(name) <= _MAX_NAME or name == SENTINEL or not name.isprintable():
        raise ConfigurationError(
            "the id must be 1 to 256 printable characters", code="live.not_an_id"
        )
    return name


def _switch(name: str) -> str:
    if not _SWITCH.fullmatch(name):
        raise ConfigurationError(
            "that is not a kill switch",
            code="live.not_a_switch",
            hint="`fleet`, `agent:<SPIFFE ID>` or `task:<task id>`",
        )
    _named(name.partition(":")[2] or name)
    return name
