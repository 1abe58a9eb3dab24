"""What judges the calls of a session, and what a person has said of those that wait."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inbounds.integrations._adapter.outcomes import keep
from inbounds.integrations._adapter.questions import question, request_id
from inbounds.integrations._adapter.requirements import guard_of, resources_of
from inbounds.process.locks import ProcessLock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.errors import ApprovalRequired
    from inbounds.pep import Guard
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf

MOST = 1024
"""How many questions are remembered."""


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
        self._lock = ProcessLock()
        self._asked: OrderedDict[str, Asked] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()

    def knows(self, tool: str) -> bool:
        """Whether somebody says what calls of a tool touch."""
        return tool in self._resources or tool in self._guard.tools

    def resource(self, tool: str) -> ResourceOf | None:
        """Return what says it; None where a guarded tool of that name does, or nobody."""
        return self._resources.get(tool)

    # --- a person -------------------------------------------------------------------------

    def question(self, deferred: Any) -> dict[str, str]:
        """Return what a person is asked where a session waits: no arguments, no rule.

        Args:
            deferred: The `deferred_tool_use` of a result; or the `tool_use_id` of a call, in
                `can_use_tool`.

        Returns:
            `type`, `tool_call_id`, `name`, `code`, `decision_id` and `request_id`. In another
            process than the one that has asked, the last three are empty, and the name is the one
            that the model knows.

        Raises:
            ValueError: The session does not wait.
        """
        if deferred is None:
            raise ValueError("the session does not wait: its result has no `deferred_tool_use`")
        call_id = str(getattr(deferred, "id", deferred))
        with self._lock:
            asked = self._asked.get(call_id) or Asked(str(getattr(deferred, "name", "")))
        return question(
            asked.tool,
            call_id,
            code=asked.code,
            decision_id=asked.decision_id,
            request_id=asked.request_id,
        )

    def reject(self, deferred: Any) -> None:
        """Say that a person has said no: the call is refused when the session is resumed.

        Args:
            deferred: The `deferred_tool_use` of a result.
        """
        with self._lock:
            keep(self._refused, deferred.id, None, most=MOST)

    def ask(self, call_id: str, tool: str, task: Task, required: ApprovalRequired) -> None:
        """Remember a question."""
        asked = Asked(
            tool=tool,
            task=task.id,
            code=required.code,
            decision_id=required.decision_id,
            request_id=request_id(required),
        )
        with self._lock:
            keep(self._asked, call_id, asked, most=MOST)

    def refused(self, call_id: str) -> bool:
        """Whether a person has said no to a call."""
        with self._lock:
            return call_id in self._refused

    def asked_under(self, call_id: str, task: Task) -> str:
        """Return the decision that a person was asked about under this task; empty for none."""
        with self._lock:
            asked = self._asked.get(call_id)
        return asked.decision_id if asked is not None and asked.task == task.id else ""
