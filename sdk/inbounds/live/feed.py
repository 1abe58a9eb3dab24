"""The owner's side of the revocation feed: what it revokes, stops and forgets, and who has it."""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError, DecisionUnavailable

from .feed_store import (
    RETENTION,
    Entries,
    Entry,
    FeedStore,
    Position,
    move_position,
    position_in,
    require_named,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["RETENTION", "Acknowledgement", "Entries", "Entry", "LiveFeed", "Position"]

logger = logging.getLogger(__name__)

# Not in the schema: a feed that was begun without it gets it as well.
_WITNESSED = "CREATE TABLE IF NOT EXISTS witnessed (seq INTEGER NOT NULL, seconds INTEGER NOT NULL)"
# How long what has ended can be named by a token, where that is known.
_LIFETIMES = (
    "CREATE TABLE IF NOT EXISTS lifetimes "
    "(name TEXT PRIMARY KEY, seconds INTEGER NOT NULL) WITHOUT ROWID"
)
# Two that serve one feed have a row each, also for one target.
_SERVED = """
    CREATE TABLE IF NOT EXISTS served (
        owner TEXT NOT NULL, name TEXT NOT NULL, generation TEXT NOT NULL, seq INTEGER NOT NULL,
        at INTEGER NOT NULL, fault TEXT NOT NULL, PRIMARY KEY (owner, name)
    ) WITHOUT ROWID
"""
SILENT = 3600.0
"""After so many seconds without a note, whoever served is gone; no PDP goes by a head that old."""
_HOUR = 3600
_HOP_SHARE = 16
"""What part of what is kept of a task is kept of one of its hops."""
_SWITCH = re.compile(r"fleet|(?:agent|task):.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """How far one target has come, when it was last heard of, and what is wrong, or ""."""

    target: str
    position: Position
    at: int
    fault: str = ""


class LiveFeed(FeedStore):
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

    # Who serves targets from here, and since when what others noted of theirs is as it is.
    _owner: str = ""
    _unchanged: Mapping[tuple[Any, ...], float] = MappingProxyType({})

    def end_within(self, name: str, *, seconds: int, most: int) -> Position | None:
        """End a task, or a hop of one, that no token can name any more once seconds have passed.

        It is kept no longer than that, so that a feed does not grow with those who end much. Who
        holds the task or a hop names the hops right below it. Those are counted for themselves, and
        so are all further down, so that nobody further down takes the room of who is above.

        Args:
            name: The id of the task; for a hop, of the task and of all hops down to it.
            seconds: From now on, until the time of the task is up.
            most: How many hops right below a task are kept, and how many further down; of a hop,
                a sixteenth of that.

        Returns:
            Where the feed stands; None where so many hops have been ended already.
        """
        require_named(name)
        *above, _ = accumulate(name.split("/"), "{}/{}".format)
        # Whole hours, so that there are few of them to look at.
        seconds = min(self._retention, -(-max(seconds, 1) // _HOUR) * _HOUR)

        def fits(connection: sqlite3.Connection) -> bool:
            connection.execute(_LIFETIMES)
            known = connection.execute(
                "SELECT 1 FROM entries WHERE kind = 'ended' AND name = ?", (name,)
            ).fetchone()
            for place, each in enumerate(above if known is None else ()):
                room = max(most // _HOP_SHARE, 1) if place else most
                if _ended_below(connection, each, directly=each == above[-1]) >= room:
                    return False
            connection.execute("INSERT OR IGNORE INTO lifetimes VALUES (?, ?)", (name, seconds))
            return True

        return self.end(name) if self._transact(self._file.write, fits) else None

    def revoke(self, jti: str) -> Position:
        """Revoke one token by its id (`jti`)."""
        return self._add("revoked", require_named(jti))

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
        require_named(name)
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
            return (
                move_position(connection, entries_left=True)
                if gone.rowcount
                else position_in(connection)
            )

        return self._transact(self._file.write, remove)

    def rotate(self) -> Position:
        """Begin another generation: every PDP gets the whole once more.

        Whoever serves the feed begins with this, so that a copy of the file that was put back
        is never taken for what the PDPs already hold.
        """
        generation = secrets.token_hex(16)

        def renew(connection: sqlite3.Connection) -> Position:
            connection.execute("UPDATE feed SET generation = ?", (generation,))
            return move_position(connection, entries_left=True)

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
            gone += _drop_outlived(connection, int(self._now()))
            if gone:
                move_position(connection, entries_left=True)
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

    def kept_until(self, entries: Iterable[Entry]) -> dict[Entry, int | None]:
        """Return from when on `prune` may drop each entry, in Unix seconds; None for a switch."""

        def read(connection: sqlite3.Connection) -> dict[str, int]:
            begun = "SELECT 1 FROM sqlite_master WHERE name = 'lifetimes'"
            if connection.execute(begun).fetchone() is None:
                return {}
            return dict(connection.execute("SELECT name, seconds FROM lifetimes").fetchall())

        lifetimes = self._transact(self._file.read, read)

        def until(entry: Entry) -> int | None:
            if entry.kind == "switches":
                return None
            known = lifetimes if entry.kind == "ended" else {}
            return entry.at + known.get(entry.name, self._retention)

        return {entry: until(entry) for entry in entries}

    def serve(self, targets: Iterable[str]) -> None:
        """Take these targets to be behind from now on, until each is acknowledged.

        They count until this feed is closed, or its process is gone (`forget_silent`).
        """
        owner, at = secrets.token_hex(8), int(self._now())
        before, self._owner = self._owner, owner

        def note(connection: sqlite3.Connection) -> None:
            connection.execute(_SERVED)
            connection.execute("DELETE FROM served WHERE owner = ?", (before,))
            connection.executemany(
                "INSERT INTO served VALUES (?, ?, '', 0, ?, '')",
                [(owner, target, at) for target in targets],
            )

        self._transact(self._file.write, note)

    def acknowledge(self, target: str, position: Position, *, fault: str = "") -> None:
        """Note how far a target has come, for whoever asks in another process."""
        at = int(self._now())
        row = (self._owner, target, position.generation, position.seq, at, fault)

        def note(connection: sqlite3.Connection) -> None:
            connection.execute(_SERVED)
            connection.execute("INSERT OR REPLACE INTO served VALUES (?, ?, ?, ?, ?, ?)", row)

        self._transact(self._file.write, note)

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        """Return how far each target that is served has come, as its `Pusher` noted it."""
        here = self.position.generation
        # Of two that serve one target, the one that has come further says what it holds.
        rows = sorted(
            self._served(), key=lambda row: (row[1], row[2] == here, row[3], row[4], row[5])
        )
        notes = {
            name: Acknowledgement(name, Position(generation, seq), at, fault)
            for _, name, generation, seq, at, fault in rows
        }
        return tuple(notes.values())

    def forget_silent(self) -> None:
        """Drop the targets of those that served them and are gone without closing the feed.

        A running `Pusher` notes something every few seconds. How long nothing has changed is
        measured here, from call to call: no setting of a clock makes one count as gone.
        """
        now = self._monotonic()
        others = [row for row in self._served() if row[0] != self._owner]
        self._unchanged = {row: self._unchanged.get(row, now) for row in others}
        gone = [row for row, since in self._unchanged.items() if now - since >= SILENT]
        if not gone:
            return

        def drop(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "DELETE FROM served WHERE owner = ? AND name = ? AND at = ?",
                [(owner, name, at) for owner, name, _, _, at, _ in gone],
            )

        self._transact(self._file.write, drop)

    def close(self) -> None:
        """Close the file. What it served counts as served no more."""
        try:
            if self._owner:
                self.serve(())
        except DecisionUnavailable as error:
            logger.warning("the targets of the feed that is closed still count: %s", error)
        finally:
            super().close()

    def _served(self) -> list[tuple[Any, ...]]:
        def read(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            made = "SELECT 1 FROM sqlite_master WHERE name = 'served'"
            if connection.execute(made).fetchone() is None:
                return []
            return connection.execute(
                "SELECT owner, name, generation, seq, at, fault FROM served"
            ).fetchall()

        return self._transact(self._file.read, read)


def _ended_below(connection: sqlite3.Connection, name: str, *, directly: bool) -> int:
    """Count the ended hops right below a task or a hop, or all further down."""
    (count,) = connection.execute(
        "SELECT count(*) FROM entries WHERE kind = 'ended' AND name > ? AND name < ? "
        "AND (instr(substr(name, ?), '/') = 0) = ?",
        (f"{name}/", f"{name}0", len(name) + 2, directly),  # `0` comes right behind `/`
    ).fetchone()
    return int(count)


def _witness(connection: sqlite3.Connection, passed: int, retention: int) -> int:
    """Note that seconds have passed; return where the feed stood `retention` of them ago."""
    connection.execute(_WITNESSED)
    (until,) = connection.execute("SELECT coalesce(max(seconds), 0) FROM witnessed").fetchone()
    seconds = until + passed
    here = position_in(connection).seq
    connection.execute("INSERT INTO witnessed VALUES (?, ?)", (here, seconds))
    then, stood = _stood(connection, seconds - retention)
    connection.execute("DELETE FROM witnessed WHERE seconds < ?", (then,))
    return stood


def _stood(connection: sqlite3.Connection, seconds: int) -> tuple[int, int]:
    """Return the last moment up to one that was noted, and where the feed stood."""
    then, stood = connection.execute(
        "SELECT coalesce(max(seconds), 0), coalesce(max(seq), 0) FROM witnessed WHERE seconds <= ?",
        (seconds,),
    ).fetchone()
    return int(then), int(stood)


def _drop_outlived(connection: sqlite3.Connection, now: int) -> int:
    """Drop what no token can name any more, by the clock and by all that was seen to pass."""
    connection.execute(_LIFETIMES)
    (passed,) = connection.execute("SELECT coalesce(max(seconds), 0) FROM witnessed").fetchone()
    gone = 0
    for (seconds,) in connection.execute("SELECT DISTINCT seconds FROM lifetimes").fetchall():
        _, stood = _stood(connection, passed - seconds)
        gone += connection.execute(
            "DELETE FROM entries WHERE kind = 'ended' AND at < ? AND seq <= ? "
            "AND name IN (SELECT name FROM lifetimes WHERE seconds = ?)",
            (now - seconds, stood, seconds),
        ).rowcount
    connection.execute(
        "DELETE FROM lifetimes WHERE name NOT IN (SELECT name FROM entries WHERE kind = 'ended')"
    )
    return gone


def _switch(name: str) -> str:
    if not _SWITCH.fullmatch(name):
        raise ConfigurationError(
            "that is not a kill switch",
            code="live.not_a_switch",
            hint="`fleet`, `agent:<SPIFFE ID>` or `task:<task id>`",
        )
    require_named(name.partition(":")[2] or name)
    return name
