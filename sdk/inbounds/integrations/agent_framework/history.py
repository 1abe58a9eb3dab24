"""The session of the framework that a run is in, and what it holds from before the run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError, TaskMissing
from inbounds.integrations._adapter.conversation import ajoin, without_prompt
from inbounds.integrations._adapter.current_task import task_of
from inbounds.process.threads import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .run_input import RunInput


async def join_before_run(run: Mapping[str, Any], session: Any, messages: Sequence[Any]) -> None:
    """Join a run that has no session: with the messages that it is given, and no others.

    Raises:
        DecisionUnavailable: As `Task.join`: the run does not begin.
    """
    if session is not None:
        return
    # Outside of a task, or in another session's conversation, each call is refused later.
    with contextlib.suppress(TaskMissing, ConfigurationError):
        await ajoin(task_of(run), None, lambda: _history(messages))


async def join_before_model(
    run: Mapping[str, Any], session: Any, messages: Sequence[Any], given: RunInput
) -> None:
    """Join the session of a run whose model is about to be asked.

    Raises:
        DecisionUnavailable: As `Task.join`: the model is not asked.
    """
    if session is None:
        return
    elsewhere = ["-"] if session.service_session_id is not None else []

    def history() -> list[Any]:
        loaded = map(_plain, given.history(session, messages))
        return [*_history(messages), *loaded, *elsewhere]

    with contextlib.suppress(TaskMissing, ConfigurationError):
        await ajoin(task_of(run), session.session_id, history)


async def expose_unseen(run: Mapping[str, Any], texts: Sequence[str]) -> None:
    """Make text that others have put before the model part of the task's session.

    Raises:
        DecisionUnavailable: As `Task.join`: no call of the run may run.
    """
    if texts:
        # Outside of a task, each call is refused later.
        with contextlib.suppress(TaskMissing, ConfigurationError):
            task = task_of(run)
            await run_in_thread(lambda: task.join(None, lambda: texts))


async def join_before_call(run: Mapping[str, Any], session: Any) -> None:
    """Join the session of a call: one that no model was asked for here goes on from before.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    task = task_of(run)
    if session is not None:
        await ajoin(task, session.session_id, lambda: ["-"])
    elif task.conversation is not None:
        await ajoin(task, None, lambda: ["-"])


def _history(messages: Sequence[Any]) -> list[Any]:
    return without_prompt(map(_plain, messages), lambda each: each["role"])[0]


def _plain(message: Any) -> dict[str, Any]:
    return {"role": message.role, "content": [each.to_dict() for each in message.contents]}
