"""The run of a permitted tool that this context is a part of."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError
from inbounds.evidence.records import Decided
from inbounds.process import clock
from inbounds.process.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator

_OF_THE_CALL = (
    *("task", "sid", "tenant", "subject", "agent", "actors", "intent", "tool", "effects"),
    *("resource_type", "resource_digest", "digest", "engine", "pep", "trace_id", "granted"),
)
"""What the record of a refused agent has in common with that of the call it was started in."""

_current: ContextVar[ToolRun | None] = ContextVar("inbounds_tool_run", default=None)


class ToolRun:
    """One run of a permitted tool.

    Args:
        allowed: The record of the decision that allowed it.
        record: Writes another one to the evidence log.
        workflow: As the attribute.

    Attributes:
        tool: The name of the tool.
        workflow: The kind of the workflow that this part of the run belongs to: it is not guarded,
            and so no model may be asked in it. Empty outside of one.
    """

    __slots__ = ("_allowed", "_record", "tool", "workflow")

    def __init__(
        self, allowed: Decided, record: Callable[[Decided], None], *, workflow: str = ""
    ) -> None:
        self.tool = allowed.tool
        self.workflow = workflow
        self._allowed = allowed
        self._record = record

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let the code that runs within be that of the tool, and what it starts in turn."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def within(self, workflow: str) -> ToolRun:
        """Return the same run, as a workflow of this kind is a part of it; empty for none."""
        return ToolRun(self._allowed, self._record, workflow=workflow)

    def iterate(self, items: Generator[Any, None, None]) -> Generator[Any, None, None]:
        """Yield the items of a generator, each made within this run.

        The consumer shares the context of a generator, and is not within.
        """
        try:
            while True:
                with self.active():
                    try:
                        item = next(items)
                    except StopIteration:
                        return
                yield item
        finally:
            with self.active():
                items.close()

    async def aiterate(self, items: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """Async twin of `iterate`."""
        try:
            while True:
                with self.active():
                    try:
                        item = await anext(items)
                    except StopAsyncIteration:
                        return
                yield item
        finally:
            with self.active():
                await items.aclose()

    def agent_refusal(self, agent: str) -> ConfigurationError:
        """Record that the tool has started an agent that nobody guards; return the refusal.

        Args:
            agent: The kind of the agent.

        Raises:
            DecisionUnavailable: The evidence log did not take the record. The agent must not run.
        """
        error = ConfigurationError(
            f"`{self.tool}` started an agent ({agent}) whose own tool calls are not judged",
            code="agent.unguarded",
            hint="guard that agent with its framework's adapter, or do the work without an agent",
        )
        error.decision_id = uuid7()
        about = {name: getattr(self._allowed, name) for name in _OF_THE_CALL}
        self._record(
            Decided(
                **about,
                decision_id=error.decision_id,
                at=clock.now_ns(),
                outcome="unavailable",
                codes=(error.code,),
            )
        )
        return error


def current_tool_run() -> ToolRun | None:
    """Return the run that this context is within; None outside of a permitted tool."""
    return _current.get()
