"""The run of a permitted tool that this context is a part of."""

from __future__ import annotations

import os
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, ClassVar

from inbounds.errors import DecisionUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inbounds.evidence.records import Decided

_current: ContextVar[ToolRun | None] = ContextVar("inbounds_tool_run", default=None)

_inherited: list[object] = []
"""Generators and coroutines of the parent of this process, in the midst of their code."""


class ToolRun:
    """One run of a permitted tool.

    Args:
        allowed: As the attribute.
        record: As the attribute.
        workflow: As the attribute.

    Attributes:
        allowed: The record of the decision that allowed it.
        record: Writes another one to the evidence log.
        workflow: The kind of the workflow that this part of the run belongs to: it is not guarded,
            and so no model may be asked in it. Empty outside of one.
        latest: Of the process: another object with each call to be judged, and each result given.
    """

    latest: ClassVar[object] = object()
    __slots__ = ("_process", "allowed", "record", "workflow")

    def __init__(
        self, allowed: Decided, record: Callable[[Decided], None], *, workflow: str = ""
    ) -> None:
        self.allowed = allowed
        self.record = record
        self.workflow = workflow
        self._process = os.getpid()

    @property
    def tool(self) -> str:
        """The name of the tool."""
        return self.allowed.tool

    @property
    def is_inherited(self) -> bool:
        """Whether this process has it from a fork: then its code must not go on here."""
        return os.getpid() != self._process

    def require_own(self) -> None:
        """Refuse to go on with the code of the tool in a process that a fork has made.

        Raises:
            DecisionUnavailable: `permit.used`.
        """
        if self.is_inherited:
            raise DecisionUnavailable(
                "this run of the tool is another process's",
                code="permit.used",
                hint="call the tool in the process that reads its items",
                executed="yes",
                decision_id=self.allowed.decision_id,
            )

    def abandon(self, code: object) -> None:
        """Keep code that this process has from a fork, since to drop or close it would run it."""
        _inherited.append(code)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let the code that runs within be that of the tool, and what it starts in turn."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def current_tool_run() -> ToolRun | None:
    """Return the run that this context is within; None outside of a permitted tool."""
    return _current.get()
