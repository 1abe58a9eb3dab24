"""The file of a revocation feed: durable entries, in order, under a signed head."""

from __future__ import annotations

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
)
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


class FeedStore:
    """The entries of a feed, kept in one file, and their signed head. See `LiveFeed`.

    A development issuer, which only ends tasks, needs no more of a feed.
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
        return self._add("ended", require_named(task))

    @property
    def position(self) -> Position:
        """Where the feed stands."""
        return self._transact(self._file.read, position_in)

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
                return position_in(connection)
            position = move_position(connection, entries_left=bool(there))
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


def position_in(connection: sqlite3.Connection) -> Position:
    """Return where the feed stands."""
    generation, seq = connection.execute("SELECT generation, seq FROM feed").fetchone()
    return Position(generation, seq)


def move_position(connection: sqlite3.Connection, *, entries_left: bool) -> Position:
    """Count one more change; return where the feed stands then."""
    connection.execute("UPDATE feed SET seq = seq + 1")
    if entries_left:
        connection.execute("UPDATE feed SET whole_since = seq")
    return position_in(connection)


def _read(connection: sqlite3.Connection, known: Entries | None) -> Entries:
    """Read all entries: where none has left since `known`, only those that came after it."""
    position = position_in(connection)
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


def require_named(name: str) -> str:
    """Return a name that an entry may have; refuse any other."""
    if not 1 <= len(name) <= _MAX_NAME or name == SENTINEL or not name.isprintable():
        raise ConfigurationError(
            "the id must be 1 to 256 printable characters", code="live.not_an_id"
        )
    return name
