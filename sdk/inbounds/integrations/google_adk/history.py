"""The session of ADK that a run is in, and what it holds from before the run."""

from __future__ import annotations

import contextlib
from typing import Any

from inbounds.errors import ConfigurationError, DecisionUnavailable, TaskMissing
from inbounds.integrations._adapter.conversation import ajoin
from inbounds.integrations._adapter.current_task import task_of

from .tool_proxy import is_refusal

_USER = "user"


async def join_before_run(run: Any) -> None:
    """Join the session of a run that begins, or goes on.

    Args:
        run: The context of the invocation.

    Raises:
        DecisionUnavailable: As `Task.join`: the run does not begin.
    """
    events = run.session.events
    before = events[:-1] if events and _is_prompt(events[-1]) else events
    # Outside of a task, or in another session's conversation, each call is refused later.
    with contextlib.suppress(TaskMissing, ConfigurationError):
        await ajoin(task_of(run.run_config), run.session.id, lambda: filter(_is_read, before))


async def join_before_call(context: Any) -> None:
    """Join the session of a call's run, where that has not been done.

    Args:
        context: The context of the call.

    Raises:
        TaskMissing: The run is within none.
        InboundsError: As `Task.join`.
    """
    events = context.session.events
    prompts = [at for at, each in enumerate(events) if _is_prompt(each)]
    before = events[: prompts[-1]] if prompts else events  # without a prompt, it goes on from all
    await ajoin(task_of(context.run_config), context.session.id, lambda: filter(_is_read, before))


def require_awaited(session: Any, message: Any) -> None:
    """Refuse a message of the user's with a function response that the run does not wait for.

    It waits for the response to a long-running call of its model that has not been refused, and
    to a question of the framework's own, such as for a confirmation.

    Args:
        session: The session of the framework.
        message: What the run is given; None for nothing.

    Raises:
        DecisionUnavailable: `permit.missing`: it has such a response.
    """
    given = [each.function_response for each in getattr(message, "parts", None) or ()]
    for response in filter(None, given):
        if not _is_awaited(session, response):
            raise DecisionUnavailable(
                "a function response in a message must answer a long-running call that was "
                f"permitted, or a confirmation; the one of `{response.name}` does not",
                code="permit.missing",
                hint="author of the agent: take the id and the name of a call that a run waits "
                "for, or give the text as text",
            )


def _is_awaited(session: Any, response: Any) -> bool:
    own = [each for each in session.events if each.author != _USER]
    answers = [
        each.response or {}
        for event in own
        for each in event.get_function_responses()
        if each.id == response.id
    ]
    refused = bool(answers) and is_refusal(answers[-1])
    return not refused and any(
        (call.id, call.name) == (response.id, response.name)
        and call.id in (event.long_running_tool_ids or ())
        for event in own
        for call in event.get_function_calls()
    )


def _is_prompt(event: Any) -> bool:
    """Whether the user has written it; not where the program gives the result of a call by it."""
    return event.author == _USER and not event.get_function_responses()


def _is_read(event: Any) -> bool:
    """Whether a model may read it: all but an event that only keeps state."""
    about = (event.content, event.input_transcription, event.output_transcription)
    return any(each is not None for each in (*about, event.actions.compaction))
