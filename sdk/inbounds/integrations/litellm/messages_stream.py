"""Answers of `/v1/messages` that stream: the text of server-sent events."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import TYPE_CHECKING, Any

from inbounds.canonical.strict_json import strict_json

from .messages import CALL
from .proposals import Proposed

if TYPE_CHECKING:
    from .caller import Caller
    from .proposals import Proposals

_END = re.compile(r"\r\n\r\n|\n\n|\r\r")
_END_LENGTH = 4
_LINE = re.compile(r"\r\n|\n|\r")
_FIELDS = ("data:", "event:", "id:", "retry:", ":")
"""How each line of an event begins. A client might read another, and a call in it."""

_MOST = 16 * 1024 * 1024
"""How much text may come before an event ends."""


class MessagesStream:
    """Holds the events of each call until the call is whole."""

    def __init__(self, caller: Caller, proposals: Proposals) -> None:
        self._caller = caller
        self._proposals = proposals
        self._rest = StringIO()
        self._tail = ""
        self._bytes = b""
        self._binary = True
        self._held: dict[Any, list[str]] = {}
        self._parts: dict[Any, dict[str, Any]] = {}
        self._kept = self._refused = 0

    async def take(self, chunk: bytes | str) -> list[Any]:
        """Take a piece of text, and return what may be passed on by now."""
        self._binary = isinstance(chunk, bytes)
        text = self._decoded(chunk) if isinstance(chunk, bytes) else chunk
        if self._rest.tell() + len(text) > _MOST:
            raise ValueError("an event without an end")
        return self._encoded("".join([await self._taken(frame) for frame in self._frames(text)]))

    async def end(self) -> list[Any]:
        """Give nothing of what has not become whole."""
        rest = self._rest.getvalue()
        given = await self._taken(rest + "\n\n") if rest.strip() else ""
        return self._encoded(given)

    def _frames(self, text: str) -> list[str]:
        """Return the events that end in a piece of text, and keep what comes after them."""
        # An end may be cut in two; what came before that is not looked at again.
        looked_at = self._tail + text
        frames, begin, tail = [], len(self._tail), 0
        for end in _END.finditer(looked_at):
            self._rest.write(looked_at[begin : end.end()])
            frames.append(self._rest.getvalue())
            self._rest = StringIO()
            begin = tail = end.end()
        self._rest.write(looked_at[begin:])
        self._tail = looked_at[max(tail, len(looked_at) - _END_LENGTH + 1) :]
        return frames

    def _decoded(self, chunk: bytes) -> str:
        # A character may be cut in two.
        whole = self._bytes + chunk
        for cut in range(min(4, len(whole) + 1)):
            try:
                text = whole[: len(whole) - cut].decode("utf-8")
            except UnicodeDecodeError:
                continue
            self._bytes = whole[len(whole) - cut :]
            return text
        raise ValueError("an event that is not text")

    def _encoded(self, text: str) -> list[Any]:
        if not text:
            return []
        return [text.encode("utf-8") if self._binary else text]

    async def _taken(self, frame: str) -> str:
        written = [each for each in _LINE.split(frame) if each]
        if not all(each.startswith(_FIELDS) for each in written):
            raise ValueError("a line that does not belong to an event")
        lines = [each for each in written if each.startswith("data:")]
        if not lines:
            return frame  # a comment, which keeps a connection open
        data = "\n".join(each.removeprefix("data:").removeprefix(" ") for each in lines)
        if data.strip() == "[DONE]":
            return frame
        event = strict_json(data.encode())
        kind, index = event.get("type"), event.get("index")
        self._require_in_its_place(event)
        if kind == "content_block_start" and event["content_block"].get("type") == CALL:
            self._held[index] = [frame]
            self._parts[index] = {**event["content_block"], "bits": []}
            return ""
        if index is not None and index in self._held:
            self._held[index].append(frame)
            if kind == "content_block_delta":
                self._parts[index]["bits"].append(event["delta"].get("partial_json") or "")
            return await self._whole(index) if kind == "content_block_stop" else ""
        if kind == "message_delta" and self._refused and not self._kept:
            delta = event.get("delta") or {}
            if delta.get("stop_reason") == CALL:
                return _frame({**event, "delta": {**delta, "stop_reason": "end_turn"}})
        return frame

    def _require_in_its_place(self, event: dict[str, Any]) -> None:
        """Refuse a call, or a bit of one, where a client may read it and nobody would hold it."""
        kind, index = event.get("type"), event.get("index")
        if index is not None and type(index) is not int:
            raise ValueError("a place that is not a number")
        if kind == "content_block_start":
            return
        message = event.get("message") or {}
        blocks = [event.get("content_block"), *(message.get("content") or [])]
        if any(isinstance(each, dict) and each.get("type") == CALL for each in blocks):
            raise ValueError("a call that does not begin where calls do")
        if index in self._parts and index not in self._held:
            raise ValueError("a bit of a call that has ended")

    async def _whole(self, index: Any) -> str:
        frames, part = self._held.pop(index), self._parts[index]
        begun, bits = part.get("input"), "".join(part["bits"])
        # Two of them: a client may read either.
        said = None if begun and bits else (bits or begun or {})
        (why,) = await self._proposals.refusals(self._caller, [Proposed(part.get("name"), said)])
        if why is None:
            self._kept += 1
            return "".join(frames)
        self._refused += 1
        block = {"type": "text", "text": ""}
        delta = {"type": "text_delta", "text": why}
        return "".join(
            [
                _frame({"type": "content_block_start", "index": index, "content_block": block}),
                _frame({"type": "content_block_delta", "index": index, "delta": delta}),
                _frame({"type": "content_block_stop", "index": index}),
            ]
        )


def _frame(event: dict[str, Any]) -> str:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
