"""Whether a task stayed within bounds, told from its records alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inbounds.evidence import chain
from inbounds.evidence.file import parse_row, reading
from inbounds.evidence.records import OWN, Decided, Executed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from inbounds.evidence import EvidenceLog

Verdict = Literal["in bounds", "out of bounds", "cannot tell"]

_AGENT_UNGUARDED = "agent.unguarded"
"""The code of a tool that has started an agent which nobody guards, see `ToolRun`."""

# Each half goes by an index, so that the cost is that of the task and not of the log.
_OF_TASK = """
    SELECT seq, kind, decision_id, task, body, hash, mac FROM records INDEXED BY records_by_task
    WHERE task = :task AND task <> ''
    UNION
    SELECT e.seq, e.kind, e.decision_id, e.task, e.body, e.hash, e.mac
    FROM records AS d INDEXED BY records_by_task
    JOIN records AS e INDEXED BY records_by_decision ON e.decision_id = d.decision_id
    WHERE d.task = :task AND d.task <> ''
    ORDER BY 1
"""
_HEAD = "SELECT log, count, hash, mac FROM head"
_LAST = "SELECT seq, hash FROM records ORDER BY seq DESC LIMIT 1"
_TASK_HEAD = "SELECT task, count, hash, mac FROM tasks WHERE task = ?"


@dataclass(frozen=True, slots=True)
class Refused:
    """How often a tool was refused with a code.

    Attributes:
        tool: The tool.
        code: The first code of the decision.
        times: How often.
        decision: The id of the latest such decision, which `inbounds explain` takes.
    """

    tool: str
    code: str
    times: int
    decision: str = ""


@dataclass(frozen=True, slots=True)
class TaskReport:
    """What a task was granted, what it used, and whether every action had its own allow.

    `str` of it is one line; a notebook shows it as a table.

    Attributes:
        task, intent, subject, agent, tenant: Which task this is about.
        verdict: `in bounds` when every action that ran had an allow of its own before it and
            of each it is known whether it ran; `out of bounds` when one ran without;
            `cannot tell` otherwise, where nothing is recorded, where a tool started an agent
            that nobody guards (`agent.unguarded`), and whenever a record or the log's end is
            not as it was written.
        why: What the verdict rests on where it is not `in bounds`.
        ran: How many actions ran; `withheld` of them gave no result.
        refused: What the policy said no to, with its code.
        asked: What a person has to be asked for, with its code.
        interruptions: How many different questions that makes for a person.
        approved_by: How many actions were allowed by the approvals of whom.
        self_approved: How many of those by the one who asked for them, and nobody else.
        unavailable: What no decision could be had for, with the error's code.
        stopped: How many actions were allowed and then known not to have run.
        unknown: How many were allowed and may have run, or are running.
        granted_tools, granted_effects: What the task's authority held.
        used_tools: How often each tool ran, or may have.
        used_effects: What those do to the world.
        policies: The revisions of the policy that answered.
        begun, ended: The first and the last record, in nanoseconds since 1970-01-01T00:00:00Z.
    """

    task: str
    verdict: Verdict
    why: tuple[str, ...] = ()
    intent: str = ""
    subject: str = ""
    agent: str = ""
    tenant: str = ""
    ran: int = 0
    withheld: int = 0
    stopped: int = 0
    unknown: int = 0
    refused: tuple[Refused, ...] = ()
    asked: tuple[Refused, ...] = ()
    interruptions: int = 0
    approved_by: Mapping[str, int] = field(default_factory=dict)
    self_approved: int = 0
    unavailable: tuple[Refused, ...] = ()
    granted_tools: tuple[str, ...] = ()
    granted_effects: tuple[str, ...] = ()
    used_tools: Mapping[str, int] = field(default_factory=dict)
    used_effects: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    begun: int = 0
    ended: int = 0

    @property
    def never_used_tools(self) -> tuple[str, ...]:
        """What was granted and never ran: authority the task could do without."""
        return tuple(tool for tool in self.granted_tools if tool not in self.used_tools)

    @property
    def never_used_effects(self) -> tuple[str, ...]:
        """The effects that were granted and that nothing that ran has."""
        return tuple(effect for effect in self.granted_effects if effect not in self.used_effects)

    def __str__(self) -> str:
        parts = [self.verdict, f"{self.ran} ran", f"{_times(self.refused)} refused"]
        further = {
            "asked": _times(self.asked),
            "unavailable": _times(self.unavailable),
            "stopped": self.stopped,
            "unknown": self.unknown,
        }
        told = [f"{count} {word}" for word, count in further.items() if count]
        if self.interruptions:
            told.append(f"{self.interruptions} interruption{'s' * (self.interruptions > 1)}")
        return " · ".join(parts + told)

    def to_json(self) -> str:
        """The same as JSON, with what was never used."""
        return json.dumps(
            {
                **asdict(self),
                "used_tools": dict(self.used_tools),
                "approved_by": dict(self.approved_by),
                "never_used_tools": self.never_used_tools,
                "never_used_effects": self.never_used_effects,
            },
            sort_keys=True,
        )

    def _repr_html_(self) -> str:
        from .report_html import report_html

        return report_html(self)


def report(log: EvidenceLog | str | Path, task: str, *, key: bytes | None = None) -> TaskReport:
    """Read a task's records, of a task that has ended or still runs.

    Each record is held against its hash and its seal, the task's records against their signed
    count, and the log's last record against the signed head; all at the cost of this task,
    whatever else the log holds. So a record of the task that was edited, added, moved or
    dropped is found by whoever has the key, and so is an end that was cut off the log.

    It cannot find what the file alone does not show: a log that was set back whole to an
    earlier state (an anchor does, see `verify`), a task that was set back to an earlier state,
    its count and all its later records with it, while the log went on (`verify` does: the
    chain has a gap), and anything done by somebody who has the key.

    Args:
        log: The log, or its file. One that keeps no file (`NoEvidence`) tells nothing.
        task: The id of the task.
        key: The evidence key: `keys.subkey(…, "evidence")`; a log brings its own. Without it
            nobody can tell whether the records are genuine: `cannot tell`.

    Raises:
        ConfigurationError: There is no evidence log at that path.
        DecisionUnavailable: `evidence.unavailable`: it cannot be read.
    """
    path = log if isinstance(log, (str, Path)) else getattr(log, "path", None)
    if key is None:
        key = getattr(log, "key", None)
    tally = _Tally(task, key)
    if path is not None:
        with reading(Path(path)) as connection:
            tally.read(connection)
    return tally.report()


@dataclass(slots=True)
class _Tally:
    task: str
    key: bytes | None
    log: str = ""
    counted: int = 0
    latest: str = ""
    decided: dict[str, Decided] = field(default_factory=dict)
    executed: dict[str, Executed] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    last: Decided | None = None
    begun: int = 0
    ended: int = 0

    def read(self, connection: sqlite3.Connection) -> None:
        connection.text_factory = _text
        if self.key is None:
            self.broken.append("without the log's key nobody can tell whether it is genuine")
        else:
            self._read_end(connection, self.key)
        for seq, *row in connection.execute(_OF_TASK, {"task": self.task}):
            self.add(seq, row[:3], *row[3:])
        if self.key is not None:
            self._compare_count(connection, self.key)

    def _read_end(self, connection: sqlite3.Connection, key: bytes) -> None:
        found = connection.execute(_HEAD).fetchone()
        head = chain.Head(*found) if found is not None else None
        if head is None or not head.signed_by(key):
            self.broken.append("the log's head is not signed with this key")
            return
        self.log = head.log
        last = connection.execute(_LAST).fetchone() or (0, chain.genesis(head.log))
        if last != (head.count, head.hash):
            self.broken.append("the log does not end where it was signed")

    def _compare_count(self, connection: sqlite3.Connection, key: bytes) -> None:
        found = connection.execute(_TASK_HEAD, (self.task,)).fetchone()
        if found is None:
            if self.counted:
                self.broken.append("nobody has signed how many records it has")
            return
        head = chain.TaskHead(*found)
        if not head.signed_by(key, log=self.log):
            self.broken.append("the count of its records is not signed with this key")
        elif (head.count, head.hash) != (self.counted, self.latest):
            self.broken.append("a record of it is missing, or is not one of it")

    def add(
        self, seq: object, columns: Sequence[object], body: object, digest: object, mac: object
    ) -> None:
        task = columns[2]
        if not self._genuine(task, body, digest, mac):
            self.broken.append("a record of it was edited")
            return
        try:
            record = parse_row(seq, columns, str(body))
        except ValueError:
            self.broken.append("a record of it is not one")
            return
        if task == self.task:
            self.counted += 1
            self.latest = str(digest)
        self.begun = self.begun or record.at
        self.ended = record.at
        if isinstance(record, Decided):
            self.decided[record.decision_id] = self.last = record
            return
        if record.executed != "no":
            self._require_allow(record)
        # What may have run is not undone by a later word.
        earlier = self.executed.get(record.decision_id)
        if earlier is None or earlier.executed == "no":
            self.executed[record.decision_id] = record

    def _genuine(self, task: object, body: object, digest: object, mac: object) -> bool:
        if not isinstance(task, str) or not isinstance(body, str) or not isinstance(digest, str):
            return False
        if chain.link(body.encode(errors="surrogateescape")) != digest:
            return False
        return self.key is None or chain.sealed(
            self.key, mac, log=self.log, task=task, digest=digest
        )

    def _require_allow(self, record: Executed) -> None:
        decided = self.decided.get(record.decision_id)
        earlier = self.executed.get(record.decision_id)
        if decided is None:
            self.outside.append("an action ran before anything was decided of it")
        elif decided.outcome != "allow":
            self.outside.append(f"{decided.tool} ran without an allow")
        elif earlier is not None and earlier.executed != "no" and earlier != record:
            self.outside.append(f"{decided.tool} ran twice on one allow")

    def report(self) -> TaskReport:
        if self.last is None:
            why = dict.fromkeys([*self.broken, "nothing of it is recorded"])
            return TaskReport(self.task, "cannot tell", tuple(why))
        endings: Counter[str] = Counter()
        used: Counter[str] = Counter()
        effects: set[str] = set()
        spoken: dict[str, Counter[tuple[str, str]]] = {
            outcome: Counter() for outcome in ("deny", "ask", "unavailable")
        }
        latest: dict[tuple[str, str, str], str] = {}
        for identity, decided in self.decided.items():
            executed = self.executed.get(identity)
            if decided.outcome in spoken:
                about = decided.tool, decided.codes[0] if decided.codes else ""
                spoken[decided.outcome][about] += 1
                latest[decided.outcome, *about] = identity
                if _AGENT_UNGUARDED in decided.codes:
                    # The agent did not run. What else its tool does unjudged, no record tells.
                    self.doubts.append(f"{decided.tool} started an agent that is not guarded")
                if executed is None or executed.executed == "no":
                    continue
            ending = executed.executed if executed else "unknown"
            endings[ending] += 1
            endings["withheld"] += executed is not None and executed.status == "withheld"
            if ending != "no":
                used[decided.tool] += 1
                effects.update(decided.effects)
        if endings["unknown"]:
            self.doubts.append(f"of {endings['unknown']} it is not known whether they ran")
        verdict: Verdict = "in bounds"
        # Of a log that is not as it was written, not even the worst is certain.
        if self.broken or self.doubts:
            verdict = "cannot tell"
        if self.outside and not self.broken:
            verdict = "out of bounds"
        everything = self.decided.values()
        approvers = Counter(
            approval.partition(" by ")[2].removesuffix(OWN)
            for each in everything
            for approval in each.approvals
        )
        return TaskReport(
            task=self.task,
            verdict=verdict,
            why=tuple(dict.fromkeys(self.broken + self.outside + self.doubts)),
            intent=self.last.intent,
            subject=self.last.subject,
            agent=self.last.agent,
            tenant=self.last.tenant,
            ran=endings["yes"],
            withheld=endings["withheld"],
            stopped=endings["no"],
            unknown=endings["unknown"],
            refused=_counted("deny", spoken["deny"], latest),
            asked=_counted("ask", spoken["ask"], latest),
            interruptions=len(
                {
                    (each.tool, each.digest, each.codes)
                    for each in everything
                    if each.outcome == "ask"
                }
            ),
            approved_by=dict(sorted(approvers.items())),
            self_approved=sum(
                any(approval.endswith(OWN) for approval in each.approvals) for each in everything
            ),
            unavailable=_counted("unavailable", spoken["unavailable"], latest),
            granted_tools=_union(decided.granted.tools for decided in everything),
            granted_effects=_union(decided.granted.effects for decided in everything),
            used_tools=dict(sorted(used.items())),
            used_effects=tuple(sorted(effects)),
            policies=_union((decided.policy,) for decided in everything if decided.policy),
            begun=self.begun,
            ended=self.ended,
        )


def _text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _union(sets: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({member for members in sets for member in members}))


def _counted(
    outcome: str,
    refusals: Counter[tuple[str, str]],
    latest: Mapping[tuple[str, str, str], str],
) -> tuple[Refused, ...]:
    return tuple(
        Refused(tool, code, times, latest[outcome, tool, code])
        for (tool, code), times in sorted(refusals.items())
    )


def _times(refusals: tuple[Refused, ...]) -> int:
    return sum(refusal.times for refusal in refusals)
