"""A server behind the proxy that writes without end once a tool is called, and does not read.

python flooding.py KIND [--listen PORT]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

KIND = sys.argv[1]
TOOL = {"name": "read", "description": "reads", "inputSchema": {"type": "object"}}
FLOODS: dict[str, Any] = {
    "requests": lambda n: {"id": n, "method": "ping"},
    "requests of one id": lambda n: {"id": 1, "method": "ping"},
    "requests of another kind": lambda n: {
        "id": n,
        "method": "sampling/createMessage",
        "params": {"messages": [], "maxTokens": 5},
    },
    "requests that it cancels": lambda n: (
        {"id": n // 2, "method": "ping"}
        if n % 2
        else {"method": "notifications/cancelled", "params": {"requestId": n // 2 - 1}}
    ),
    "lines of a log": lambda n: {
        "method": "notifications/message",
        "params": {"level": "info", "data": str(n)},
    },
    "progress": lambda n: {
        "method": "notifications/progress",
        "params": {"progressToken": STATE["call"], "progress": n},
    },
}
STATE: dict[str, Any] = {}


def flood() -> Iterator[bytes]:
    for n in count(1):
        yield json.dumps({"jsonrpc": "2.0", **FLOODS[KIND](n)}).encode()


def answer(asked: dict[str, Any]) -> dict[str, Any] | None:
    """What it says to a message; None where it floods from then on."""
    match asked.get("method"):
        case "initialize":
            told: dict[str, Any] = {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {}, "logging": {}},
                "serverInfo": {"name": "x", "version": "1"},
            }
        case "tools/list":
            told = {"tools": [TOOL]}
        case "tools/call":
            STATE["call"] = asked["params"].get("_meta", {}).get("progressToken")
            return None
        case _:
            error = {"code": -32601, "message": "x"}
            return {"jsonrpc": "2.0", "id": asked["id"], "error": error}
    return {"jsonrpc": "2.0", "id": asked["id"], "result": told}


def over_stdio() -> None:
    out = sys.stdout.buffer
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        given = answer(asked)
        for each in flood() if given is None else [json.dumps(given).encode()]:
            out.write(each + b"\n")
            out.flush()


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "method" not in asked:
            time.sleep(600)  # the answer to a request of its own, which it does not take
        if "id" not in asked:
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        given = answer(asked)
        self.send_response(200)
        if given is not None:
            body = json.dumps(given).encode()
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for each in flood():
            self.wfile.write(b"event: message\ndata: " + each + b"\n\n")

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    if "--listen" in sys.argv:
        port = int(sys.argv[sys.argv.index("--listen") + 1])
        ThreadingHTTPServer(("127.0.0.1", port), Answering).serve_forever()
    else:
        over_stdio()
