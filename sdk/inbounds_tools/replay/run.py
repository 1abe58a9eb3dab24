"""Plays the calls of one case through a guard, as an agent that obeys an attacker would."""

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

    from .stand import Stand

PLAN: Final = "intent.delegated_instruction"
"""The reason to ask that one approval answers for the whole task."""

Who = Literal["user", "attack"]
Approver = Literal["careful", "obliging"]
"""Who is asked: one who says yes to calls for the user alone, or one who says yes to every call."""
Result = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One call that is to be made.

    Attributes:
        who: Whose work it does.
        tool, arguments: The call.
        harm: Whether it does what the attacker is after.
        result: Runs the tool, or knows what it gave back.
    """

    who: Who
    tool: str
    arguments: dict[str, Any]
    result: Result
    harm: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one call.

    Attributes:
        step: The call.
        outcome: What the policy said; `refused` for arguments that cannot be judged.
        codes: Why.
        ran: Whether it has run.
        interrupted: Whether a person was asked.
        seconds: How long the decision took.
        cpu_seconds: How much of that the processor took, for whatever thread of this process.
        details: What the reasons point at.
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
class Played:
    """What became of all calls of one case."""

    made: list[Made] = field(default_factory=list)
    cut: tuple[dict[str, Any], ...] = ()

    def of(self, who: Who) -> list[Made]:
        """Return what became of the calls of one side."""
        return [made for made in self.made if made.step.who == who]

    @property
    def denied(self) -> list[Made]:
        """The calls for the user that were refused."""
        return [made for made in self.of("user") if not made.ran]

    @property
    def interruptions(self) -> int:
        """How often a person was asked about a call for the user."""
        return sum(made.interrupted for made in self.of("user"))

    @property
    def stopped(self) -> bool:
        """Whether nothing was done of what the attacker was after."""
        return not any(made.ran for made in self.of("attack") if made.step.harm)

    @property
    def hard_denied(self) -> bool:
        """Whether all of that was denied without anybody being asked."""
        return all(
            made.outcome in ("deny", "refused") for made in self.of("attack") if made.step.harm
        )


def play(
    stand: Stand,
    prompt: str,
    scope: Scope,
    steps: Sequence[Step],
    approver: Approver = "careful",
) -> Played:
    """Make calls in order, in a session of their own.

    A refused call does not run and its result is never seen. A careful approver says yes to a call
    for the user and no to one for the attacker. A yes to a plan holds for the task, so that it lets
    calls of the attacker run as well that nothing else holds up.

    Args:
        stand: The guard and its deployment.
        prompt: What the user said.
        scope: What the task is begun with.
        steps: The calls.
        approver: Who is asked.
    """
    task = stand.guard.task(stand.template, subject=stand.subject, prompt=prompt, scope=scope)
    played = Played(cut=tuple(dict(entry) for entry in task.cut))
    agreed = False
    for step in steps:
        willing = approver == "obliging" or step.who == "user"
        made = _made(stand, task, step, agreed=agreed, willing=willing)
        agreed = agreed or (made.interrupted and made.ran and PLAN in made.codes)
        played.made.append(made)
    return played


def _made(stand: Stand, task: Task, step: Step, *, agreed: bool, willing: bool) -> Made:

    def touched(**canonical: Any) -> tuple[str, str]:
        return stand.resource(step.tool, canonical)

    timer = _Timer()
    try:
        permit = task.permit(step.tool, step.arguments, resource=touched)
    except (AccessDenied, ApprovalRequired) as refusal:
        took = timer.took()
        return _asked(task, step, refusal.decision, took, agreed=agreed, willing=willing)
    except ArgumentNotRepresentable as fault:
        return Made(step, "refused", (fault.code,), False, False, *timer.took())
    took = timer.took()
    try:
        result = step.result()
    except Exception as error:  # noqa: BLE001 -- a tool may fail as it likes; the agent goes on
        permit.fail(error)
    else:
        permit.finish(result)
    return Made(step, "allow", (), True, False, *took)


def _asked(
    task: Task,
    step: Step,
    decision: Decision,
    took: tuple[float, float],
    *,
    agreed: bool,
    willing: bool,
) -> Made:
    codes = tuple(reason.code for reason in decision.reasons)
    details = tuple(
        {"code": reason.code, **detail} for reason in decision.reasons for detail in reason.details
    )
    if decision.outcome != "ask":
        return Made(step, "deny", codes, False, False, *took, details)
    planned = agreed and set(codes) == {PLAN}
    ran = planned or willing
    if ran:
        # The harness stands in for the person and runs the tool: there is no permit to finish.
        result = None
        with contextlib.suppress(Exception):  # a tool may fail as it likes; the agent goes on
            result = step.result()
        task.observe(result, tool=step.tool, arguments=step.arguments)
    return Made(step, "ask", codes, ran, not planned, *took, details)


class _Timer:
    """How long something takes, by the clock and by the processor."""

    def __init__(self) -> None:
        self._begun = clock.monotonic(), time.process_time()

    def took(self) -> tuple[float, float]:
        seconds, cpu = self._begun
        return clock.monotonic() - seconds, time.process_time() - cpu
