"""The API of Claude's models on loopback: it asks for what a test says, and keeps what it hears."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from tests.integrations.world import ToolCall

Turn = Sequence[Mapping[str, Any]]


def use(wish: ToolCall, name: str) -> dict[str, Any]:
    """A block in which the model asks for a call."""
    return {"type": "tool_use", "id": wish.id, "name": name, "input": dict(wish.arguments)}


class Scripted:
    """A model that asks for the calls of one turn after the other, then is done.

    Attributes:
        heard: The requests that it has heard, in order.
        url: Where it is.
    """

    _numbers = count()
    _server: ThreadingHTTPServer | None = None
    _all: dict[str, Scripted] = {}  # noqa: RUF012 -- by the first part of the path

    def __init__(self, *turns: Turn, within: Sequence[Turn] = ()) -> None:
        """Open it.

        Args:
            turns: Blocks that it answers with, turn by turn.
            within: Likewise, to an agent within whose prompt has the word `inner`.
        """
        self.heard: list[dict[str, Any]] = []
        self._turns = {False: list(turns), True: list(within)}
        self._lock = threading.Lock()
        name = f"model-{next(self._numbers)}"
        self._all[name] = self
        self.url = f"http://127.0.0.1:{self._open().server_port}/{name}"

    @classmethod
    def _open(cls) -> ThreadingHTTPServer:
        if cls._server is None:
            cls._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
            threading.Thread(target=cls._server.serve_forever, daemon=True).start()
        return cls._server

    def ask(self, *turns: Turn) -> None:
        """Ask for more."""
        self._turns[False] += turns

    def answer(self, request: dict[str, Any]) -> Turn:
        """Return the blocks of the next turn."""
        with self._lock:
            self.heard.append(request)
            turns = self._turns["inner" in json.dumps(request.get("system", ""))]
            blocks = turns.pop(0) if turns and request.get("tools") else ()
        return blocks or [{"type": "text", "text": "done"}]

    @property
    def shown(self) -> list[list[str]]:
        """The tools that it was shown, by request."""
        return [[tool["name"] for tool in request.get("tools", ())] for request in self.heard]

    @property
    def read(self) -> dict[str, str]:
        """What it read of each call, by the call's id."""
        found = {}
        for request in self.heard:
            for message in request["messages"]:
                content = message["content"]
                for block in content if isinstance(content, list) else ():
                    if block.get("type") == "tool_result":
                        found[block["tool_use_id"]] = _text(block.get("content", ""))
        return found


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(block.get("text", json.dumps(block)) for block in content)
    return str(content)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = Scripted._all.get(self.path.split("/")[1])
        if model is None or not self.path.partition("?")[0].endswith("/v1/messages"):
            self._send(404, "application/json", b"{}")
            return
        blocks = model.answer(body)
        asks = any(block["type"] == "tool_use" for block in blocks)
        message = {
            "id": f"msg_{len(model.heard)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": list(blocks),
            "stop_reason": "tool_use" if asks else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        if not body.get("stream"):
            self._send(200, "application/json", json.dumps(message).encode())
            return
        self._send(200, "text/event-stream", "".join(_events(message)).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _events(message: dict[str, Any]) -> list[str]:
    """The same as a stream."""

    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    said = [event("message_start", message={**message, "content": [], "stop_reason": None})]
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty, delta = {"text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            text = block.get("said") or json.dumps(block["input"])
            empty, delta = {"input": {}}, {"type": "input_json_delta", "partial_json": text}
        start = {name: value for name, value in block.items() if name != "said"} | empty
        said += [
            event("content_block_start", index=index, content_block=start),
            event("content_block_delta", index=index, delta=delta),
            event("content_block_stop", index=index),
        ]
    ends = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    said += [event("message_delta", delta=ends, usage={"output_tokens": 1}), event("message_stop")]
    return said
