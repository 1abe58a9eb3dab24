"""What each agent did, told from the records of a whole log in one pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inbounds.evidence import chain
from inbounds.evidence.file import parse_row, reading
from inbounds.evidence.records import Decided, Executed, Record

_STRANGERS = 1000
_ROW = "seq, kind, decision_id, task, body, hash, mac"
_DECIDED = f"SELECT {_ROW} FROM records WHERE kind = 'decided.v1' ORDER BY seq"  # noqa: S608 -- constants
_OTHERS = f"SELECT {_ROW} FROM records WHERE kind <> 'decided.v1' ORDER BY seq"  # noqa: S608 -- constants
# By the index, so that what became of a decision is found wherever it stands in the log.
_EXECUTED = f"""
    SELECT {_ROW} FROM records INDEXED BY records_by_decision
    WHERE decision_id = ? AND kind = 'executed.v1'
"""  # noqa: S608 -- constants
_END = """
    SELECT coalesce(sum(1), 0), (SELECT hash FROM records ORDER BY seq DESC LIMIT 1) FROM records
"""


def _growing(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows whose number grows: pages that hold one another can be rows without end.

    Raises:
        sqlite3.DatabaseError: A number does not grow.
    """
    last: int | None = None
    for row in rows:
        if last is not None and row[0] <= last:
            raise sqlite3.DatabaseError("the file is damaged")
        last = row[0]
        yield row


@dataclass(slots=True)
class AgentUse:
    """What one agent did.

    Attributes:
        calls: How many decisions were asked for.
        ran: How many of them ran, or may have.
        refused: How many the policy said no to.
        last_seen: When the last was asked for, in nanoseconds since 1970-01-01T00:00:00Z.
        tools, effects: What it used: those of what ran, or may have.
    """

    calls: int = 0
    ran: int = 0
    refused: int = 0
    last_seen: int = 0
    tools: set[str] = field(default_factory=set)
    effects: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Use:
    """What a log says of all agents.

    Attributes:
        agents: What each did, by its id.
        since: When the first record was written, in nanoseconds; 0 where there is none.
        uncounted: How many calls are of agents of which no more is kept.
        doubts: Why the figures may not be the truth; none where the log is as it was written,
            as far as can be told without reading its chain (`verify` does).
    """

    agents: Mapping[str, AgentUse]
    since: int
    uncounted: int
    doubts: tuple[str, ...]


def use(path: Path, *, key: bytes | None, known: Collection[str] = ()) -> Use:
    """Read what each agent did.

    Each record that is counted is held against its hash and its seal, and the log's end
    against the signed head. A record that is not as it was written counts for nothing.

    Args:
        path: The log's file. It may be written to meanwhile.
        key: The evidence key: `keys.subkey(…, "evidence")`; without it, nobody can tell
            whether the records are genuine.
        known: The agents to be told of in any case. Of others the first thousand are, so that
            a log in which each call has an agent of its own takes no more memory.

    Raises:
        ConfigurationError: There is no evidence log at `path`.
        DecisionUnavailable: `evidence.unavailable`: it cannot be read.
    """
    reader = _Reader(key=key, known=frozenset(known))
    with reading(path) as connection:
        connection.text_factory = _text
        reader.read(connection)
    return Use(reader.agents, reader.since, reader.uncounted, tuple(reader.doubts()))


@dataclass(slots=True)
class _Reader:
    key: bytes | None
    known: frozenset[str]
    agents: dict[str, AgentUse] = field(default_factory=dict)
    since: int = 0
    uncounted: int = 0
    strangers: int = 0
    spoilt: int = 0
    log: str = ""
    broken: list[str] = field(default_factory=list)

    def read(self, connection: sqlite3.Connection) -> None:
        if self.key is None:
            self.broken.append("without the log's key nobody can tell whether it is genuine")
        else:
            self._read_end(connection, self.key)
        for row in _growing(connection.execute(_DECIDED)):
            record = self._genuine(*row)
            self.spoilt += record is None
            if isinstance(record, Decided):
                self._add(connection, record)
        # A decision could be called something else, or be overwritten with another record.
        for row in _growing(connection.execute(_OTHERS)):
            self.spoilt += self._genuine(*row) is None

    def doubts(self) -> list[str]:
        spoilt = f"records that are not as they were written count for nothing: {self.spoilt}"
        return [*self.broken, *([spoilt] if self.spoilt else [])]

    def _read_end(self, connection: sqlite3.Connection, key: bytes) -> None:
        found = connection.execute("SELECT log, count, hash, mac FROM head").fetchone()
        head = chain.Head(*found) if found is not None else None
        if head is None or not head.signed_by(key):
            self.broken.append("the log's head is not signed with this key")
            return
        self.log = head.log
        count, last = connection.execute(_END).fetchone()
        if (count, last or chain.genesis(head.log)) != (head.count, head.hash):
            self.broken.append("the log does not hold what was signed")

    def _add(self, connection: sqlite3.Connection, decided: Decided) -> None:
        self.since = self.since or decided.at
        of = self._of(decided.agent)
        if of is None:
            self.uncounted += 1
            return
        of.calls += 1
        of.last_seen = max(of.last_seen, decided.at)
        of.refused += decided.outcome == "deny"
        if self._ran(connection, decided):
            of.ran += 1
            of.tools.add(decided.tool)
            of.effects.update(decided.effects)

    def _of(self, agent: str) -> AgentUse | None:
        found = self.agents.get(agent)
        if found is None:
            if agent not in self.known:
                if self.strangers >= _STRANGERS:
                    return None
                self.strangers += 1
            found = self.agents[agent] = AgentUse()
        return found

    def _ran(self, connection: sqlite3.Connection, decided: Decided) -> bool:
        """Whether it ran, or may have: what may have run is not undone by a later word."""
        told = [
            record
            for row in connection.execute(_EXECUTED, (decided.decision_id,))
            if isinstance(record := self._genuine(*row), Executed)
        ]
        if any(record.executed != "no" for record in told):
            return True
        return decided.outcome == "allow" and not told

    def _genuine(self, seq: object, *row: object) -> Record | None:
        *columns, body, digest, mac = row
        task = columns[2]
        if isinstance(task, str) and isinstance(body, str) and isinstance(digest, str):
            whole = chain.link(body.encode(errors="surrogateescape")) == digest
            if whole and self.log and self.key is not None:
                whole = chain.sealed(self.key, mac, log=self.log, task=task, digest=digest)
            try:
                if whole:
                    return parse_row(seq, columns, body)
            except ValueError:
                pass
        return None


def _text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")
