"""The connection to the server behind: a call reaches the server that was judged, or none."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import (
    PARSE_ERROR,
    CallToolRequest,
    CallToolRequestParams,
    JSONRPCRequest,
    jsonrpc_message_adapter,
)
from tests.integrations.mcp.proxy.world import pin, until
from tests.issuing import free_port

from inbounds_server.mcp_proxy import read_stream, response
from inbounds_server.mcp_proxy.place import Place
from inbounds_server.mcp_proxy.process import environment
from inbounds_server.mcp_proxy.server_requests import Asked
from inbounds_server.mcp_proxy.upstream import Upstream

FLOODING = str(Path(__file__).with_name("flooding.py"))
REQUESTS = [
    "requests",
    "requests of one id",
    "requests of another kind",
    "requests that it cancels",
]


def call(name, **arguments):
    return CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))


@asynccontextmanager
async def connected(world, *options):
    async def changed(_):
        world.told = True

    world.told = False
    place = Place("files", command=tuple(world.behind(*options)), variables=environment())
    async with connected_to(place, changed=changed) as upstream:
        yield upstream


@asynccontextmanager
async def connected_to(place, *, changed, asked=None):
    async with anyio.create_task_group() as group:
        asked = asked or Asked((), lambda: None)
        upstream = Upstream(place, group, changed=changed, asked=asked, seconds=120.0)
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


# --- a server that writes and does not read ---------------------------------------------------


@contextmanager
def flooding(kind, over):
    """Where a server runs that writes without end once it is called."""
    command = (sys.executable, FLOODING, kind)
    if over == "stdio":
        yield Place("x", command=command, variables=environment())
        return
    port = free_port()
    server = subprocess.Popen([*command, "--listen", str(port)])
    try:
        yield Place("x", url=f"http://127.0.0.1:{port}/mcp")
    finally:
        server.kill()
        server.wait(30)


async def ignored(_):
    pass


async def ready(upstream):
    """Wait until the server listens, and answers."""
    with anyio.fail_after(60):
        while True:
            try:
                return await upstream.ready()
            except MCPError:
                upstream._starts.clear()
                await anyio.sleep(0.1)


@pytest.mark.parametrize("over", ["stdio", "http"])
@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_server_that_leaves_its_answers_unread_is_ended(kind, over):
    most = 0

    async def count():
        nonlocal most
        while True:
            most = max(most, len(asyncio.all_tasks()))
            await anyio.sleep(0.01)

    with flooding(kind, over) as place:
        async with connected_to(place, changed=ignored) as upstream, anyio.create_task_group() as g:
            now = await ready(upstream)
            before = len(asyncio.all_tasks())
            g.start_soon(count)
            with pytest.raises(MCPError, match=r"Not known whether executed \[upstream\.gone\]"):
                await upstream.send(now, call("read"), tool="read")
            await now.connection.over.wait()
            await until(lambda: len(asyncio.all_tasks()) <= before + 1)
            g.cancel_scope.cancel()

    assert most < before + 100


@pytest.mark.parametrize("over", ["stdio", "http"])
@pytest.mark.parametrize("kind", ["lines of a log", "progress"])
async def test_what_a_server_tells_faster_than_the_host_reads_is_left_out(kind, over):
    waiting = told = 0

    async def unread(*_):
        nonlocal waiting
        waiting += 1
        await anyio.sleep_forever()

    with flooding(kind, over) as place:
        async with connected_to(place, changed=unread) as upstream, anyio.create_task_group() as g:
            now = await ready(upstream)
            tell = upstream._tell

            async def counted(*said):
                nonlocal told
                told += 1
                await tell(*said)

            upstream._tell = counted
            g.start_soon(partial(upstream.send, now, call("read"), progress=unread))
            await until(lambda: told > 1000)
            assert 64 == waiting
            g.cancel_scope.cancel()


async def test_a_host_is_asked_so_many_things_at_once():
    asked = 0

    class Host:
        can_send_request = True

        def check_client_capability(self, _):
            return True

        async def send_request(self, *_, **__):
            nonlocal asked
            asked += 1
            await anyio.sleep_forever()

    class Call:
        session, request_id = Host(), 1

    answers = Asked(["roots"], Call).callbacks
    async with anyio.create_task_group() as group:
        for _ in range(16):
            group.start_soon(answers["list_roots_callback"], None)
        await until(lambda: asked == 16)
        with anyio.fail_after(60):
            refused = await answers["list_roots_callback"](None)
        group.cancel_scope.cancel()

    assert "Not supported" == refused.message


async def test_an_answer_over_http_of_many_values_is_not_read():
    class Answer(httpx2.AsyncByteStream):
        async def __aiter__(self):
            yield b"{"
            for _ in range(3):
                yield b"[]," * 100_000

    with pytest.raises(httpx2.RemoteProtocolError, match="more than 262144 values"):
        [_ async for _ in response._Cut(Answer())]


@pytest.mark.parametrize("kind", ["response", "error", "request", "notification"])
async def test_an_event_of_many_values_is_no_message(kind, monkeypatch):
    monkeypatch.setattr(read_stream, "MAX_VALUES", 20)

    def message(values):
        data = {"a": [{}] * values}
        about = {"jsonrpc": "2.0", "method": "x", "params": data}
        return {
            "response": {"jsonrpc": "2.0", "id": 7, "result": data},
            "error": {"jsonrpc": "2.0", "id": 7, "error": {"code": 1, "message": "", "data": data}},
            "request": {**about, "id": 7},
            "notification": about,
        }[kind]

    given, taken = anyio.create_memory_object_stream(2)
    for values in (6, 9):
        text = json.dumps(message(values))
        await given.send(SessionMessage(jsonrpc_message_adapter.validate_json(text)))
    stream = read_stream.ReadStream(taken, read_stream.of_few_values)
    few, many = await stream.receive(), await stream.receive()

    assert message(6) == few.message.model_dump(exclude_unset=True)
    if kind in ("response", "error"):
        assert (7, PARSE_ERROR) == (many.message.id, many.message.error.code)
        assert "more than 20 values" in many.message.error.message
    else:
        assert isinstance(many, ValueError)
    given.close()
    taken.close()


async def test_events_of_a_server_at_a_url_are_counted(monkeypatch):
    body = {"jsonrpc": "2.0", "id": 1, "result": {"a": [{}] * 30}}

    async def answer(_, request):
        headers = {"Content-Type": "text/event-stream"}
        text = f"event: message\ndata: {json.dumps(body)}\n\n"
        return httpx2.Response(200, headers=headers, text=text, request=request)

    monkeypatch.setattr(read_stream, "MAX_VALUES", 20)
    monkeypatch.setattr(response._Bounded, "handle_async_request", answer)
    place = Place("files", url="http://127.0.0.1:9/mcp")
    async with place.transport(anyio.Event()) as (read, write):
        await write.send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=1, method="x")))
        with anyio.fail_after(30):
            taken = await read.receive()

    assert PARSE_ERROR == taken.message.error.code
