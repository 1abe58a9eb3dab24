"""A server that never comes to an end keeps no command waiting, and is gone afterwards."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import anyio
import pytest
from mcp import MCPError

from inbounds.errors import ConfigurationError
from inbounds_server.mcp_proxy import upstream
from inbounds_server.mcp_proxy.place import Place
from inbounds_server.mcp_proxy.process import environment
from inbounds_server.mcp_proxy.server_requests import Asked
from inbounds_tools.scaffold import mcp_list

BEGIN = """
import json, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("pid", "w").write(str(os.getpid()))
out = sys.stdout.buffer
def say(message):
    out.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\\n")
    out.flush()
def answers():
    for line in sys.stdin:
        asked = json.loads(line)
        if asked.get("method") == "initialize":
            say({"id": asked["id"], "result": {"protocolVersion": "2025-06-18", "capabilities":
                 {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}}})
        elif asked.get("method") == "tools/list":
            yield asked
        elif "id" in asked:
            say({"id": asked["id"], "error": {"code": -32601, "message": "x"}})
"""
TOOL = '{"name": "t", "inputSchema": {"type": "object"}}'
SERVERS = {
    "says nothing": ("time.sleep(600)", "has not answered within 3 seconds"),
    "says one thing without end": (
        "while True: out.write(b'x' * 65536)",
        "a line longer than 4 MiB",
    ),
    "says lines without end": ("while True: out.write(b'noise\\n' * 1000)", "more than 500 lines"),
    "tells without end": (
        (
            "while True: say({'method': 'notifications/message', 'params': "
            "{'level': 'info', 'data': 'x'}})"
        ),
        "more than 500 lines",
    ),
    "says many values": (
        "out.write(b'{' + b'[],' * 300000 + b'\\n'); out.flush(); time.sleep(600)",
        "more than 262144 values",
    ),
    "says what is not a message": ("say({'x': 1}); time.sleep(600)", "not a message of MCP"),
    "lists nothing": ("for asked in answers(): pass", "has not answered within 3 seconds"),
    "lists page after page": (
        (
            "for n, asked in enumerate(answers()): say({'id': asked['id'], 'result': "
            f"{{'tools': [{TOOL}], 'nextCursor': str(n)}}}})"
        ),
        "longer than 100 pages",
    ),
    "lists page after page, slowly": (
        (
            "for n, asked in enumerate(answers()): "
            "time.sleep(0.3); say({'id': asked['id'], 'result': "
            f"{{'tools': [{TOOL}], 'nextCursor': str(n)}}}})"
        ),
        "has not answered within 3 seconds",
    ),
}


def place(folder: Path, script: str) -> Place:
    (folder / "server.py").write_text(BEGIN + script)
    command = (sys.executable, str(folder / "server.py"))
    return Place("x", command=command, variables=environment())


def is_running(folder: Path) -> bool:
    try:
        os.kill(int((folder / "pid").read_text()), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("what", SERVERS)
def test_what_never_ends_is_no_list_of_tools(tmp_path, monkeypatch, what):
    script, says = SERVERS[what]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mcp_list, "SECONDS", 3.0)
    monkeypatch.setattr(mcp_list, "LINES", 500)
    begun = time.monotonic()

    with pytest.raises(ConfigurationError) as refused:
        mcp_list.listed(place(tmp_path, script))
    assert refused.value.code == "registry.server"
    assert says in refused.value.message
    assert time.monotonic() - begun < 15
    assert not is_running(tmp_path)


@pytest.mark.parametrize("what", [each for each in SERVERS if each != "says what is not a message"])
async def test_nor_is_it_a_server_that_a_proxy_starts(tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(upstream, "_START", 3.0)

    async def changed(_: object) -> None:
        pass

    begun = time.monotonic()
    async with anyio.create_task_group() as group:
        there = upstream.Upstream(
            place(tmp_path, SERVERS[what][0]),
            group,
            changed=changed,
            asked=Asked((), lambda: None),
            seconds=3.0,
        )
        with pytest.raises(MCPError, match="upstream"):
            await there.ready()
        await there.close()
        group.cancel_scope.cancel()
    assert time.monotonic() - begun < 20
    assert not is_running(tmp_path)
