"""What a person is asked where a run waits for a confirmation."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from inbounds.integrations._adapter.questions import question
from inbounds.process.locks import ProcessLock

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
        return question(
            self.tool,
            self.call_id,
            code=self.code,
            decision_id=self.decision_id,
            request_id=self.request_id,
        )


class Questions:
    """The latest question about each call, by its session and its id. Thread-safe."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._asked: OrderedDict[tuple[str, str], Question] = OrderedDict()
        self._again: set[tuple[str, str]] = set()

    def ask(self, session: str, question: Question, *, again: bool) -> None:
        """Remember a question; `again` where the same call was asked about before."""
        key = (session, question.call_id)
        with self._lock:
            self._asked[key] = question
            self._asked.move_to_end(key)
            if again:
                self._again.add(key)
            while len(self._asked) > MOST:
                self._again.discard(self._asked.popitem(last=False)[0])

    def find(self, session: str, call_id: str) -> Question | None:
        """Return the latest question about a call, if it is remembered."""
        with self._lock:
            return self._asked.get((session, call_id))

    def asks_again(self, session: str, call_id: str) -> bool:
        """Whether a call is asked about again; said once."""
        with self._lock:
            if (session, call_id) not in self._again:
                return False
            self._again.remove((session, call_id))
            return True
