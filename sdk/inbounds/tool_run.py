"""The run of a permitted tool that this context is a part of."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator

_current: ContextVar[ToolRun | None] = ContextVar("inbounds_tool_run", default=None)


class ToolRun:
    """One run of a permitted tool.

    Args:
        tool: The name that the registry has for it.
        record: Records a refusal of something that the tool starts, and names it in the error.

    Attributes:
        tool: The same name.
    """

    __slots__ = ("_record", "tool")

    def __init__(self, tool: str, record: Callable[[ConfigurationError], None]) -> None:
        self.tool = tool
        self._record = record

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let the code that runs within be that of the tool, and what it starts in turn."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

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
        self._record(error)
        return error


def current_tool_run() -> ToolRun | None:
    """Return the run that this context is within; None outside of a permitted tool."""
    return _current.get()
