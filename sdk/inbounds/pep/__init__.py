"""The policy enforcement point: where an action is stopped. Only this package issues permits."""

from __future__ import annotations

from inbounds.pep.labelled import Labelled

from .guard import Guard
from .permit import Permit
from .task import Task

__all__ = ["Guard", "Labelled", "Permit", "Task"]
