"""An MCP server that does next to nothing, and writes down each call that has reached it.

python -m bench.mcp_server CALLS
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.stdio import stdio_server

READ = {
    "name": "read",
    "description": "Read a note.",
    "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}},
}
"""What it says of its one tool."""

MUCH = "/much/"
"""Under this, a note holds as many values as the index of a session takes of one result."""
_MANY = 5_000


def _much(path: str) -> str:
    name = path.removeprefix(MUCH)
    about = " ".join(f"{name}x{number}@acme.example" for number in range(_MANY))
    return json.dumps({"about": about, "values": [f"{name}v{number}" for number in range(_MANY)]})


async def _list(_ctx: Any, _params: Any) -> dict[str, Any]:
    return {"resultType": "complete", "tools": [READ], "ttlMs": 0, "cacheScope": "private"}


async def _serve() -> None:
    calls = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def call(_ctx: Any, params: Any) -> dict[str, Any]:
        path = params.arguments["path"]
        os.write(calls, f"{path}\n".encode())
        said = _much(path) if path.startswith(MUCH) else f"what is in {path}"
        text = {"type": "text", "text": said}
        return {"resultType": "complete", "content": [text]}

    server: Server[Any] = Server("notes", on_list_tools=_list, on_call_tool=call)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(_serve)
