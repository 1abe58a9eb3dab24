"""Which task a framework's run is within, and which tools its model is shown.

Hiding a tool is a help to the model, and never what stops a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inbounds.errors import InboundsError
from inbounds.pep.task import Task, current


def task_of(context: Any) -> Task:
    """Return the task that a run's own context names, or else the one that it is within.

    Args:
        context: What the program gave the framework for this run: a `Task`, a mapping or an
            object with a `task`, or anything else.

    Raises:
        TaskMissing: No task is active.
    """
    if isinstance(context, Task):
        return context
    named = context.get("task") if isinstance(context, Mapping) else getattr(context, "task", None)
    return named if isinstance(named, Task) else current()


def shown_tools(context: Any) -> frozenset[str]:
    """Return the names of the tools that a run's model is shown: those of its task, or none.

    Args:
        context: As `task_of`.
    """
    try:
        return frozenset(task_of(context).authority.tools)
    except InboundsError:
        return frozenset()
