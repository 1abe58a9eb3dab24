"""Answers that stream: a call is held until it is whole and judged; text before it passes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .chat_stream import ChatStream
from .messages_stream import MessagesStream
from .responses_stream import ResponsesStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .caller import Caller
    from .proposals import Proposals


class Unreadable(Exception):
    """Nobody could say what an answer proposes."""


class _Reader(Protocol):
    async def take(self, chunk: Any) -> list[Any]:
        """Take what comes next, and return what may be passed on by now."""

    async def end(self) -> list[Any]:
        """Return what is left once nothing more comes."""


async def judged_stream(
    chunks: AsyncIterator[Any], caller: Caller, proposals: Proposals, *, passes: bool = False
) -> AsyncIterator[Any]:
    """Yield an answer without the calls that the policy would refuse, each with a line for it.

    Args:
        chunks: The answer, as LiteLLM gives it to guardrails.
        caller: Who is answered.
        proposals: Judge.
        passes: Whether it may be of a kind that passes although nobody looks at it: text of which
            nobody knows the form.

    Raises:
        Unreadable: It is of no shape that is known; nothing of what was held is given.
    """
    reader: _Reader | None = None
    async for chunk in chunks:
        try:
            reader = reader or _reader(chunk, caller, proposals, passes=passes)
            # A stream may begin with what keeps a connection open: what follows is looked at anew.
            given = [chunk] if reader is None else await reader.take(chunk)
        except Exception as error:
            raise Unreadable from error
        for each in given:
            yield each
    if reader is not None:
        try:
            given = await reader.end()
        except Exception as error:
            raise Unreadable from error
        for each in given:
            yield each


def _reader(chunk: Any, caller: Caller, proposals: Proposals, *, passes: bool) -> _Reader | None:
    """Return who reads an answer that goes on so; None where nothing in it proposes a call."""
    if isinstance(chunk, bytes | str):
        return None if passes else MessagesStream(caller, proposals)
    if hasattr(chunk, "choices"):
        return ChatStream(caller, proposals)
    if str(getattr(chunk, "type", "")).startswith(
        ("response.", "ResponsesAPIStreamEvents.", "error")
    ):
        return ResponsesStream(caller, proposals)
    return None
