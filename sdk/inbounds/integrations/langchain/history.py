"""The thread that a run of LangGraph is in, and what it holds from before the run."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langgraph.config import get_config

from inbounds.integrations._adapter.conversation import ajoin, join, texts_of
from inbounds.integrations._adapter.current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inbounds.pep.task import Task


class Thread:
    """The conversation of one run.

    Args:
        task: The task of the run.
        run: The run's `configurable`.
        state: The state of the graph: its messages, or what holds them.
    """

    def __init__(self, task: Task, run: Mapping[str, Any], state: Any) -> None:
        self._task = task
        self._id = run.get("thread_id")
        self._messages = _messages(state)

    def join(self) -> None:
        """Make it part of the session of the task. Raises as `Task.join`."""
        join(self._task, self._id, self._history, run=self._run())

    async def ajoin(self) -> None:
        """Async twin of `join`."""
        await ajoin(self._task, self._id, self._history, run=self._run())

    def _run(self) -> str:
        """Tell this run from others: by the user's message that it goes on from."""
        if self._id not in (None, ""):
            return ""
        at = _latest(self._messages)
        return f"{at}/{getattr(self._messages[at], 'id', '')}" if at >= 0 else ""

    def _history(self) -> list[str]:
        """The texts of all messages before the user's latest, and of results that follow it.

        Of what the user alone has written, nothing is history.
        """
        at = _latest(self._messages)
        found = [each for each in self._messages[: max(at, 0)] if not _is_system(each)]
        after = [each for each in self._messages[at + 1 :] if not _is_system(each)]
        if at >= 0 and _is_summary(self._messages[at]):
            found.append(self._messages[at])
        if any(not isinstance(each, AIMessage) for each in after):
            found += after
        if all(isinstance(each, HumanMessage) and not _is_summary(each) for each in found):
            return []
        return texts_of([getattr(each, "content", each) for each in found])


def join_before_model(request: Any) -> None:
    """Join the conversation of a run whose model is about to be asked.

    Where that fails, each call of a tool is refused later.
    """
    with contextlib.suppress(Exception):  # a call of a tool joins it again, and is refused
        _thread_of(request).join()


async def ajoin_before_model(request: Any) -> None:
    """Async twin of `join_before_model`."""
    with contextlib.suppress(Exception):  # a call of a tool joins it again, and is refused
        await _thread_of(request).ajoin()


def _thread_of(request: Any) -> Thread:
    task = task_of(getattr(request.runtime, "context", None))
    try:
        run: Mapping[str, Any] = get_config().get("configurable") or {}
    except RuntimeError:
        run = {}  # outside of a graph
    return Thread(task, run, request.messages)


def _messages(state: Any) -> Sequence[Any]:
    if isinstance(state, list | tuple):
        return state
    found = state.get("messages") if isinstance(state, dict) else getattr(state, "messages", None)
    return found if isinstance(found, list | tuple) else ()


def _latest(messages: Sequence[Any]) -> int:
    """Return where the user's latest message stands; -1 where there is none."""
    places = range(len(messages) - 1, -1, -1)
    return next((at for at in places if isinstance(messages[at], HumanMessage)), -1)


def _is_system(message: Any) -> bool:
    return isinstance(message, SystemMessage)


def _is_summary(message: Any) -> bool:
    """Whether a layer has written it in place of what was said before."""
    return getattr(message, "additional_kwargs", {}).get("lc_source") is not None
