"""Servers of others, unchanged: the protocol's own file server, and the one that has everything."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from tests.integrations.mcp.proxy.world import LEGACY, MODERN, World, said, tool
from tests.servers.required import wanting

from inbounds.canonical.mcp_descriptor import digest
from tools import servers

HOST = pytest.mark.parametrize("host", [LEGACY, MODERN])
PACKAGES = "node_modules/@modelcontextprotocol"


@pytest.fixture(scope="session")
def packages() -> Path:
    """Where the servers are, installed by npm."""
    try:
        return servers.install("mcp") / PACKAGES
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        wanting("mcp", f"the servers could not be installed: {type(error).__name__}")
        raise


async def pinned(command, tools):
    """What a registry says of tools, once somebody has looked at what their server says."""
    server = StdioServerParameters(command=command[0], args=command[1:])
    async with Client(server, cache=None) as client:
        listed = (await client.list_tools()).tools
    pins = {
        f"files.{each.name}": digest(each.model_dump(by_alias=True, mode="json", exclude_none=True))
        for each in listed
    }
    return {name: {**entry, "pin": pins[name]} for name, entry in tools.items()}


@pytest.fixture(scope="session")
def given(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("given")
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("a note")
    (folder / "private.txt").write_text("the canary")
    return folder


@HOST
async def test_the_file_server_reads_and_writes_where_it_may_and_nowhere_else(
    packages, given, tmp_path, host
):
    command = [str(servers.node()), str(packages / "server-filesystem/dist/index.js"), str(given)]
    path = {
        "kind": "path",
        "role": "target",
        "required": True,
        "path_prefixes": [str(given / "notes")],
    }
    world = World(
        tmp_path,
        await pinned(
            command,
            {
                "files.read_text_file": tool("read", arguments={"/path": path}),
                "files.write_file": tool(
                    "write", arguments={"/path": path, "/content": {"role": "content"}}
                ),
            },
        ),
        [shlex.join(command)],
    )
    new = given / "notes" / f"{host}.txt"
    async with world.client(command, version=host) as client:
        shown = {each.name for each in (await client.list_tools()).tools}
        note = await client.call_tool("read_text_file", {"path": str(given / "notes/a.txt")})
        other = await client.call_tool("read_text_file", {"path": str(given / "private.txt")})
        climbed = await client.call_tool(
            "read_text_file", {"path": f"{given}/notes/../private.txt"}
        )
        wrote = await client.call_tool("write_file", {"path": str(new), "content": "new"})
        moved = await client.call_tool(
            "move_file", {"source": str(new), "destination": str(given / "gone.txt")}
        )

    assert {"read_text_file", "write_file"} == shown
    assert "a note" == said(note)
    for refused in (other, climbed):
        assert "[capability.argument_not_allowed]" in said(refused)
        assert "canary" not in str(refused)
    assert not wrote.is_error and "new" == new.read_text()
    assert "[capability.unregistered_tool]" in said(moved)
    assert not (given / "gone.txt").exists()
    assert ["allow", "ok", "deny", "deny", "allow", "ok", "deny"] == world.outcomes()


@HOST
async def test_the_server_that_has_everything_is_cut_down_to_the_task(packages, tmp_path, host):
    command = [
        str(servers.node()),
        str(packages / "server-everything/dist/index.js"),
        "stdio",
    ]
    world = World(
        tmp_path,
        await pinned(
            command,
            {
                "files.echo": tool("read", arguments={"/message": {"required": True}}),
                "files.get-sum": tool(
                    "read", arguments={"/a": {"type": "number"}, "/b": {"type": "number"}}
                ),
                "files.trigger-long-running-operation": tool(
                    "read",
                    arguments={"/duration": {"type": "number"}, "/steps": {"type": "number"}},
                ),
            },
        ),
        [shlex.join(command)],
    )
    steps = []

    async def step(*each):
        steps.append(each)

    async with world.client(command, version=host) as client:
        assert client.session.instructions is None
        shown = {each.name for each in (await client.list_tools()).tools}
        echoed = await client.call_tool("echo", {"message": "hello"})
        total = await client.call_tool("get-sum", {"a": 2, "b": 3})
        await client.call_tool(
            "trigger-long-running-operation",
            {"duration": 1, "steps": 2},
            progress_callback=step,
        )
        env = await client.call_tool("get-env", {})
        assert [] == (await client.list_resources()).resources
        assert [] == (await client.list_prompts()).prompts

    assert {"echo", "get-sum", "trigger-long-running-operation"} == shown
    assert "hello" in said(echoed)
    assert "5" in said(total)
    assert 2 <= len(steps)
    assert "[capability.unregistered_tool]" in said(env)
    assert ["allow", "ok"] * 3 + ["deny"] == world.outcomes()
