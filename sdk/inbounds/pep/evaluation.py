"""Several calls put to the policy in one question, to know beforehand what it would say."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError, InvalidAnswer
from inbounds.model.question import _Closed
from inbounds.model.whole_question import Question
from inbounds.pdp import EVALUATION
from inbounds.process import clock

from .call import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inbounds.model.question import Decision

    from .runtime import Runtime
    from .task import Task
    from .tool import Target

MOST = 64
"""How many calls are put at once at most: each has its tokens verified, all within one deadline."""


class EvaluationQuestion(_Closed):
    """Questions that are asked together (AuthZEN Authorization API 1.0, Access Evaluations API)."""

    questions: list[Question]


def evaluate_all(
    runtime: Runtime, task: Task, calls: Sequence[tuple[Target, Mapping[str, Any]]]
) -> list[Decision]:
    """Ask what the policy would say of each call, in one query. See `Task.evaluate_all`.

    Raises:
        ConfigurationError: `configuration.too_many_calls`: they are more than `MOST`.
        DecisionUnavailable: No usable answer came; then there is none to any of them.
        ArgumentNotRepresentable: An argument of one of them cannot be judged.
    """
    if len(calls) > MOST:
        raise ConfigurationError(
            f"{len(calls)} calls are more than can be asked about at once",
            code="configuration.too_many_calls",
            hint=f"ask about {MOST} at a time",
        )
    deadline = clock.monotonic() + runtime.configuration.deadline
    decisions: dict[int, Decision] = {}
    with ExitStack() as stack:
        steps = [
            stack.enter_context(closing(Call(runtime, task, target, arguments).steps()))
            for target, arguments in calls
        ]
        waiting = {number: next(each) for number, each in enumerate(steps)}
        while waiting:
            runtime.refresh_live(deadline)
            # Each is JSON already, and stays as it was made.
            asked = b'{"questions":[' + b",".join(waiting.values()) + b"]}"
            reply = runtime.pdp.ask(EVALUATION, asked, deadline=deadline)
            answers = reply.result
            if not isinstance(answers, list) or len(answers) != len(waiting):
                raise InvalidAnswer("the PDP did not answer each of several questions")
            following = {}
            for number, answer in zip(waiting, answers, strict=True):
                try:
                    following[number] = steps[number].send((answer, reply.engine_id))
                except StopIteration as done:
                    decisions[number] = done.value
            waiting = following
    return [decisions[number] for number in range(len(calls))]
