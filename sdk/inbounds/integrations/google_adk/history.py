"""The session of ADK that a run is in, and what it holds from before the run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError, TaskMissing
from inbounds.integrations._adapter.conversation import ajoin, texts_of
from inbounds.integrations._adapter.current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_USER = "user"


async def join_before_run(run: Any) -> None:
    """Join the session of a run that begins, or goes on.

    Args:
        run: The context of the invocation.

    Raises:
        DecisionUnavailable: As `Task.join`: the run does not begin.
    """
    events = run.session.events
    before = events[:-1] if events and events[-1].author == _USER else events
    # Outside of a task, or in another session's conversation, each call is refused later.
    with contextlib.suppress(TaskMissing, ConfigurationError):
        await ajoin(task_of(run.run_config), run.session.id, lambda: _texts(before))


async def join_before_call(context: Any) -> None:
    """Join the session of a call's run, where that has not been done.

    Args:
        context: The context of the call.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    events = context.session.events
    latest = [at for at, each in enumerate(events) if each.author == _USER][-1:] or [0]
    before = events[: latest[0]]
    await ajoin(task_of(context.run_config), context.session.id, lambda: _texts(before))


def _texts(events: Sequence[Any]) -> list[str]:
    parts = [part for each in events if each.content for part in each.content.parts or ()]
    return texts_of(
        [
            (
                part.text,
                part.function_call and part.function_call.args,
                part.function_response and part.function_response.response,
            )
            for part in parts
        ]
    )
