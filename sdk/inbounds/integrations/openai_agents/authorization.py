"""What judges the calls of an agent's tools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inbounds.errors import ApprovalRequired, InboundsError
from inbounds.integrations._adapter.current_task import task_of
from inbounds.integrations._adapter.outcomes import Key, Outcomes
from inbounds.integrations._adapter.questions import question, request_id
from inbounds.integrations._adapter.refusals import Rejected, refusal_text
from inbounds.integrations._adapter.requirements import guard_of, resource_for, resources_of

from .answers import Answers, Question, invocation_of, unsay, word
from .history import join_before_call
from .verdict import Call, Verdict, Verdicts

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

    def question(self, interruption: Any, task: Any = None) -> dict[str, str]:
        """Return what a person is asked where a run is interrupted: no arguments, no rule.

        Args:
            interruption: One of a result's `interruptions`.
            task: The task of the run, or what the run was given as its `context`. It may be left
                out in the `with` block of the task.

        Returns:
            `type`, `tool_call_id` and `name`; and, where the policy asks, `code`, `decision_id`
            and `request_id`. Those are empty in another process than the one that was
            interrupted, and under a task of another session.

        Raises:
            TaskMissing: There is none.
        """
        name = str(interruption.name or "")
        call_id = str(interruption.call_id or "")
        stated = str(getattr(interruption, "arguments", None) or "")
        asked = self._answers.find(task_of(task), name, call_id, stated)
        return question(
            name,
            call_id,
            code=asked.code if asked else "",
            decision_id=asked.decision_id if asked else "",
            request_id=asked.request_id if asked else "",
        )

    async def judge(self, run: Any, call: Call) -> Verdict:
        """Ask for the right to run one call. Never raises but where it is cancelled.

        Args:
            run: The run's context.
            call: What is judged.
        """
        try:
            task = task_of(run.context)
            await join_before_call(
                run, {"call_id": call.id, "name": call.tool, "arguments": call.stated}
            )
            Outcomes.of(task).result(Key("", call.id, call.tool, call.arguments))
            permit = await task.apermit(
                call.tool,
                call.arguments,
                resource=self._resource(task, call),
                tool_call_id=call.id,
            )
        except Exception as error:  # noqa: BLE001 -- whatever it is, the tool does not run
            return Verdict(call, error=error)
        permit.defer_start()
        return Verdict(call, permit=permit)

    async def would_refuse(self, run: Any, call: Call) -> bool:
        """Whether the policy refuses a call, whoever approves it. Nothing is spent or recorded."""
        try:
            task = task_of(run.context)
            decision = await task.aevaluate(
                call.tool, call.arguments, resource=self._resource(task, call)
            )
        except InboundsError:
            return True
        return decision.outcome == "deny"

    def _resource(self, task: Task, call: Call) -> ResourceOf | None:
        return resource_for(task, call.tool, self._resources.get(call.tool), served=call.served)

    def wait(self, run: Any, verdict: Verdict) -> bool:
        """Whether the run has to wait for a person; what they are asked is remembered."""
        required = verdict.error
        if not isinstance(required, ApprovalRequired):
            return False
        self.ask(run, verdict.call, required)
        return True

    def ask(self, run: Any, call: Call, required: ApprovalRequired | None = None) -> None:
        """Remember what a person is asked: by the policy, or else by the tool's author."""
        task = task_of(run.context)
        asked = Question(call, task.id, invocation_of(run, call.id))
        if required is not None:
            asked = replace(
                asked,
                code=required.code,
                decision_id=required.decision_id,
                request_id=request_id(required),
            )
        self._answers.ask(task, asked)

    async def hear(self, run: Any, tool: str) -> None:
        """Take the answers to a tool's calls out of a run that goes on, before it runs any.

        After a yes the policy is asked again, and the run waits on where it still wants a person.
        A no is kept for the rest of the task.
        """
        try:
            task = task_of(run.context)
        except InboundsError:
            return  # then no call runs
        for asked, answer in self._answers.heard(run, tool, task):
            if not answer:
                _reject(run, task, asked)
                continue
            verdict = await self.judge(run, asked.call)
            if not (self.wait(run, verdict) and unsay(run, asked.call.id)):
                self.verdicts.put(task.id, verdict)


def _reject(run: Any, task: Task, asked: Question) -> None:
    call = asked.call
    decided = asked.decision_id if asked.task == task.id else ""
    try:
        Outcomes.of(task).reject(Key("", call.id, call.tool, call.arguments), decided)
    except Rejected as rejected:
        word(run, call.id, refusal_text(rejected))


def task_id(run: Any) -> str:
    """Return the id of the task that a run is within; empty where there is none."""
    try:
        return task_of(run.context).id
    except InboundsError:
        return ""
