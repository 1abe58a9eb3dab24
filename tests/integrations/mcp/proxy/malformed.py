"""A server whose messages are malformed, each with the same words in it.

python malformed.py HOW [--listen PORT]
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CANARY = "canary-4111-1111"
HOW = next(iter(sys.argv[1:]), "")
RESULTS: dict[str, Any] = {
    "structured": {"content": [], "structuredContent": [CANARY]},
    "image": {"content": [{"type": "image", "data": {"k": CANARY}, "mimeType": 5}]},
    "annotations": {
        "content": [{"type": "text", "text": "x", "annotations": {"audience": [CANARY]}}]
    },
    "result": CANARY,
}
NOTES = [
    {"method": "notifications/progress", "params": {"progressToken": [CANARY], "progress": CANARY}},
    {"method": "notifications/message", "params": {"level": CANARY, "data": {"x": CANARY}}},
    {"method": "notifications/resources/updated", "params": {"uri": [CANARY]}},
]


def answers(message: Any) -> list[dict[str, Any]]:
    """What is written for a message, the answer last."""
    if "id" not in message or "method" not in message:
        return []
    method, before = message["method"], []
    if method == "initialize":
        about = {"name": "x", "version": "1"}
        said: dict[str, Any] = {
            "result": {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}, "logging": {}},
                "serverInfo": about,
            }
        }
    elif method == "tools/list":
        tool = {
            "name": "read",
            "description": "The tool read 0",
            "inputSchema": {"type": "object"},
        }
        said = {"result": {"tools": [tool]}}
    elif method != "tools/call":
        said = {"error": {"code": -32601, "message": "Method not found"}}
    elif HOW == "error":
        said = {"error": {"code": -32050, "message": f"no row for {CANARY}"}}
    else:
        before = NOTES if HOW == "notifications" else []
        said = {"result": RESULTS.get(HOW, {"content": [{"type": "text", "text": "ok"}]})}
    return [{"jsonrpc": "2.0", **each} for each in (*before, {"id": message["id"], **said})]


class Handler(BaseHTTPRequestHandler):
    """Answers over HTTP as 2025-11-25 has it."""

    def do_POST(self) -> None:
        """Answer one message."""
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = answers(message)
        status, kind, body = 200, "application/json", b""
        if not said:
            status = 202
        elif message["method"] == "tools/call" and HOW == "content type":
            kind, body = f"text/{CANARY}", b"x"
        elif message["method"] == "tools/call" and HOW == "status":
            status, kind, body = 500, "text/plain", CANARY.encode()
        elif message["method"] == "tools/call" and HOW in ("events", "notifications"):
            events = [*said[:-1], {"jsonrpc": CANARY}] if HOW == "events" else said
            kind = "text/event-stream"
            body = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in events)
        else:
            body = json.dumps(said[-1]).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """Have no stream."""
        self.send_response(405)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    if "--listen" in sys.argv:
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[-1])), Handler).serve_forever()
    for line in sys.stdin:
        for said in answers(json.loads(line)):
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
