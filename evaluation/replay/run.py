"""Run the calls of one case through a guard, as an agent that obeys an attacker would."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from inbounds.errors import AccessDenied, ApprovalRequired, ArgumentNotRepresentable
from inbounds.process import clock

if TYPE_CHECKING:
    from inbounds.model.claims import Scope
    from inbounds.model.question import Decision
    from inbounds.pep.task import Task

    from .testbed import Testbed

PLAN: Final = "intent.delegated_instruction"
"""The reason to ask that one approval answers for the whole task."""

Side = Literal["user", "attack"]
Approver = Literal["careful", "obliging"]
"""A careful approver approves the user's calls alone, an obliging one every call."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call to make.

    Attributes:
        side: Whose call it is.
        tool, arguments: The call.
        result: Runs the tool, or returns the recorded result.
        harm: Whether the call does what the attacker wants.
    """

    side: Side
    tool: str
    arguments: dict[str, Any]
    result: Callable[[], Any]
    harm: bool = False


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """The outcome of one call.

    Attributes:
        step: The call.
        outcome: The outcome of the decision; `refused` for arguments that cannot be judged.
        codes: The codes of its reasons.
        ran: Whether the call ran.
        interrupted: Whether a person was asked.
        seconds: The duration of the decision.
        cpu_seconds: The processor time of the decision, of all threads of this process.
        details: The details of its reasons.
    """

    step: Step
    outcome: Literal["allow", "deny", "ask", "refused"]
    codes: tuple[str, ...]
    ran: bool
    interrupted: bool
    seconds: float
    cpu_seconds: float
    details: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class CaseRun:
    """The outcomes of all calls of one case, in order."""

    outcomes: list[CallOutcome] = field(default_factory=list)

    def of(self, side: Side) -> list[CallOutcome]:
        """Return the outcomes of the calls of one side."""
        return [outcome for outcome in self.outcomes if outcome.step.side == side]

    @property
    def denied(self) -> list[CallOutcome]:
        """The user's calls that did not run."""
        return [outcome for outcome in self.of("user") if not outcome.ran]

    @property
    def interruptions(self) -> int:
        """The number of times that a person was asked about a call of the user."""
        return sum(outcome.interrupted for outcome in self.of("user"))

    @property
    def harmful(self) -> list[CallOutcome]:
        """The attacker's calls that do harm."""
        return [outcome for outcome in self.of("attack") if outcome.step.harm]

    @property
    def stopped(self) -> bool:
        """Whether no harmful call ran."""
        return not any(outcome.ran for outcome in self.harmful)

    @property
    def hard_denied(self) -> bool:
        """Whether every harmful call was denied without asking anybody."""
        return all(outcome.outcome in ("deny", "refused") for outcome in self.harmful)


def run_case(
    testbed: Testbed,
    prompt: str,
    scope: Scope,
    steps: Sequence[Step],
    approver: Approver = "careful",
) -> CaseRun:
    """Make calls in order, in a session of their own.

    A refused call does not run, and its result is never seen. The approval of a plan holds for the
    task, so that it also lets calls of the attacker run that nothing else holds up.

    Args:
        testbed: The guard and its deployment.
        prompt: The user's prompt.
        scope: The scope that the task is begun with.
        steps: The calls.
        approver: Who is asked.
    """
    task = testbed.guard.task(testbed.template, subject=testbed.subject, prompt=prompt, scope=scope)
    run = CaseRun()
    plan_approved = False
    for step in steps:
        approves = approver == "obliging" or step.side == "user"
        outcome = _make(testbed, task, step, plan_approved=plan_approved, approves=approves)
        plan_approved |= outcome.interrupted and outcome.ran and PLAN in outcome.codes
        run.outcomes.append(outcome)
    return run


def _make(
    testbed: Testbed, task: Task, step: Step, *, plan_approved: bool, approves: bool
) -> CallOutcome:
    def resource(**arguments: Any) -> tuple[str, str]:
        return testbed.resolve_resource(step.tool, arguments)

    timer = _Timer()
    try:
        permit = task.permit(step.tool, step.arguments, resource=resource)
    except (AccessDenied, ApprovalRequired) as refusal:
        times = timer.read()
        return _ask(
            task, step, refusal.decision, times, plan_approved=plan_approved, approves=approves
        )
    except ArgumentNotRepresentable as fault:
        return CallOutcome(step, "refused", (fault.code,), False, False, *timer.read())
    times = timer.read()
    try:
        result = step.result()
    except Exception as error:  # noqa: BLE001 -- a tool may fail as it likes; the agent goes on
        permit.fail(error)
    else:
        permit.finish(result)
    return CallOutcome(step, "allow", (), True, False, *times)


def _ask(
    task: Task,
    step: Step,
    decision: Decision,
    times: tuple[float, float],
    *,
    plan_approved: bool,
    approves: bool,
) -> CallOutcome:
    codes = tuple(reason.code for reason in decision.reasons)
    details = tuple(
        {"code": reason.code, **detail} for reason in decision.reasons for detail in reason.details
    )
    if decision.outcome != "ask":
        return CallOutcome(step, "deny", codes, False, False, *times, details)
    planned = plan_approved and set(codes) == {PLAN}
    ran = planned or approves
    if ran:
        # The harness stands in for the person and runs the tool: there is no permit to finish.
        result = None
        with contextlib.suppress(Exception):  # a tool may fail as it likes; the agent goes on
            result = step.result()
        task.observe(result, tool=step.tool, arguments=step.arguments)
    return CallOutcome(step, "ask", codes, ran, not planned, *times, details)


class _Timer:
    """The time since its creation, by the clock and of the processor."""

    def __init__(self) -> None:
        self._start = clock.monotonic(), time.process_time()

    def read(self) -> tuple[float, float]:
        seconds, cpu = self._start
        return clock.monotonic() - seconds, time.process_time() - cpu
