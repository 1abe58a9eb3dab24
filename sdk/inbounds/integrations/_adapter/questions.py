"""What a person is asked at a run, whatever the framework: no argument and no words of a rule."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from inbounds.process.locks import ProcessLock

from .outcomes import keep

if TYPE_CHECKING:
    from collections.abc import Hashable

    from inbounds.errors import ApprovalRequired
    from inbounds.pep.task import Task
    from inbounds.sessions.store import SessionKey

MOST = 1024
"""How many questions of a session are remembered."""

Q = TypeVar("Q")


class Questions(Generic[Q]):
    """The questions that the runs of each session wait with, by a key of the adapter's.

    They are kept for as long as a task of the session is, the latest `MOST`: no session finds,
    answers or displaces a question of another. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._of_session: WeakValueDictionary[SessionKey, OrderedDict[Hashable, Q]] = (
            WeakValueDictionary()
        )
        self._of_task: WeakKeyDictionary[Task, OrderedDict[Hashable, Q]] = WeakKeyDictionary()

    def ask(self, task: Task, key: Hashable, question: Q) -> None:
        """Remember a question of the task's session, in the place of an earlier one."""
        with self._lock:
            keep(self._of(task), key, question, most=MOST)

    def find(self, task: Task, key: Hashable) -> Q | None:
        """Return a question of the task's session, if it is remembered."""
        with self._lock:
            return self._of(task).get(key)

    def take(self, task: Task, key: Hashable) -> Q | None:
        """Return a question of the task's session, and forget it."""
        with self._lock:
            return self._of(task).pop(key, None)

    def all(self, task: Task) -> list[Q]:
        """Return all questions of the task's session, the latest last."""
        with self._lock:
            return [*self._of(task).values()]

    def _of(self, task: Task) -> OrderedDict[Hashable, Q]:
        found = self._of_session.setdefault(task.session, OrderedDict())
        self._of_task[task] = found
        return found


def question_of(required: ApprovalRequired, tool: str, call_id: str) -> dict[str, str]:
    """Return what a person is asked about a call that the policy wants one for.

    Args:
        required: What the policy has said.
        tool: The name that the model calls the tool by.
        call_id: The framework's id of the call; empty for none.
    """
    return question(
        tool,
        call_id,
        code=required.code,
        decision_id=required.decision_id,
        request_id=request_id(required),
    )


def question(
    tool: str, call_id: str, *, code: str, decision_id: str, request_id: str
) -> dict[str, str]:
    """Return the same of what was remembered of it."""
    return {
        "type": "tool_approval",
        "tool_call_id": call_id,
        "name": tool,
        "code": code,
        "decision_id": decision_id,
        "request_id": request_id,
    }


def request_id(required: ApprovalRequired) -> str:
    """Return by which id an approver finds what is asked."""
    return required.request.id if required.request else required.decision_id
