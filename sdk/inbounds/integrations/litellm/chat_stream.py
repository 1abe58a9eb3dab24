"""Answers of `/v1/chat/completions` that stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .chat import together
from .proposals import Proposed

if TYPE_CHECKING:
    from .caller import Caller
    from .proposals import Proposals

_FUNCTION = "function"
"""Stands for the one function that an answer of the older form calls."""


class _Part:
    """One call that comes bit by bit."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""
        self.ambiguous = False

    def take(self, call_id: Any, function: Any) -> None:
        """Take the next bit of it."""
        # One place for two calls: a client may put together either.
        self.ambiguous |= bool(self.id and call_id and call_id != self.id) or function is None
        self.id = self.id or str(call_id or "")
        self.name += str(getattr(function, "name", None) or "")
        self.arguments += str(getattr(function, "arguments", None) or "")

    @property
    def proposed(self) -> Proposed:
        """What it proposes."""
        return Proposed(self.name, None if self.ambiguous else self.arguments or "{}")


class ChatStream:
    """Holds what follows the first bit of a call until the answer ends."""

    def __init__(self, caller: Caller, proposals: Proposals) -> None:
        self._caller = caller
        self._proposals = proposals
        self._held: list[Any] = []
        self._parts: dict[tuple[int, Any], _Part] = {}

    async def take(self, chunk: Any) -> list[Any]:
        """Take a chunk, and return what may be passed on by now."""
        for choice in chunk.choices:
            # An answer of `/v1/completions` has text, and no more.
            for index, call_id, function in _bits(getattr(choice, "delta", None)):
                part = self._parts.setdefault((choice.index, index), _Part())
                part.take(call_id, function)
        if not self._parts:
            return [chunk]
        self._held.append(chunk)
        return []

    async def end(self) -> list[Any]:
        """Return what was held, without the calls that are refused."""
        said = await self._proposals.refusals(
            self._caller, [part.proposed for part in self._parts.values()]
        )
        lines: dict[int, list[str]] = {}
        kept: set[tuple[int, Any]] = set()
        for place, why in zip(self._parts, said, strict=True):
            if why is None:
                kept.add(place)
            else:
                lines.setdefault(place[0], []).append(why)
        for chunk in self._held:
            for choice in chunk.choices:
                _leave(choice, kept)
        for number, refused in lines.items():
            self._say(number, refused)
        return [chunk for chunk in self._held if not _empty(chunk)]

    def _say(self, number: int, lines: list[str]) -> None:
        """Say what was refused where a choice ends."""
        choices = [each for chunk in self._held for each in chunk.choices if each.index == number]
        last = next((each for each in choices if each.finish_reason), choices[-1])
        last.delta.content = together(last.delta.content, lines)


def _bits(delta: Any) -> list[tuple[Any, Any, Any]]:
    found = [
        (each.index, getattr(each, "id", None), getattr(each, "function", None))
        for each in getattr(delta, "tool_calls", None) or []
    ]
    function = getattr(delta, "function_call", None)
    return found if function is None else [*found, (_FUNCTION, None, function)]


def _leave(choice: Any, kept: set[tuple[int, Any]]) -> None:
    delta = choice.delta
    calls = getattr(delta, "tool_calls", None)
    if calls:
        delta.tool_calls = [each for each in calls if (choice.index, each.index) in kept] or None
    if getattr(delta, "function_call", None) and (choice.index, _FUNCTION) not in kept:
        delta.function_call = None
    if choice.finish_reason in ("tool_calls", "function_call"):
        left = any(place[0] == choice.index for place in kept)
        choice.finish_reason = choice.finish_reason if left else "stop"


def _empty(chunk: Any) -> bool:
    """Whether nothing is left in a chunk but what held a call."""
    if not chunk.choices or getattr(chunk, "usage", None):
        return False
    return all(
        not each.finish_reason
        and not any(
            getattr(each.delta, name, None)
            for name in ("content", "role", "tool_calls", "function_call", "reasoning_content")
        )
        for each in chunk.choices
    )
