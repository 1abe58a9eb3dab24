"""The run of a permitted tool that this context is a part of."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from inbounds.evidence.records import Decided

_current: ContextVar[ToolRun | None] = ContextVar("inbounds_tool_run", default=None)


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
    """

    __slots__ = ("allowed", "record", "workflow")

    def __init__(
        self, allowed: Decided, record: Callable[[Decided], None], *, workflow: str = ""
    ) -> None:
        self.allowed = allowed
        self.record = record
        self.workflow = workflow

    @property
    def tool(self) -> str:
        """The name of the tool."""
        return self.allowed.tool

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
