"""Whether a task stayed within bounds, told from its records alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from inbounds.evidence import chain
from inbounds.evidence.file import reading
from inbounds.evidence.records import Decided, Executed, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inbounds.evidence import EvidenceLog

Verdict = Literal["in bounds", "out of bounds", "cannot tell"]

# Each half goes by an index, so that the cost is that of the task and not of the log.
_OF_TASK = """
    SELECT seq, body, hash FROM records INDEXED BY records_by_task
    WHERE task = :task AND task <> ''
    UNION
    SELECT e.seq, e.body, e.hash
    FROM records AS d INDEXED BY records_by_task
    JOIN records AS e INDEXED BY records_by_decision ON e.decision_id = d.decision_id
    WHERE d.task = :task AND d.task <> ''
    ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Refused:
    """How often a tool was refused with a code."""

    tool: str
    code: str
    times: int


@dataclass(frozen=True, slots=True)
class TaskReport:
    """What a task was granted, what it used, and whether every action had its own allow.

    `str` of it is one line; a notebook shows it as a table.

    Attributes:
        task, intent, subject, agent, tenant: Which task this is about.
        verdict: `in bounds` when every action that ran had an allow of its own before it and
            of each it is known whether it ran; `out of bounds` when one ran without;
            `cannot tell` otherwise, or where nothing is recorded.
        why: What the verdict rests on where it is not `in bounds`.
        ran: How many actions ran; `withheld` of them gave no result.
        refused: What the policy said no to, with its code.
        asked: What a person has to be asked for, with its code.
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
        return " · ".join(parts + [f"{count} {word}" for word, count in further.items() if count])

    def to_json(self) -> str:
        """The same as JSON, with what was never used."""
        return json.dumps(
            {
                **asdict(self),
                "used_tools": dict(self.used_tools),
                "never_used_tools": self.never_used_tools,
                "never_used_effects": self.never_used_effects,
            },
            sort_keys=True,
        )

    def _repr_html_(self) -> str:
        rows = {
            "task": self.task,
            "intent": self.intent,
            "subject": self.subject,
            "agent": self.agent,
            "granted": ", ".join((*self.granted_tools, *self.granted_effects)),
            "used": ", ".join(f"{tool} ({times})" for tool, times in self.used_tools.items()),
            "refused": _spoken(self.refused),
            "asked": _spoken(self.asked),
            "unavailable": _spoken(self.unavailable),
            "never used": ", ".join((*self.never_used_tools, *self.never_used_effects)),
            "why": "; ".join(self.why),
        }
        cells = "".join(
            f"<tr><th>{name}</th><td>{escape(value)}</td></tr>"
            for name, value in rows.items()
            if value
        )
        return f"<table><caption>{escape(str(self))}</caption>{cells}</table>"


def report(log: EvidenceLog | str | Path, task: str) -> TaskReport:
    """Read a task's records, of a task that has ended or still runs.

    It holds each record against its own hash. Whether the log is whole is for `verify`.

    Args:
        log: The log, or its file. One that keeps no file (`NoEvidence`) tells nothing.
        task: The id of the task.

    Raises:
        ConfigurationError: There is no evidence log at that path.
        DecisionUnavailable: `evidence.unavailable`: it cannot be read.
    """
    path = log if isinstance(log, (str, Path)) else getattr(log, "path", None)
    tally = _Tally(task)
    if path is not None:
        with reading(Path(path)) as connection:
            for _, body, digest in connection.execute(_OF_TASK, {"task": task}):
                tally.add(body, digest)
    return tally.report()


@dataclass(slots=True)
class _Tally:
    task: str
    decided: dict[str, Decided] = field(default_factory=dict)
    executed: dict[str, Executed] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    last: Decided | None = None
    begun: int = 0
    ended: int = 0

    def add(self, body: object, digest: object) -> None:
        if not isinstance(body, str) or chain.link(body.encode()) != digest:
            self.doubts.append("a record of it was edited")
            return
        try:
            record, _, _ = parse(body)
        except ValueError:
            self.doubts.append("a record of it is not one")
            return
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

    def _require_allow(self, record: Executed) -> None:
        decided = self.decided.get(record.decision_id)
        earlier = self.executed.get(record.decision_id)
        if decided is None:
            self.outside.append("an action ran before anything was decided of it")
        elif decided.outcome != "allow":
            self.outside.append(f"{decided.tool} ran without an allow")
        elif earlier is not None and earlier.executed != "no":
            self.outside.append(f"{decided.tool} ran twice on one allow")

    def report(self) -> TaskReport:
        if self.last is None:
            return TaskReport(self.task, "cannot tell", ("nothing of it is recorded",))
        endings: Counter[str] = Counter()
        used: Counter[str] = Counter()
        effects: set[str] = set()
        spoken: dict[str, Counter[tuple[str, str]]] = {
            outcome: Counter() for outcome in ("deny", "ask", "unavailable")
        }
        for identity, decided in self.decided.items():
            executed = self.executed.get(identity)
            if decided.outcome in spoken:
                spoken[decided.outcome][
                    decided.tool, decided.codes[0] if decided.codes else ""
                ] += 1
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
        if self.outside or self.doubts:
            verdict = "out of bounds" if self.outside else "cannot tell"
        everything = self.decided.values()
        return TaskReport(
            task=self.task,
            verdict=verdict,
            why=tuple(dict.fromkeys(self.outside + self.doubts)),
            intent=self.last.intent,
            subject=self.last.subject,
            agent=self.last.agent,
            tenant=self.last.tenant,
            ran=endings["yes"],
            withheld=endings["withheld"],
            stopped=endings["no"],
            unknown=endings["unknown"],
            refused=_counted(spoken["deny"]),
            asked=_counted(spoken["ask"]),
            unavailable=_counted(spoken["unavailable"]),
            granted_tools=_union(decided.granted.tools for decided in everything),
            granted_effects=_union(decided.granted.effects for decided in everything),
            used_tools=dict(sorted(used.items())),
            used_effects=tuple(sorted(effects)),
            policies=_union((decided.policy,) for decided in everything if decided.policy),
            begun=self.begun,
            ended=self.ended,
        )


def _union(sets: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({member for members in sets for member in members}))


def _counted(refusals: Counter[tuple[str, str]]) -> tuple[Refused, ...]:
    return tuple(Refused(tool, code, times) for (tool, code), times in sorted(refusals.items()))


def _times(refusals: tuple[Refused, ...]) -> int:
    return sum(refusal.times for refusal in refusals)


def _spoken(refusals: tuple[Refused, ...]) -> str:
    return ", ".join(f"{no.tool}: {no.code} ({no.times})" for no in refusals)
