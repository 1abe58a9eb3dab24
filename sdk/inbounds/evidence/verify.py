"""Whether an evidence log is what was written, and where it is not."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from inbounds.evidence import chain
from inbounds.evidence.file import is_as_made, parse, reading
from inbounds.evidence.keys import key_id
from inbounds.evidence.records import Decided, Executed, kind

Fault = Literal[
    "edited",
    "dropped",
    "reordered",
    "replaced",
    "truncated",
    "inserted",
    "head",
    "anchor",
    "count",
    "unprotected",
    "unreadable",
    "executed_without_decided",
    "executed_without_allow",
    "executed_twice",
]

_SHOWN = 100
_TASKS = """
    SELECT t.task, t.count, t.hash, t.mac,
        (SELECT count(*) FROM records WHERE task = t.task AND task <> ''),
        (SELECT hash FROM records WHERE task = t.task AND task <> '' ORDER BY seq DESC LIMIT 1)
    FROM tasks AS t
"""
_UNCOUNTED = """
    SELECT 1 FROM records AS r
    WHERE r.task <> '' AND NOT EXISTS (SELECT 1 FROM tasks WHERE task = r.task) LIMIT 1
"""
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        fault: What.
        seq: The number of the record, or 0 where it is about the log as a whole.
        message: In words; it holds no value of a record.
    """

    fault: Fault
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What `verify` found.

    Attributes:
        records: How many records were read.
        faults: How many faults there are.
        findings: The first hundred of them.
        unfinished: How many allowed actions have no `Executed`: still running, or their
            process ended before it could say. No fault of the log.
        unfinished_ids: The decision ids of the first hundred of those.
        head: The log's head; once verified, kept elsewhere, it is an anchor.
    """

    records: int
    faults: int
    findings: tuple[Finding, ...]
    unfinished: int
    unfinished_ids: tuple[str, ...]
    head: chain.Head | None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.faults == 0

    def __str__(self) -> str:
        parts = ["whole" if self.ok else "not whole", _many(self.records, "record")]
        if self.faults:
            parts.append(_many(self.faults, "fault"))
        if self.unfinished:
            parts.append(f"{self.unfinished} unfinished")
        return " · ".join(parts)

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps({"ok": self.ok, **asdict(self)}, sort_keys=True)


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def verify(path: str | Path, key: bytes, *, anchor: chain.Head | None = None) -> VerifyResult:
    """Read every record of a log and hold it against the chain and the signed head.

    It finds a record that was edited, dropped, reordered, inserted or cut off the end, and a
    chain that was computed anew by somebody without the key. Two things it cannot find: a log
    that was set back whole, records and head, to what it had been at some earlier moment
    (nothing in the file says that there was more; an `anchor` from after that moment does),
    and anything done by somebody who has the evidence key.

    Args:
        path: The file. It is not changed, and may be written to meanwhile.
        key: The evidence key: `keys.subkey(…, "evidence")`.
        anchor: A head that was kept elsewhere.

    Returns:
        What was found. `ok` is true only if there is no fault.

    Raises:
        ConfigurationError: There is no evidence log at `path`.
        DecisionUnavailable: `evidence.unavailable`: it cannot be read at all.
    """
    reader = _Reader(key=key, anchor=anchor)
    with reading(Path(path)) as connection:
        connection.text_factory = _text
        try:
            reader.read(connection)
        except sqlite3.DatabaseError as error:
            if (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in _DAMAGED:
                raise
            reader.found("unreadable", reader.seq, "the file is damaged after this record")
    return reader.result()


@dataclass(slots=True)
class _Reader:
    key: bytes
    anchor: chain.Head | None
    head: chain.Head | None = None
    seq: int = 0
    last: str = ""
    records: int = 0
    faults: int = 0
    findings: list[Finding] = field(default_factory=list)
    allowed: dict[str, None] = field(default_factory=dict)
    anchored: str = ""

    def found(self, fault: Fault, seq: int, message: str) -> None:
        self.faults += 1
        if len(self.findings) < _SHOWN:
            self.findings.append(Finding(fault, seq, message))

    def result(self) -> VerifyResult:
        unfinished = tuple(self.allowed)
        return VerifyResult(
            records=self.records,
            faults=self.faults,
            findings=tuple(self.findings),
            unfinished=len(unfinished),
            unfinished_ids=unfinished[:_SHOWN],
            head=self.head,
        )

    def read(self, connection: sqlite3.Connection) -> None:
        self._read_schema(connection)
        self._read_head(connection)
        if self.head is not None:
            self.last = chain.genesis(self.head.log)
        if self.anchor is not None and self.anchor.count == 0:
            self.anchored = self.last
        rows = connection.execute(
            "SELECT seq, kind, decision_id, task, mac, body, hash FROM records ORDER BY seq"
        )
        for row in rows:
            if row[0] <= self.seq and self.records:
                # Pages that hold one another can be rows without end.
                self.found("unreadable", self.seq, "the file is damaged after this record")
                return
            self._read_record(connection, *row)
        if self.head is not None:
            self._compare_end(self.head)
        if self.anchor is not None:
            self._compare_anchor(self.anchor)
        # Of a log that is not whole the counts are not right either.
        if self.head is not None and not self.faults:
            self._compare_tasks(connection, self.head.log)
        # The indexes, which reports read by, against the table.
        for (problem,) in connection.execute("PRAGMA integrity_check(1)"):
            if problem != "ok":
                self.found("unreadable", 0, "an index or a page of the file is damaged")

    def _read_schema(self, connection: sqlite3.Connection) -> None:
        if not is_as_made(connection):
            self.found("unprotected", 0, "the tables or what makes them append-only were changed")

    def _read_head(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute("SELECT log, count, hash, mac, key FROM head").fetchall()
        if len(rows) != 1:
            self.found("head", 0, "the log has no head")
            return
        head = chain.Head(*rows[0][:4])
        if not head.signed_by(self.key):
            self.found("head", 0, "the head is not signed with this key")
            return
        if rows[0][4] != key_id(self.key):
            self.found("head", 0, "the head names another key than it is signed with")
        self.head = head

    def _read_record(
        self,
        connection: sqlite3.Connection,
        seq: int,
        *row: Any,
    ) -> None:
        *columns, mac, text, digest = row
        missing = seq - self.seq - 1
        follows, self.seq, self.last = self.last, seq, str(digest)
        self.records += 1
        if self.anchor is not None and seq == self.anchor.count:
            self.anchored = self.last
        raw = text.encode(errors="surrogateescape") if isinstance(text, str) else b""
        if chain.link(raw) != digest:
            self.found("edited", seq, "the record does not have its hash")
            return
        try:
            record, place, prev = parse(text)
        except ValueError:
            self.found("edited", seq, "the record is not one")
            return
        # Which task an `Executed` counts for stands in its column, which its seal covers.
        task = record.task if isinstance(record, Decided) else str(columns[2])
        expected = [kind(record), record.decision_id, task]
        if missing:
            self.found("dropped", seq, f"{missing} before it are missing")
        elif place != seq:
            self.found("reordered", seq, f"it was number {place}")
        elif columns != expected:
            self.found("edited", seq, "its columns do not say what it says")
        elif prev != follows and follows:
            self.found("replaced", seq, "it does not follow the one before it")
        elif not self._sealed(seq, mac, task, str(digest)):
            self.found("edited", seq, "it is not sealed with this key")
        self._pair(connection, seq, record)

    def _sealed(self, seq: int, mac: object, task: str, digest: str) -> bool:
        # What lies beyond the head was added, whatever it says.
        if self.head is None or seq > self.head.count:
            return True
        return chain.sealed(self.key, mac, log=self.head.log, task=task, digest=digest)

    def _compare_tasks(self, connection: sqlite3.Connection, log: str) -> None:
        for *row, count, last in connection.execute(_TASKS):
            head = chain.TaskHead(*row)
            if not head.signed_by(self.key, log=log) or (head.count, head.hash) != (count, last):
                self.found("count", 0, "a task has other records than were signed for it")
        if connection.execute(_UNCOUNTED).fetchone() is not None:
            self.found("count", 0, "nobody has signed how many records a task has")

    def _pair(self, connection: sqlite3.Connection, seq: int, record: Decided | Executed) -> None:
        if isinstance(record, Decided):
            if record.outcome == "allow":
                self.allowed[record.decision_id] = None
            return
        if record.decision_id in self.allowed:
            del self.allowed[record.decision_id]
            return
        before = connection.execute(
            "SELECT kind, body FROM records WHERE decision_id = ? AND seq < ?",
            (record.decision_id, seq),
        ).fetchall()
        kinds = {found for found, _ in before}
        if "decided.v1" not in kinds:
            self.found("executed_without_decided", seq, "nothing was decided before it")
        elif "executed.v1" in kinds:
            # Written, and written again by whoever was stopped before they knew.
            if not any(_says(body, record) for _, body in before):
                self.found("executed_twice", seq, "what became of it was already said")
        elif record.executed != "no":
            self.found("executed_without_allow", seq, "the decision was not an allow")

    def _compare_end(self, head: chain.Head) -> None:
        if self.seq < head.count:
            self.found("truncated", self.seq, f"{head.count - self.seq} after it are missing")
        elif self.seq > head.count:
            self.found("inserted", self.seq, f"the head knows of {head.count} records only")
        elif self.last != head.hash:
            self.found("replaced", self.seq, "it is not the last record that was signed")

    def _compare_anchor(self, anchor: chain.Head) -> None:
        if not anchor.signed_by(self.key):
            self.found("anchor", 0, "the anchor is not signed with this key")
        elif self.head is not None and self.head.log != anchor.log:
            self.found("anchor", 0, "the anchor is another log's")
        elif self.seq < anchor.count:
            message = f"the anchor knows of {anchor.count - self.seq} more"
            self.found("truncated", self.seq, message)
        elif self.anchored != anchor.hash:
            self.found("anchor", anchor.count, "the log up to here is not the one anchored")


def _text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _says(body: object, record: Executed) -> bool:
    try:
        return parse(str(body))[0] == record
    except ValueError:
        return False
