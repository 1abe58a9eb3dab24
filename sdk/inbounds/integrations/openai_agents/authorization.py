"""What judges the calls of an agent's tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inbounds.errors import ApprovalRequired, InboundsError
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.questions import question, request_id
from inbounds.integrations._adapter.refusals import Rejected, refusal_text
from inbounds.integrations._adapter.requirements import guard_of, resources_of

from .answers import Answers, Asked, unsay, word
from .history import join_before_call
from .verdict import Verdict, Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbounds.pep import Guard
    from inbounds.pep.task import Task
    from inbounds.pep.tool import ResourceOf


class Authorization:
    """Judges the calls of the agents that `protect` is given with it. Thread-safe.

    The task is the one of the run's `context` (a `Task`, or its `task`), or else the one of the
    `with` block that the run is in.

    Args:
        guard: Whose policy judges; it knows what its own guarded tools touch.
        resources: What a call of any other tool touches, by the name that the model calls it by:
            a function that takes the tool's arguments, by name, as `resource=` of `Guard.tool`.

    Raises:
        ConfigurationError: `configuration.wrong_kind`: it is given something else than it takes.
    """

    def __init__(self, guard: Guard, *, resources: Mapping[str, ResourceOf] | None = None) -> None:
        self._guard = guard_of(guard)
        self._resources = resources_of(resources)
        self._answers = Answers()
        self.verdicts = Verdicts()

    def knows(self, tool: str) -> bool:
        """Whether somebody says what calls of a tool touch."""
        return tool in self._resources or tool in self._guard.tools

    def question(self, interruption: Any) -> dict[str, str]:
        """Return what a person is asked where a run is interrupted: no arguments, no rule.

        Args:
            interruption: One of a result's `interruptions`.

        Returns:
            `type`, `tool_call_id` and `name`; and, where the policy asks, `code`, `decision_id`
            and `request_id`. In another process than the one that was interrupted, those are empty.
        """
        name = str(interruption.name or "")
        call_id = str(interruption.call_id or "")
        asked = self._answers.find(name, call_id) or Asked(name, call_id, {}, {})
        return question(
            name,
            call_id,
            code=asked.code,
            decision_id=asked.decision_id,
            request_id=asked.request_id,
        )

    async def judge(
        self,
        run: Any,
        tool: str,
        arguments: Mapping[str, Any],
        call_id: str,
        said: Mapping[str, Any],
    ) -> Verdict:
        """Ask for the right to run one call. Never raises but where it is cancelled.

        Args:
            run: The run's context.
            tool: The name of the tool.
            arguments: With all that the tool adds to them.
            call_id: The framework's id of the call.
            said: The arguments as the model has said them.
        """
        try:
            task = task_of(run.context)
            await join_before_call(run, {"call_id": call_id, "name": tool, "arguments": said})
            Outcomes.of(task).result(Key("", call_id, tool, arguments))
            permit = await task.apermit(
                tool, arguments, resource=self._resources.get(tool), tool_call_id=call_id
            )
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return Verdict(arguments, said, error=error)
        permit.defer_start()
        return Verdict(arguments, said, permit=permit)

    async def would_refuse(self, run: Any, tool: str, arguments: Mapping[str, Any]) -> bool:
        """Whether the policy refuses a call, whoever approves it. Nothing is spent or recorded."""
        try:
            decision = await task_of(run.context).aevaluate(
                tool, arguments, resource=self._resources.get(tool)
            )
        except InboundsError:
            return True
        return decision.outcome == "deny"

    def wait(self, run: Any, tool: str, verdict: Verdict, call_id: str) -> bool:
        """Whether the run has to wait for a person; what they are asked is remembered."""
        required = verdict.error
        if not isinstance(required, ApprovalRequired):
            return False
        self._answers.ask(
            Asked(
                tool,
                call_id,
                verdict.arguments,
                verdict.said,
                task=task_of(run.context).id,
                code=required.code,
                decision_id=required.decision_id,
                request_id=request_id(required),
            )
        )
        return True

    def wait_for_author(
        self,
        run: Any,
        tool: str,
        arguments: Mapping[str, Any],
        call_id: str,
        said: Mapping[str, Any],
    ) -> None:
        """Remember that the tool's author wants a person to be asked."""
        self._answers.ask(Asked(tool, call_id, arguments, said, task=task_of(run.context).id))

    async def hear(self, run: Any, tool: str) -> None:
        """Take the answers to a tool's calls out of a run that goes on, before it runs any.

        After a yes the policy is asked again, and the run waits on where it still wants a person.
        A no is kept for the rest of the task.
        """
        task = task_id(run)
        for asked, answer in self._answers.heard(run, tool, task):
            if not answer:
                self._reject(run, asked)
                continue
            verdict = await self.judge(run, tool, asked.arguments, asked.call_id, asked.said)
            if not (self.wait(run, tool, verdict, asked.call_id) and unsay(run, asked.call_id)):
                self.verdicts.put(task, tool, asked.call_id, verdict)

    def _reject(self, run: Any, asked: Asked) -> None:
        try:
            task: Task = task_of(run.context)
        except InboundsError as none:
            word(run, asked.call_id, refusal_text(none))
            return
        key = Key("", asked.call_id, asked.tool, asked.arguments)
        decided = asked.decision_id if asked.task == task.id else ""
        try:
            Outcomes.of(task).reject(key, decided)
        except Rejected as rejected:
            word(run, asked.call_id, refusal_text(rejected))


def task_id(run: Any) -> str:
    """Return the id of the task that a run is within; empty where there is none."""
    try:
        return task_of(run.context).id
    except InboundsError:
        return ""
