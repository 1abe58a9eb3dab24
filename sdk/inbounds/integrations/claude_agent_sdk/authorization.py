"""What judges the calls of a session, and what a person has said of those that wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key
from inbounds.integrations._adapter.questions import Questions, question, request_id
from inbounds.integrations._adapter.requirements import guard_of, resources_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.errors import ApprovalRequired
    from inbounds.pep import Guard
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that a session waits with.

    Attributes:
        tool: The name that the registry has for the tool.
        task: The id of the task it was asked under.
        code: Why a person is asked.
        decision_id: Of the decision to ask.
        request_id: Of what an approver is asked.
    """

    tool: str
    task: str = ""
    code: str = ""
    decision_id: str = ""
    request_id: str = ""


class Authorization:
    """Judges the calls of the sessions that `protect` is given with it. Thread-safe.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the name that the registry has for
            it: a function that takes the tool's arguments, by name, as `resource=` of
            `Guard.tool`.
        timeout: How many seconds judging one call may take, a person that the guard waits for
            included. Then the call does not run.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: that is not a guard, or no such mapping.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        resources: Mapping[str, ResourceOf] | None = None,
        timeout: float = 60.0,
    ) -> None:
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)
        self.timeout = timeout
        self._questions: Questions[Asked] = Questions()
        self._refused: Questions[bool] = Questions()

    def knows(self, tool: str) -> bool:
        """Whether somebody says what calls of a tool touch."""
        return tool in self._resources or tool in self._guard.tools

    def resource(self, tool: str) -> ResourceOf | None:
        """Return what says it; None where a guarded tool of that name does, or nobody."""
        return self._resources.get(tool)

    # --- a person -------------------------------------------------------------------------

    def question(self, deferred: Any, task: Task | None = None) -> dict[str, str]:
        """Return what a person is asked where a session waits: no arguments, no rule.

        Args:
            deferred: The `deferred_tool_use` of a result; or the `tool_use_id` of a call, in
                `can_use_tool`.
            task: The task of the session; left out in the `with` block of it.

        Returns:
            `type`, `tool_call_id`, `name`, `code`, `decision_id` and `request_id`. In another
            process than the one that has asked, and under a task of another session of Inbounds,
            the last three are empty, and the name is the one that the model knows.

        Raises:
            ValueError: The session does not wait.
            TaskMissing: There is no task.
        """
        if deferred is None:
            raise ValueError("the session does not wait: its result has no `deferred_tool_use`")
        call_id = str(getattr(deferred, "id", deferred))
        name = str(getattr(deferred, "name", ""))
        asked = self._questions.find(task_of(task), call_id) or Asked(name)
        return question(
            asked.tool,
            call_id,
            code=asked.code,
            decision_id=asked.decision_id,
            request_id=asked.request_id,
        )

    def reject(self, deferred: Any, task: Task | None = None) -> None:
        """Say that a person has said no: the call is refused when the session is resumed.

        Args:
            deferred: The `deferred_tool_use` of a result.
            task: The task of the session; left out in the `with` block of it.

        Raises:
            TaskMissing: There is none.
        """
        call = Key("", deferred.id, deferred.name, deferred.input).call
        self._refused.ask(task_of(task), call, True)

    def ask(self, call_id: str, tool: str, task: Task, required: ApprovalRequired) -> None:
        """Remember a question."""
        asked = Asked(
            tool=tool,
            task=task.id,
            code=required.code,
            decision_id=required.decision_id,
            request_id=request_id(required),
        )
        self._questions.ask(task, call_id, asked)

    def refused(self, call_id: str, tool: str, stated: Mapping[str, Any], task: Task) -> bool:
        """Whether a person has said no to a call in the task's session.

        Args:
            call_id: The id of the call.
            tool: The name that the model calls the tool by.
            stated: The arguments as the model has stated them.
            task: The task that the call is within.
        """
        return self._refused.find(task, Key("", call_id, tool, stated).call) is not None

    def asked_under(self, call_id: str, task: Task) -> str:
        """Return the decision that a person was asked about under this task; empty for none."""
        asked = self._questions.find(task, call_id)
        return asked.decision_id if asked is not None and asked.task == task.id else ""
