"""Answers of `/v1/responses` that stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm.types.llms.openai import (
    ContentPartAddedEvent,
    ContentPartDoneEvent,
    OutputItemAddedEvent,
    OutputItemDoneEvent,
    OutputTextDeltaEvent,
    OutputTextDoneEvent,
)

from .proposals import Proposed
from .responses import is_call, line, member, proposed

if TYPE_CHECKING:
    from .caller import Caller
    from .proposals import Proposals

_BITS = ("response.function_call_arguments.", "response.custom_tool_call_input.")


class ResponsesStream:
    """Holds the events of each call until the call is whole."""

    def __init__(self, caller: Caller, proposals: Proposals) -> None:
        self._caller = caller
        self._proposals = proposals
        self._held: dict[Any, list[Any]] = {}
        self._said: dict[tuple[str, ...], str | None] = {}
        self._number: int | None = None

    async def take(self, event: Any) -> list[Any]:
        """Take an event, and return what may be passed on by now."""
        return [self._numbered(each) for each in await self._taken(event)]

    async def _taken(self, event: Any) -> list[Any]:
        kind = str(getattr(event.type, "value", event.type))
        index = getattr(event, "output_index", None)
        item = getattr(event, "item", None)
        if kind == "response.output_item.done" and is_call(item):
            return await self._whole(index, [*self._held.pop(index, []), event], item)
        if is_call(item) or kind.startswith(_BITS):
            self._held.setdefault(index, []).append(event)
            return []
        if index in self._held:
            self._held[index].append(event)
            return []
        if isinstance(output := getattr(getattr(event, "response", None), "output", None), list):
            event.response.output = [await self._in_its_place(each) for each in output]
        return [event]

    async def end(self) -> list[Any]:
        """Give nothing of what has not become whole."""
        return []

    async def _whole(self, index: Any, events: list[Any], item: Any) -> list[Any]:
        bits = [each.delta for each in events if isinstance(getattr(each, "delta", None), str)]
        ends = [
            each.arguments for each in events if isinstance(getattr(each, "arguments", None), str)
        ]
        said = member(item, "arguments")
        # A client may read any of them.
        same = all(each == said for each in [*(["".join(bits)] if bits else []), *ends])
        names = {
            member(getattr(each, "item", None), "name") for each in events if hasattr(each, "item")
        }
        if not same or len(names) > 1:
            (why,) = await self._proposals.refusals(
                self._caller, [Proposed(member(item, "name"), None)]
            )
        else:
            why = await self._refusal(item)
        self._said[_key(item)] = why
        return events if why is None else _in_place_of(line(item, why), index, why)

    async def _in_its_place(self, item: Any) -> Any:
        if not is_call(item):
            return item
        if _key(item) not in self._said:
            self._said[_key(item)] = await self._refusal(item)
        why = self._said[_key(item)]
        return item if why is None else line(item, why)

    async def _refusal(self, item: Any) -> str | None:
        (why,) = await self._proposals.refusals(self._caller, [proposed(item)])
        return why

    def _numbered(self, event: Any) -> Any:
        """Number events anew: there may be fewer of them, or more."""
        number = getattr(event, "sequence_number", None)
        if isinstance(number, int):
            self._number = number if self._number is None else self._number + 1
            event.sequence_number = self._number
        return event


def _key(item: Any) -> tuple[str, ...]:
    return tuple(str(member(item, name)) for name in ("type", "call_id", "name", "arguments"))


def _in_place_of(said: dict[str, Any], index: Any, why: str) -> list[Any]:
    """Return the events by which a message of one line is told."""
    part = said["content"][0]
    place = {"output_index": index, "sequence_number": 0}
    text = {**place, "item_id": said["id"], "content_index": 0}
    begun = {**said, "status": "in_progress", "content": []}
    return [
        OutputItemAddedEvent(type="response.output_item.added", item=begun, **place),
        ContentPartAddedEvent(
            type="response.content_part.added", part={**part, "text": ""}, **text
        ),
        OutputTextDeltaEvent(type="response.output_text.delta", delta=why, **text),
        OutputTextDoneEvent(type="response.output_text.done", text=why, **text),
        ContentPartDoneEvent(
            type="response.content_part.done", part={**part, "logprobs": None}, **text
        ),
        OutputItemDoneEvent(type="response.output_item.done", item=said, **place),
    ]
