"""`docs/mcp-proxy.md`, followed literally, and its configuration as an editor reads it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench.mcp_proxy import table
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from tests.documents import ROOT, Walk, blocks
from tests.integrations.mcp.proxy.world import said
from tests.servers.required import wanting

from tools import servers

PACKAGE = "@modelcontextprotocol/server-filesystem@2026.8.31"


async def edited(config, calls):
    """Do what an editor does with its configuration: start the server, list tools, call some."""
    [server] = config["mcpServers"].values()
    command = server["command"]
    parameters = StdioServerParameters(
        command=command, args=server["args"], env=server["env"], cwd="/"
    )
    async with Client(stdio_client(parameters), mode="legacy", cache=None) as client:
        shown = [tool.name for tool in (await client.list_tools()).tools]
        return shown, [said(await client.call_tool(*call)) for call in calls]


@pytest.fixture
def program() -> list[str]:
    try:
        package = servers.install("mcp") / "node_modules/@modelcontextprotocol/server-filesystem"
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        wanting("mcp", f"the servers could not be installed: {type(error).__name__}")
        raise
    pinned = json.loads((ROOT / "tests/servers/mcp/package.json").read_text("utf-8"))
    assert PACKAGE.endswith(
        "@" + pinned["dependencies"]["@modelcontextprotocol/server-filesystem"]
    ), "the page names the version that is tested"
    return [str(servers.node()), str(package / "dist/index.js")]


async def test_an_editor_and_a_file_server(tmp_path, program):
    """
    What stands in the page is what the editor's model reads, and nothing is written.
    """
    folder = tmp_path / "agent"
    folder.mkdir()
    instead = {
        f"npx -y {PACKAGE}": " ".join(program),
        f'"npx", "-y", "{PACKAGE}"': ", ".join(json.dumps(word) for word in program),
        "/home/alice/agent/v/bin/inbounds": str(Path(sys.executable).with_name("inbounds")),
        "/home/alice/agent": str(folder),
        "/home/alice/notes": str(folder / "notes"),
    }
    pictures = []
    with Walk(folder, instead=instead) as walk:
        for block in blocks(ROOT / "docs" / "mcp-proxy.md"):
            walk.take(block)
            if block.about == "mcp.json":
                shown, read = await edited(
                    json.loads((folder / "mcp.json").read_text("utf-8")),
                    [
                        ("read_text_file", {"path": str(folder / "notes/today.txt")}),
                        ("write_file", {"path": str(folder / "notes/x"), "content": "x"}),
                    ],
                )
            if block.word == "picture":
                pictures.append(block.text)

    assert ["read_text_file", "write_file"] == shown
    lines = pictures[1].splitlines()
    assert lines[0] == read[0].strip()
    assert read[1].startswith(lines[1].partition("…")[0])
    assert ["today.txt"] == [path.name for path in (folder / "notes").iterdir()]


def test_the_page_shows_what_was_measured_last():
    found = json.loads((ROOT / "docs" / "mcp-proxy.json").read_text("utf-8"))
    page = (ROOT / "docs" / "mcp-proxy.md").read_text("utf-8")

    assert table(found) in page
    held = found["held"]
    assert 1 == len({held[name] for name in ("sent", "reached", "allowed", "executed")})
