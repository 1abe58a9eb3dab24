"""What no host should send: refused, or the connection is ended; never forwarded.

What cannot be read says of no call that it is one, and leaves no record; what can leaves one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx2
import pytest
from tests.integrations.mcp.proxy.over_http import HttpWorld
from tests.integrations.mcp.proxy.test_http import ENVELOPE, call, headers
from tests.integrations.mcp.proxy.world import LEGACY, Wire, World, until

DEEP = "[" * 200 + "]" * 200


def text(params: str, method: str = "tools/call", id: str = "7", more: str = "") -> bytes:
    """One message as it is written, with whatever stands in it."""
    return (
        f'{{"jsonrpc": "2.0", "id": {id}, "method": "{method}", "params": {params}{more}}}'
    ).encode()


def read(arguments: str, more: str = "") -> bytes:
    return text(f'{{"name": "read", "arguments": {arguments}{more}}}')


UNREADABLE = {
    "no JSON": b"{nothing",
    "no UTF-8": b'{"jsonrpc": "2.0", "id": 7, "method": "\xff"}',
    "a batch": b"[" + read('{"path": "/a"}') + b"]",
    "text": b'"tools/call"',
    "a key twice": read('{"path": "/a", "path": "/etc/passwd"}'),
    "a name twice": text('{"name": "read", "name": "write", "arguments": {"path": "/a"}}'),
    "params twice": text('{"name": "read"}', more=', "params": {"name": "write"}'),
    "a key twice, once escaped": read('{"path": "/a", "p\\u0061th": "/b"}'),
    "no number": read('{"path": NaN}'),
    "an infinite number": read('{"path": -Infinity}'),
    "a number beyond all": read('{"path": 1e999}'),
    "a whole number beyond 2^53": read('{"path": 9007199254740993}'),
    "a number of a megabyte": read('{"path": ' + "9" * 2**20 + "}"),
    "nested too deep": read('{"path": ' + DEEP + "}"),
    "half a sign": read('{"path": "\\ud800"}'),
    "no id": text('{"name": "read", "arguments": {"path": "/a"}}', id="null"),
    "an id that is a fraction": text('{"name": "read"}', id="1.5"),
    "an id that is true": text('{"name": "read"}', id="true"),
    "an id that is a list": text('{"name": "read"}', id="[1]"),
    "a request and an answer at once": text('{"name": "read"}', more=', "result": {}'),
    "a member that nobody knows": text('{"name": "read"}', more=', "extra": 1'),
    "params that are a list": text('["read"]'),
    "another JSON-RPC": b'{"jsonrpc": "1.0", "id": 7, "method": "tools/call", "params": {}}',
    "no JSON-RPC": b'{"id": 7, "method": "tools/call", "params": {"name": "read"}}',
    "too many values": read('{"path": "/a", "more": [' + "[]," * 40_000 + "[]]}"),
    "too long": read('{"path": "' + "a" * (4 * 2**20) + '"}'),
}

UNKNOWN = {
    "a method that nobody knows": text("{}", "tools/destroy"),
    "one of another version": text('{"taskId": "1"}', "tasks/get"),
    "one that is not offered": text('{"level": "debug"}', "logging/setLevel"),
    "one with no name": text("{}", ""),
    "one of the server's": text('{"messages": [], "maxTokens": 1}', "sampling/createMessage"),
    "words for a page": text('{"cursor": "what the agent knows"}', "tools/list"),
    "words for a page of resources": text('{"cursor": "what it knows"}', "resources/list"),
}

JUDGED = {
    "no name": text('{"arguments": {"path": "/a"}}'),
    "a name that is a number": text('{"name": 1, "arguments": {}}'),
    "an empty name": text('{"name": "", "arguments": {"path": "/a"}}'),
    "arguments that are a list": text('{"name": "read", "arguments": ["/a"]}'),
    "arguments that are text": text('{"name": "read", "arguments": "/a"}'),
    "a member that nobody judges": text(
        '{"name": "read", "arguments": {"path": "/a"}, "extra": "words"}'
    ),
    "a task of the protocol's own": text(
        '{"name": "read", "arguments": {"path": "/a"}, "task": {"ttl": 1}}'
    ),
    "an argument that is not registered": read('{"path": "/a", "extra": "words"}'),
    "a name with a line of its own": text('{"name": "read\\n", "arguments": {"path": "/a"}}'),
    "another server's name": text('{"name": "files.read", "arguments": {"path": "/a"}}'),
    "the name of what is not a tool": text('{"name": "resources.read", "arguments": {}}'),
    "a tool that is not registered": text('{"name": "odd", "arguments": {}}'),
    "arguments larger than they may be": read('{"path": "' + "a" * 2**20 + '"}'),
    "a prompt without a name": text("{}", "prompts/get"),
    "a resource without a URI": text("{}", "resources/read"),
    "a resource whose URI is a list": text('{"uri": ["a"]}', "resources/read"),
} | {
    f"a resource at {uri}": text(json.dumps({"uri": uri}), "resources/read")
    for uri in (
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://127.0.0.1:8080/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://files.acme.example@169.254.169.254/",
        "http://169.254.169.254\\@files.acme.example/",
        "http://files.acme.example.evil.example/",
        "//169.254.169.254/",
        "ftp://10.0.0.1/a",
    )
}


@pytest.fixture(scope="module")
def opened(folder: World) -> Iterator[Wire]:
    """One host for all of it: whatever it has sent, the next call is answered."""
    with Wire(folder) as wire:
        wire.open()
        for first in ("warm", "warmer"):  # what the server says of its tools is fetched by now
            wire.say("tools/call", {"name": "read", "arguments": {"path": "/a"}}, id=first)
            wire.answer(first)
        folder.forget()
        yield wire


def still_answers(world: World, wire: Wire) -> None:
    wire.say("tools/call", {"name": "read", "arguments": {"path": "/still"}}, id="still")
    assert "still" in wire.answer("still")["result"]["content"][0]["text"]
    assert [{"path": "/still"}] == [call["arguments"] for call in world.calls()]
    assert {"tools/call"} == {each["method"] for each in world.seen}


# --- over stdin -----------------------------------------------------------------------------


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_goes_no_further(world, opened, sent):
    opened.write(sent + b"\n")

    assert -32700 == opened.answer(None)["error"]["code"]
    assert [] == world.records()
    still_answers(world, opened)


@pytest.mark.parametrize("sent", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_offered_goes_no_further(world, opened, sent):
    opened.write(sent + b"\n")

    assert opened.answer(7)["error"]["code"] in (-32601, -32602)
    assert [] == world.records()
    still_answers(world, opened)


@pytest.mark.parametrize("sent", JUDGED.values(), ids=JUDGED)
def test_what_can_be_read_is_refused_and_recorded_once(world, opened, sent):
    opened.write(sent + b"\n")
    answer = opened.answer(7)

    refused = answer.get("result") or answer["error"]
    line = refused["content"][0]["text"] if "content" in refused else refused["message"]
    assert line.startswith("Not executed [")
    assert 1 == len(world.records())
    assert world.outcomes()[0] in ("deny", "unavailable")
    still_answers(world, opened)


def test_an_id_that_is_in_use_is_not_taken_twice(world, opened):
    slow = {"name": "slow", "arguments": {"seconds": 1.5}}
    opened.say("tools/call", slow, id=11)
    opened.say("tools/call", {"name": "read", "arguments": {"path": "/a"}}, id="11")

    assert -32600 == opened.answer(None)["error"]["code"]
    assert "slow" in opened.answer(11)["result"]["content"][0]["text"]
    assert ["slow"] == [call["name"] for call in world.calls()]


def test_an_id_may_be_used_again_once_it_is_answered(world, opened):
    for path in ("/a", "/b"):
        opened.say("tools/call", {"name": "read", "arguments": {"path": path}}, id=12)
        assert path in opened.answer(12)["result"]["content"][0]["text"]


def test_a_notification_goes_no_further(world, opened):
    opened.say("notifications/progress", {"progressToken": 1, "progress": 1, "message": "words"})
    opened.say("notifications/words", {"text": "words"})
    opened.say("notifications/cancelled", {"requestId": "none", "reason": "words"})
    opened.say("notifications/roots/list_changed")

    still_answers(world, opened)


def test_an_answer_that_nobody_waits_for_goes_no_further(world, opened):
    opened.write(b'{"jsonrpc": "2.0", "id": 1, "result": {"action": "accept"}}\n')
    opened.write(b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "words"}}\n')

    still_answers(world, opened)


def test_lines_that_come_in_pieces_are_read_whole(world, opened):
    whole = read('{"path": "/still"}')
    for piece in (whole[:1], whole[1:40], whole[40:], b"\r\n", b"\n", b" \n"):
        opened.write(piece)

    assert "still" in opened.answer(7)["result"]["content"][0]["text"]


def test_a_host_that_ends_amid_a_line_has_called_nothing(world):
    with Wire(world) as wire:
        wire.open()
        wire.write(read('{"path": "/a"}')[:-3])
        assert 0 == wire.close()

    assert [] == world.calls()


# --- over HTTP ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "2025-11-25", "2026-07-28", "1999-01-01"])
@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE)
def test_over_http_what_cannot_be_read_goes_no_further(web, sent, version):
    said = headers() | {"MCP-Protocol-Version": version}
    answer = web.post(sent, said)

    assert answer.status_code in (400, 413)
    assert [] == web.seen
    assert [] == web.records()


MISMATCHED: dict[str, dict[str, str]] = {
    "another tool": headers("write"),
    "another method": headers() | {"Mcp-Method": "tools/list"},
    "no tool": {k: v for k, v in headers().items() if k != "Mcp-Name"},
    "no method": {k: v for k, v in headers().items() if k != "Mcp-Method"},
    "another version": headers() | {"MCP-Protocol-Version": "2027-01-01"},
    "none of JSON": headers(Content_Type="text/plain"),
    "another answer": headers(Accept="text/html"),
}


@pytest.mark.parametrize("said", MISMATCHED.values(), ids=MISMATCHED)
def test_headers_that_say_something_else_than_the_body_are_refused(web, said):
    answer = web.post(call(), said)

    assert answer.status_code in (400, 406, 415)
    assert [] == web.calls()
    assert [] == web.records()


def test_a_body_that_says_another_version_than_its_header_is_refused(web: HttpWorld):
    said = call()
    said["params"]["_meta"] = {
        **ENVELOPE,
        "io.modelcontextprotocol/protocolVersion": LEGACY,
    }

    assert 400 == web.post(said, headers()).status_code
    assert [] == web.calls()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE"])
def test_another_method_of_http_calls_nothing(web, method):
    said = {"Authorization": f"Bearer {web.token()}", **headers()}
    answer = httpx2.request(method, web.url, headers=said, timeout=10, trust_env=False)

    assert answer.status_code in (400, 404, 405, 406)
    assert [] == web.seen


@pytest.mark.parametrize("path", ["/", "/mcp/", "/mcp/a", "//mcp", "/admin", "/MCP"])
def test_there_is_nothing_else_to_be_had(web, path):
    url = web.url.removesuffix("/mcp") + path
    said = {"Authorization": f"Bearer {web.token()}", **headers()}
    answer = httpx2.post(url, headers=said, json=call(), timeout=10, trust_env=False)

    assert 404 == answer.status_code
    assert [] == web.seen


def test_over_http_an_id_that_is_in_use_is_not_taken_twice(web):
    who = {"name": "host", "version": "1"}
    about = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": who}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    session = {"Mcp-Session-Id": web.post(hello).headers["mcp-session-id"]}
    web.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, session)

    def say(name, arguments, id):
        params = {"name": name, "arguments": arguments}
        return web.post(
            {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}, session
        )

    with ThreadPoolExecutor() as pool:
        slow = pool.submit(say, "slow", {"seconds": 5}, 5)
        anyio.run(until, web.calls)
        twice = say("read", {"path": "/a"}, "5")

    assert 400 == twice.status_code
    assert "slow" in slow.result().text
    assert ["slow"] == [each["name"] for each in web.calls()]
