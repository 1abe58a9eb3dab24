"""The configuration of a run that names its task."""

from __future__ import annotations

from typing import Any

from google.adk.agents import RunConfig
from pydantic import Field, SkipValidation


class TaskRunConfig(RunConfig):  # type: ignore[misc]  # not there for mypy
    """A `RunConfig` of a run that is not within a `with task:` of its own.

    The task is not part of what is written down of a run.

    Attributes:
        task: What the run is within.
    """

    task: SkipValidation[Any] = Field(default=None, exclude=True, repr=False)
