"""What a person is asked where a run is interrupted, and the answers in the run's state."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from inbounds.integrations._adapter.questions import Questions
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inbounds.pep.task import Task

    from .verdict import Call


@dataclass(frozen=True, slots=True)
class Question:
    """One question that a run waits with.

    Attributes:
        call: What a person is asked about.
        task: The id of the task it was asked under.
        invocation: What tells the call from others of its id; empty where the run does not say.
        code: Why a person is asked; empty where the tool's author wants one to be.
        decision_id: Of the decision to ask.
        request_id: Of what an approver is asked.
        heard: Whether a run of the task has heard the answer.
    """

    call: Call
    task: str
    invocation: str
    code: str = ""
    decision_id: str = ""
    request_id: str = ""
    heard: bool = False


class Answers:
    """The questions that the runs of each session wait with, and their answers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._questions: Questions[Question] = Questions()

    def ask(self, task: Task, question: Question) -> None:
        """Remember a question of the task's session."""
        self._questions.ask(task, _key(question), question)

    def find(self, task: Task, tool: str, call_id: str, stated: str) -> Question | None:
        """Return the latest question of the task's session about a call, if it is remembered.

        Args:
            task: One of the session.
            tool: The name of the tool.
            call_id: The id of the call.
            stated: The arguments as the model has stated them, as JSON.
        """
        try:
            arguments = json.loads(stated or "{}")
        except ValueError:
            return None
        for each in reversed(self._questions.all(task)):
            call = each.call
            if (call.tool, call.id) == (tool, call_id) and call.stated == arguments:
                return each
        return None

    def heard(self, run: Any, tool: str, task: Task) -> Iterator[tuple[Question, bool]]:
        """Yield the questions about a tool that a run waited with and holds an answer to, once.

        Args:
            run: The run's context, which has the answers. One that is for every call of a tool
                answers those that the run itself waits with.
            tool: The name of the tool.
            task: The task that the run is within. What another of its session was asked about is
                told where this one has asked nothing about the call.
        """
        asked = [
            each
            for each in self._questions.all(task)
            if each.call.tool == tool
            and (each.task == task.id or not each.heard)
            and each.invocation
            and each.invocation == invocation_of(run, each.call.id)
        ]
        # Of several about one call, its own task's.
        asked.sort(key=lambda each: each.task == task.id)
        for question in {each.call.id: each for each in asked}.values():
            answer = run.is_tool_approved(tool, question.call.id)
            if answer is None or question.heard:
                continue
            with self._lock:
                if self._questions.find(task, _key(question)) is not question:
                    continue  # another has heard it
                self._questions.take(task, _key(question))
                self.ask(task, replace(question, task=task.id, heard=True))
            yield question, answer


def invocation_of(run: Any, call_id: str) -> str:
    """Return what tells a call of a run, by its tool and arguments, from others of its id.

    The framework has no public way to say which calls a run waits with. Where it keeps them
    differently, or the call has run, it is empty, and no answer is heard.
    """
    record = _kept(run, "_tool_invocations").get(call_id)
    return "" if getattr(record, "executed", True) else str(getattr(record, "fingerprint", ""))


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
    return [*_kept(run, "_approvals").values()]


def _kept(run: Any, name: str) -> dict[Any, Any]:
    kept = getattr(run, name, None)
    return kept if isinstance(kept, dict) else {}


def _key(question: Question) -> tuple[str, ...]:
    return question.call.tool, question.call.id, question.invocation, question.task
