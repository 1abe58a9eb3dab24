"""What a person is asked where a run waits for a confirmation."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from inbounds.locks import ProcessLock

MOST = 1024
"""How many questions are remembered."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question that a run waits with.

    Attributes:
        tool: The name of the tool.
        call_id: The id of the call.
        task: The id of the task it was asked under.
        code: Why a person is asked.
        decision_id: Of the decision to ask.
        request_id: Of what an approver is asked.
    """

    tool: str
    call_id: str
    task: str
    code: str
    decision_id: str
    request_id: str

    def payload(self) -> dict[str, str]:
        """Return what the confirmation tells: no arguments and no words of a rule."""
        return {
            "type": "tool_approval",
            "tool_call_id": self.call_id,
            "name": self.tool,
            "code": self.code,
            "decision_id": self.decision_id,
            "request_id": self.request_id,
        }


class Questions:
    """The latest question about each call, by its id. Thread-safe."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._asked: OrderedDict[str, Question] = OrderedDict()
        self._again: set[str] = set()

    def ask(self, question: Question, *, again: bool) -> None:
        """Remember a question; `again` where the same call was asked about before."""
        with self._lock:
            self._asked[question.call_id] = question
            self._asked.move_to_end(question.call_id)
            if again:
                self._again.add(question.call_id)
            while len(self._asked) > MOST:
                self._again.discard(self._asked.popitem(last=False)[0])

    def asks_again(self, call_id: str) -> bool:
        """Whether a call is asked about again; said once."""
        with self._lock:
            if call_id not in self._again:
                return False
            self._again.remove(call_id)
            return True

    def decision(self, call_id: str, task: str) -> str:
        """Return the id of the decision that was asked about under a task; empty if unknown."""
        with self._lock:
            asked = self._asked.get(call_id)
        return asked.decision_id if asked is not None and asked.task == task else ""
