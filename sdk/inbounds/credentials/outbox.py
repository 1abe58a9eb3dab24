"""The leases that must be revoked, durable before a lease is used and until it is revoked.

The file is shared by every guard of one home folder. A row is another's business while its owner
lives: it is taken over once the owner is gone, or the lease is over anyway.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from inbounds.errors import LeaseUnavailable
from inbounds.files.sqlite_file import SqliteFile
from inbounds.process import clock

from .lease_owner import LeaseOwner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")

_APPLICATION = 0x49424C4F  # "IBLO"
_SCHEMA = (
    """
    CREATE TABLE revocations (
        handle TEXT PRIMARY KEY, credential TEXT NOT NULL, hops TEXT NOT NULL,
        revocation TEXT NOT NULL, until INTEGER NOT NULL, owner TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
_COLUMNS = "handle, credential, hops, revocation, until, owner"
_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    """One lease that must be revoked.

    Attributes:
        handle: What we call the lease.
        credential: The name of the credential.
        hops: The id of the task, then the `ends` of each hop; the lease belongs to the last.
        revocation: What its backend needs to know to revoke it; no secret.
        until: When it is over in any case, Unix seconds.
        owner: The id of the guard that leased it.
    """

    handle: str
    credential: str
    hops: tuple[str, ...]
    revocation: str
    until: int
    owner: str

    @property
    def names(self) -> tuple[str, ...]:
        """What the lease ends with: its handle, the task and its hops."""
        return (self.handle, *self.hops)


class LeaseOutbox:
    """The rows of one file, for one guard of them.

    Args:
        path: The file, on a local disk; it is made, readable by its owner alone.

    Raises:
        ConfigurationError: It cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, application=_APPLICATION, version=3, schema=_SCHEMA)
        self._owner = LeaseOwner(self._file.path)

    def keep(
        self, *, handle: str, credential: str, hops: Sequence[str], revocation: str, until: int
    ) -> None:
        """Write down that a lease must be revoked. Durable when this returns.

        Raises:
            LeaseUnavailable: `lease.outbox`: it is not written, so the lease must not be used.
        """
        row = (handle, credential, json.dumps(hops), revocation, until)
        self._do(
            lambda c: c.execute(
                f"INSERT OR REPLACE INTO revocations ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 -- a constant
                (*row, self._owner.live()),
            )
        )

    def done(self, handle: str) -> None:
        """Forget a lease that was revoked.

        Raises:
            LeaseUnavailable: `lease.outbox`: it is still there.
        """
        self._do(lambda c: c.execute("DELETE FROM revocations WHERE handle = ?", (handle,)))

    def rows(self) -> list[Row]:
        """Return every row.

        Raises:
            LeaseUnavailable: `lease.outbox`: the file cannot be read.
        """
        found = self._do(
            lambda c: c.execute(f"SELECT {_COLUMNS} FROM revocations ORDER BY handle").fetchall(),  # noqa: S608 -- a constant
            read=True,
        )
        return [Row(each[0], each[1], tuple(json.loads(each[2])), *each[3:]) for each in found]

    def left_over(self) -> list[Row]:
        """Return the rows that this guard has to revoke: those that are over or have no owner.

        Raises:
            LeaseUnavailable: As `rows`.
        """
        now, rows = clock.now(), self.rows()
        alive = {owner: self._owner.is_alive(owner) for owner in {row.owner for row in rows}}
        return [row for row in rows if row.until <= now or not alive[row.owner]]

    def own(self) -> list[Row]:
        """Return the rows of this guard.

        Raises:
            LeaseUnavailable: As `rows`.
        """
        return [row for row in self.rows() if self._owner.is_me(row.owner)]

    def close(self) -> None:
        """Close the file; what this guard leaves behind is another's."""
        self._owner.close()
        self._file.close()

    def _do(self, run: Callable[[sqlite3.Connection], T], *, read: bool = False) -> T:
        transact = self._file.read if read else self._file.write
        try:
            return transact(run, clock.monotonic() + _SECONDS)
        except (sqlite3.Error, OSError) as error:
            raise LeaseUnavailable(
                f"the outbox of leases cannot be used: {type(error).__name__}",
                code="lease.outbox",
                hint="see that the home folder is writable, and on a local disk with room",
            ) from None
