"""The connection to the server behind: a call reaches the server that was judged, or none."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest
from mcp import MCPError
from mcp_types import CallToolRequest, CallToolRequestParams
from tests.integrations.mcp.proxy.world import pin, until

from inbounds_server.mcp_proxy.place import Place
from inbounds_server.mcp_proxy.process import environment
from inbounds_server.mcp_proxy.server_requests import Asked
from inbounds_server.mcp_proxy.upstream import Upstream


def call(name, **arguments):
    return CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))


@asynccontextmanager
async def connected(world, *options):
    async def changed(_):
        world.told = True

    world.told = False

    async with anyio.create_task_group() as group:
        place = Place("files", command=tuple(world.behind(*options)), variables=environment())
        upstream = Upstream(place, group, changed=changed, asked=Asked((), lambda: None))
        try:
            yield upstream
        finally:
            await upstream.close()
            group.cancel_scope.cancel()


@pytest.mark.parametrize("options", [(), ("--legacy",)])
async def test_what_the_server_says_of_its_tools_is_of_now(world, options):
    async with connected(world, *options) as upstream:
        before = await upstream.ready()
        await upstream.send(before, call("grow"), tool="grow")
        await until(lambda: world.told)  # after the result, or before
        with pytest.raises(MCPError, match=r"Not executed \[upstream\.changed\]"):
            await upstream.send(before, call("read", path="/a"), tool="read")
        after = await upstream.ready()

    assert pin("read") == before.descriptor("read")
    assert pin("read", 1) == after.descriptor("read")
    assert "" == after.descriptor("nothing of the kind")
    assert ["grow"] == [each["name"] for each in world.calls()]


async def test_a_call_that_was_judged_reaches_no_server_that_was_started_since(world):
    async with connected(world) as upstream:
        before = await upstream.ready()
        with pytest.raises(MCPError, match=r"Not known whether executed \[upstream\.gone\]"):
            await upstream.send(before, call("crash"), tool="crash")
        await upstream.ready()
        with pytest.raises(MCPError, match=r"Not executed \[upstream\.unavailable\]"):
            await upstream.send(before, call("read", path="/a"), tool="read")

    assert ["crash"] == [each["name"] for each in world.calls()]


async def test_who_goes_while_the_server_starts_is_no_fault_of_the_servers(world):
    async with connected(world) as upstream:
        for _ in range(10):
            with anyio.move_on_after(0.01):
                await upstream.ready()
        now = await upstream.ready()
        answer = await upstream.send(now, call("read", path="/a"), tool="read")

    assert "read" in answer["content"][0]["text"]
