"""Evidence logs with many records, chained, sealed and signed as any other."""

from __future__ import annotations

import itertools
import sqlite3
from typing import TYPE_CHECKING

from inbounds.evidence import Decided, Executed, Granted, chain
from inbounds.evidence.log import SqliteEvidence
from inbounds.evidence.records import body, kind
from inbounds.evidence.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from inbounds.evidence.records import Record

_OF_A_TASK = 200
"""How many records a task has."""
_AT_ONCE = 20_000
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)"


def fill(path: Path, records: int, *, key: bytes, told: Callable[[int], None]) -> None:
    """Write so many records, half of them decisions, without waiting for the disk at each.

    They are written as the log itself writes them, but all in a few transactions. When this
    returns they are on the disk, so that nothing of it is still being written afterwards.

    Args:
        path: A file that does not exist.
        records: How many.
        key: The evidence key.
        told: Is told how many there are, from time to time.
    """
    log = SqliteEvidence(path, key=key)
    begun = log.anchor()
    log.close()
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        rows = _Rows(begun, key)
        many = rows.rows(records)
        for written in range(0, records, _AT_ONCE):
            told(written)
            connection.execute("BEGIN")
            connection.executemany(_INSERT, itertools.islice(many, _AT_ONCE))
            connection.execute("COMMIT")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO tasks VALUES (?, ?, ?, ?)", rows.tasks())
        rows.sign(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def verified(path: Path, *, key: bytes) -> None:
    """Make sure that a log is whole.

    Raises:
        RuntimeError: It is not.
    """
    found = verify(path, key)
    if not found.ok:
        raise RuntimeError(f"the log that was filled is {found}")


class _Rows:
    def __init__(self, begun: chain.Head, key: bytes) -> None:
        self._log, self._key = begun.log, key
        self._count, self._last = begun.count, begun.hash
        self._tasks: dict[str, tuple[int, str]] = {}

    def rows(self, number: int) -> Iterator[tuple[object, ...]]:
        """The rows of so many records."""
        texts = [_text(record) for record in _RECORDS]
        kinds = [kind(record) for record in _RECORDS]
        for place in range(number):
            task, decision = f"task-{place // _OF_A_TASK:08}", f"decision-{place // 2:012}"
            self._count += 1
            named = {"task": task, "decision": decision, "prev": self._last, "seq": self._count}
            text = texts[place % 2] % named
            self._last = digest = chain.link(text.encode())
            mac = chain.seal(self._key, log=self._log, task=task, digest=digest)
            counted = self._tasks.get(task)
            self._tasks[task] = (counted[0] + 1 if counted else 1, digest)
            yield self._count, kinds[place % 2], decision, task, text, digest, mac

    def tasks(self) -> Iterator[tuple[object, ...]]:
        """How many records each task has, signed."""
        for task, (count, last) in self._tasks.items():
            head = chain.TaskHead.sign(self._key, log=self._log, task=task, count=count, last=last)
            yield head.task, head.count, head.hash, head.mac

    def sign(self, connection: sqlite3.Connection) -> None:
        """Sign the end. The table takes one record after the other only, so it is asked not to."""
        head = chain.Head.sign(self._key, log=self._log, count=self._count, last=self._last)
        found = "SELECT sql FROM sqlite_master WHERE name = 'head_grows'"
        trigger = connection.execute(found).fetchone()[0]
        connection.execute("DROP TRIGGER head_grows")
        connection.execute(
            "UPDATE head SET count = ?, hash = ?, mac = ?", (head.count, head.hash, head.mac)
        )
        connection.execute(trigger)


def _text(record: Record) -> str:
    """The body of a record like this one, its names left open."""
    text = body(record, seq=_SEQ, prev="%(prev)s").decode()
    return text.replace(f'"seq":{_SEQ}', '"seq":%(seq)d')


_SEQ = 1234567890
_DIGEST = f"hmac-sha256:0123456789abcdef:{'0' * 64}"
_RECORDS: tuple[Record, Record] = (
    Decided(
        decision_id="%(decision)s",
        at=1_700_000_000_000_000_000,
        task="%(task)s",
        sid="session-%(task)s",
        tenant="acme",
        subject="alice@acme.example",
        agent="spiffe://acme.example/agent/assistant",
        intent="correspond",
        tool="mail.read",
        effects=("read",),
        resource_type="mail",
        resource_digest=_DIGEST,
        digest=_DIGEST,
        outcome="allow",
        policy="0-0123456789ab",
        deployment="sha256:0123456789ab",
        engine="embedded",
        pep="assistant-pep",
        granted=Granted(tools=("mail.read",), effects=("read",)),
    ),
    Executed(decision_id="%(decision)s", at=1_700_000_000_000_000_001, executed="yes", status="ok"),
)
"""An allowed decision, and what became of it."""
