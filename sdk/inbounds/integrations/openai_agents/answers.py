"""What a person is asked where a run is interrupted, and the answers in the run's state."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from inbounds.integrations._adapter.outcomes import keep
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST = 1024
"""How many questions are remembered."""

V = TypeVar("V")
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that a run waits with.

    Attributes:
        tool: The name of the tool.
        call_id: The id of the call.
        arguments: What it was called with.
        said: What the model has said of it.
        task: The id of the task it was asked under.
        code: Why a person is asked; empty where the tool's author wants one to be.
        decision_id: Of the decision to ask.
        request_id: Of what an approver is asked.
    """

    tool: str
    call_id: str
    arguments: Mapping[str, Any]
    said: Mapping[str, Any]
    task: str = ""
    code: str = ""
    decision_id: str = ""
    request_id: str = ""


class Answers:
    """The questions that runs wait with, by task, tool and id of the call. Thread-safe."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._asked: OrderedDict[_Key, Asked] = OrderedDict()
        self._heard: OrderedDict[_Key, None] = OrderedDict()

    def ask(self, asked: Asked) -> None:
        """Remember a question."""
        with self._lock:
            keep(self._asked, (asked.tool, asked.call_id, asked.task), asked, most=MOST)

    def find(self, tool: str, call_id: str) -> Asked | None:
        """Return the latest question about a call, if it is remembered."""
        with self._lock:
            found = [asked for key, asked in self._asked.items() if key[:2] == (tool, call_id)]
        return found[-1] if found else None

    def heard(self, run: Any, tool: str, task: str) -> Iterator[tuple[Asked, bool]]:
        """Yield the questions about a tool that a run's state holds an answer to, and forget them.

        Args:
            run: The run's context, which has the answers.
            tool: The name of the tool.
            task: The id of the task that the run is within. What another was asked about is told
                where this one has asked nothing about a call of the same id.
        """
        with self._lock:
            waiting = [asked for asked in self._asked.values() if asked.tool == tool]
        for asked in waiting:
            own = (tool, asked.call_id, task)
            if asked.task != task and (own in self._asked or own in self._heard):
                continue
            answer = run.is_tool_approved(tool, asked.call_id)
            if answer is None:
                continue
            with self._lock:
                if self._asked.pop((tool, asked.call_id, asked.task), None) is None:
                    continue  # another has heard it
                keep(self._heard, own, None, most=MOST)
            yield asked, answer


def unsay(run: Any, call_id: str) -> bool:
    """Take a yes out of a run's state, so that the run waits on; False where that failed.

    A yes at the run is not what the policy waits for. The framework has no public way to wait on:
    where it keeps its answers differently, the call is refused with a line that says why.
    """
    taken = False
    for record in _records(run):
        approved = getattr(record, "approved", None)
        if isinstance(approved, list) and call_id in approved:
            approved.remove(call_id)
            taken = True
        elif approved is True:
            record.approved = []  # a yes to every call of a tool is one to none
            taken = True
    return taken


def word(run: Any, call_id: str, text: str) -> None:
    """Say what the model reads where a person has refused, unless the program has said it."""
    for record in _records(run):
        rejected, said = (
            getattr(record, "rejected", None),
            getattr(record, "rejection_messages", None),
        )
        if isinstance(rejected, list) and call_id in rejected and isinstance(said, dict):
            said.setdefault(call_id, text)


def _records(run: Any) -> list[Any]:
    kept = getattr(run, "_approvals", None)
    return [*kept.values()] if isinstance(kept, dict) else []
