"""The thread that a run of LangGraph is in, and what it holds from before the run."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage, HumanMessage
from langgraph.config import get_config
from langgraph.runtime import DEFAULT_RUNTIME

from inbounds.errors import TaskMissing
from inbounds.integrations._adapter.conversation import (
    ajoin,
    join,
    join_unseen,
    see,
    without_prompt,
)
from inbounds.integrations._adapter.current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_core.messages import SystemMessage

    from inbounds.pep.task import Task

_NO_RUN = DEFAULT_RUNTIME.stream_writer
"""What stands where each run has a writer of its own."""
_NOT_FOUND = object()
"""Stands for messages that are somewhere else: as it has no plain form, nobody has seen it."""


class Thread:
    """The conversation of one run.

    Args:
        task: The task of the run.
        run: The run's `configurable`.
        messages: All that it holds.
        call_id: Of the call that is a part of it, which the run's own model has asked for.
    """

    def __init__(
        self,
        task: Task,
        run: Mapping[str, Any],
        messages: Sequence[Any],
        call_id: str | None = None,
    ) -> None:
        self._task = task
        self._id = run.get("thread_id")
        self._own = messages[-1:] if messages and _asks_for(messages[-1], call_id) else []
        self._messages = messages[: len(messages) - len(self._own)]
        # Of a graph within another, the run is told by the place of that one.
        place = str(run.get("checkpoint_ns") or "").rpartition("|")[0]
        writer = getattr(run.get("__pregel_runtime"), "stream_writer", _NO_RUN)
        self._run = None if writer is _NO_RUN else (writer, place)

    def join(self) -> None:
        """Make it part of the session of the task. Raises as `Task.join`."""
        join(self._task, self._id, self._history, run=self._run)
        see_messages(self._task, self._own)

    async def ajoin(self) -> None:
        """Async twin of `join`."""
        await ajoin(self._task, self._id, self._history, run=self._run)
        see_messages(self._task, self._own)

    def _history(self) -> Iterable[Any]:
        history, prompt = without_prompt(self._messages, _role)
        see_messages(self._task, prompt)
        return map(_without_id, history)


def messages_around(state: Any, call_id: str, key: str | None) -> list[Any]:
    """Return the messages that the call of a tool stands in, in whichever member of a state.

    Where no message asks for the call, there is one all the same, and nobody has seen it.

    Args:
        state: What a node of tools is given: messages, or what holds them.
        call_id: Of the call.
        key: Of the member that the node reads. Without it, each that the call stands in counts.
    """
    found: list[Any] = []
    for place in _places(state, key):
        if isinstance(place, list | tuple) and any(_asks_for(each, call_id) for each in place):
            found = [*(each for each in found if each not in place), *place]
    return found or [_NOT_FOUND]


def _places(state: Any, key: str | None) -> list[Any]:
    if isinstance(state, list | tuple):
        return [state]
    if key is None:
        return [*(state if isinstance(state, Mapping) else getattr(state, "__dict__", {})).values()]
    # As the node itself reads it.
    return [(isinstance(state, dict) and state.get(key)) or getattr(state, key, None)]


def see_messages(task: Task, messages: Iterable[Any]) -> None:
    """Remember what the model of a run has answered, or a tool of it has given."""
    see(task, map(_without_id, messages))


def see_in(runtime: Any, messages: Iterable[Any]) -> None:
    """Do that for the task of a run, where it is within one."""
    with contextlib.suppress(TaskMissing):
        see_messages(task_of(getattr(runtime, "context", None)), messages)


def thread_of(request: Any) -> Thread:
    """Return the conversation of a run whose model is about to be asked.

    Raises:
        TaskMissing: The run is within none.
    """
    task = task_of(getattr(request.runtime, "context", None))
    run: Mapping[str, Any] = {}
    with contextlib.suppress(RuntimeError):  # outside of a graph
        run = get_config().get("configurable") or {}
    return Thread(task, run, request.messages)


def added_instructions(request: Any, fixed: Sequence[SystemMessage]) -> list[Any]:
    """Return what layers have added to an agent's instructions: texts, and other blocks.

    Args:
        request: To the model, as the last layer has it.
        fixed: What the program itself instructs by, which is left out.
    """
    message = request.system_message
    if message is None:
        return []
    rest = message.text
    for each in fixed:
        rest = rest.replace(each.text, "", 1)
    known = [block for each in fixed for block in each.content_blocks]
    blocks = [
        each for each in message.content_blocks if each["type"] != "text" and each not in known
    ]
    return [rest, *blocks] if rest.strip() else blocks


def join_added(request: Any, added: Sequence[Any]) -> None:
    """Make added instructions part of the session of the task of a request.

    Raises:
        InboundsError: As `Task.join`: the model is not asked.
    """
    with contextlib.suppress(TaskMissing):  # then no call runs
        join_unseen(task_of(getattr(request.runtime, "context", None)), added)


def _asks_for(message: Any, call_id: str | None) -> bool:
    calls = getattr(message, "tool_calls", None) or ()
    return any(call_id is not None and (each.get("id") or "") == call_id for each in calls)


def _without_id(message: Any) -> Any:
    """A message as it was before the graph gave it an id."""
    return message.model_copy(update={"id": None}) if isinstance(message, BaseMessage) else message


def _role(message: Any) -> str:
    """Return who speaks; in a summary, a layer does that stands in place of earlier messages."""
    typed = isinstance(message, HumanMessage) and "lc_source" not in message.additional_kwargs
    return "user" if typed else ""
