"""What a task of a crew goes on from: what the agents of this session gave, or a stranger's."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crewai.utilities.formatter import DIVIDERS
from pydantic import BaseModel

from inbounds.errors import TaskMissing
from inbounds.integrations._adapter.conversation import join_unseen, see
from inbounds.integrations._adapter.current_task import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def join_context(context: str | None) -> None:
    """Make the context of a task part of the session, but for what its own agents gave.

    Args:
        context: As the framework puts it together of outputs, or as a program gives it.

    Raises:
        InboundsError: As `Task.join`: no call of the run may run.
    """
    if context:
        with suppress(TaskMissing):  # then no call runs
            join_unseen(task_of(None), context.split(DIVIDERS))


def see_output(result: Any) -> None:
    """Remember what an agent of the session gave: it is a context of its next tasks."""
    _see([result.model_dump_json() if isinstance(result, BaseModel) else str(result)])


def see_passed_on(arguments: Iterable[Any]) -> None:
    """Remember what the model of an agent passes on to a coworker by a permitted call."""
    _see(each for each in arguments if isinstance(each, str))


def _see(texts: Iterable[str]) -> None:
    with suppress(TaskMissing):
        see(task_of(None), [part for text in texts for part in text.split(DIVIDERS)])
