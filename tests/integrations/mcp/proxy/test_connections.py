"""What one user holds over HTTP: it is bounded, ends with the token, and shuts nobody out."""

from __future__ import annotations

import contextlib
import json
import socket

import anyio
import pytest
from mcp.server import Server
from tests.integrations.mcp.proxy.test_callers import Issuing, token
from tests.integrations.mcp.proxy.test_http import ENVELOPE, call, headers
from tests.integrations.mcp.proxy.world import LEGACY, MODERN, OTHER, until

from inbounds.process import clock
from inbounds_server.mcp_proxy import callers as callers_module
from inbounds_server.mcp_proxy.callers import Callers
from inbounds_server.mcp_proxy.connections import Connections, TooMany
from inbounds_server.mcp_proxy.http import Http

ABOUT = {
    "protocolVersion": LEGACY,
    "capabilities": {},
    "clientInfo": {"name": "host", "version": "1"},
}
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": ABOUT}
PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
LISTEN = {
    "jsonrpc": "2.0",
    "id": 3,
    "method": "subscriptions/listen",
    "params": {"notifications": {"toolsListChanged": True}, "_meta": ENVELOPE},
}


def opened(web, token):
    answer = web.post(HELLO, {"Authorization": f"Bearer {token}"})
    assert 200 == answer.status_code, answer.text
    return answer.headers["mcp-session-id"]


def pinged(web, token, session):
    said = {"Authorization": f"Bearer {token}", "Mcp-Session-Id": session}
    return web.post(PING, said).status_code


class Stream:
    """A stream of events, read as it comes: of a session (2025-11-25), or by itself."""

    def __init__(self, web, token, session=""):
        body = b"" if session else json.dumps(LISTEN).encode()
        lines = [
            f"{'GET' if session else 'POST'} /mcp HTTP/1.1",
            f"Host: 127.0.0.1:{web.port}",
            f"Authorization: Bearer {token}",
            "Accept: application/json, text/event-stream",
            f"MCP-Protocol-Version: {LEGACY if session else MODERN}",
            *(
                [f"Mcp-Session-Id: {session}"]
                if session
                else [
                    "Mcp-Method: subscriptions/listen",
                    "Content-Type: application/json",
                    f"Content-Length: {len(body)}",
                ]
            ),
        ]
        self._socket = socket.create_connection(("127.0.0.1", web.port), 60)
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        self._read = b""
        while b"\r\n\r\n" not in self._read:
            self._read += self._socket.recv(4096)
        assert self._read.startswith(b"HTTP/1.1 200 "), self._read
        self._socket.setblocking(False)

    @property
    def ended(self):
        """Whether the server has ended it, and not broken it off."""
        with contextlib.suppress(BlockingIOError):
            while chunk := self._socket.recv(4096):
                self._read += chunk
        return self._read.endswith(b"0\r\n\r\n")

    def close(self):
        self._socket.close()


@pytest.fixture
def streams(web):
    held = []

    def open_stream(token, session=""):
        held.append(Stream(web, token, session))
        return held[-1]

    yield open_stream
    for each in held:
        each.close()


# --- through the proxy ----------------------------------------------------------------------


async def test_sessions_of_one_user_give_way_to_the_same_users_alone(web, streams):
    alice, again = web.token(), web.issuing.user(jti="again")
    bob = web.issuing.user(sub=OTHER, jti="bob")
    others = opened(web, bob)
    listened = opened(web, alice)
    stream = streams(alice, listened)
    first = opened(web, alice)
    sessions = [opened(web, again if n % 2 else alice) for n in range(15)]

    assert 404 == pinged(web, alice, first)
    assert {200} == {pinged(web, alice, each) for each in [listened, *sessions]}
    assert 200 == pinged(web, bob, others)
    assert not stream.ended


async def test_streams_of_one_user_give_way_to_the_same_users_alone(web, streams):
    alice, again = web.token(), web.issuing.user(jti="again")
    bob = web.issuing.user(sub=OTHER, jti="bob")
    others = streams(bob)
    session = opened(web, alice)
    first = streams(alice, session)
    second = streams(again)
    held = [streams(again if n % 2 else alice) for n in range(15)]

    await until(lambda: first.ended)
    assert not any(each.ended for each in [second, *held, others])
    assert 200 == pinged(web, alice, session)
    streams(alice, session)
    await until(lambda: second.ended)
    assert not any(each.ended for each in [*held, others])


async def test_sessions_and_streams_of_a_caller_end_with_the_caller(issued):
    issued.forget()
    with contextlib.ExitStack() as stack:
        stack.enter_context(issued.elsewhere())
        stack.enter_context(issued.running("--idle", "1"))
        token = issued.token()
        assert 200 == issued.post(call(), headers()).status_code
        session = opened(issued, token)
        held = [Stream(issued, token, session), Stream(issued, token)]
        for each in held:
            stack.callback(each.close)
        await until(lambda: all(each.ended for each in held))

        assert 404 == pinged(issued, token, session)


# --- in one process -------------------------------------------------------------------------


class Caller:
    over = False

    def __init__(self, subject="alice"):
        self.subject = subject


class Sessions:
    """The transport's: which of them have been ended."""

    def __init__(self, connections):
        self.connections = connections
        self.ended = []

    async def open(self, caller, session):
        async def end():
            self.ended.append(session)

        await self.connections.keep(caller, session, end)


@pytest.fixture
def sessions():
    return Sessions(Connections())


async def test_the_session_that_was_used_longest_ago_gives_way(sessions):
    alice, bob = Caller(), Caller("bob")
    await sessions.open(bob, "bob's")
    for n in range(16):
        await sessions.open(alice, n)
    with sessions.connections.answering(alice, 0, stream=False):
        pass
    with (
        sessions.connections.answering(alice, 1, stream=True),
        sessions.connections.answering(alice, 2, stream=False),
    ):
        await sessions.open(alice, 16)
        await sessions.open(Caller(), 17)

    assert [3, 4] == sessions.ended


async def test_a_session_that_is_answered_gives_way_to_none(sessions):
    alice = Caller()
    with contextlib.ExitStack() as stack:
        for n in range(16):
            await sessions.open(alice, n)
            stack.enter_context(sessions.connections.answering(alice, n, stream=False))
        assert not sessions.connections.has_room(alice)
        assert sessions.connections.has_room(Caller("bob"))
        await sessions.open(alice, 16)
    assert [16] == sessions.ended
    assert sessions.connections.has_room(alice)


async def test_a_session_goes_on_with_the_token_that_used_it_last(sessions):
    before, after, eve = Caller(), Caller(), Caller("eve")
    await sessions.open(before, "kept")
    await sessions.open(before, "left")
    with sessions.connections.answering(after, "kept", stream=False):
        pass
    with sessions.connections.answering(eve, "left", stream=False):
        pass
    sessions.connections.closed(eve, "left")
    await sessions.connections.end(eve)
    assert [] == sessions.ended
    await sessions.connections.end(before)

    assert ["left"] == sessions.ended


async def test_who_has_ended_opens_nothing_more(sessions):
    alice = Caller()
    alice.over = True
    await sessions.open(alice, "late")

    assert ["late"] == sessions.ended
    with pytest.raises(TooMany), sessions.connections.answering(alice, "", stream=True):
        pass


async def test_a_token_that_expires_ends_its_streams_also_while_a_call_is_answered(monkeypatch):
    monkeypatch.setattr(callers_module, "_LOOK_EVERY", 0.01)
    callers = Callers(Issuing)
    alice = await callers.of(token("alice"), "192.0.2.1")
    sessions = Sessions(callers.connections)
    await sessions.open(alice, "alice's")
    alice.busy = True
    ended = []

    async def stream(caller):
        with callers.connections.answering(caller, "", stream=True):
            await anyio.sleep_forever()
        ended.append(caller.subject)

    async with anyio.create_task_group() as group:
        group.start_soon(stream, alice)
        await anyio.wait_all_tasks_blocked()
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + 700)
        alice.used = clock.monotonic()
        group.start_soon(callers.watch)
        await until(lambda: ended)
        assert (["alice"], []) == (ended, sessions.ended)
        alice.busy = False
        await until(lambda: sessions.ended)
        group.cancel_scope.cancel()

    assert ["alice's"] == sessions.ended


def serving():
    callers = Callers(Issuing)
    return callers, Http(
        Server("x"),
        callers,
        resource="http://proxy/mcp",
        issuers=[],
        hosts=["proxy"],
        connections=9,
    )


async def answered(http, body):
    """The status of what a caller gets; without a body, one waits for it."""
    return (await exchanged(http, body))["status"]


async def exchanged(http, body, *, method="POST", user="alice", **more):
    """How the answer begins that a caller gets; `more` are further headers."""
    sent = []
    parts = []
    if body is not None:
        text = json.dumps(body).encode()
        parts.append({"type": "http.request", "body": text, "more_body": False})

    async def receive():
        return parts.pop() if parts else await anyio.sleep_forever()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": "/mcp",
        "query_string": b"",
        "client": ("192.0.2.1", 1),
        "headers": [
            (b"host", b"proxy"),
            (b"authorization", b"Bearer " + token(user).encode()),
            (b"accept", b"application/json, text/event-stream"),
            (b"content-type", b"application/json"),
            *((name.replace("_", "-").encode(), value.encode()) for name, value in more.items()),
        ],
    }
    await http(scope, receive, send)
    return sent[0]


async def begun(http):
    """Open a session as alice, and return its id."""
    answer = await exchanged(http, HELLO)
    assert 200 == answer["status"]
    return dict(answer["headers"])[b"mcp-session-id"].decode()


async def reached(http, session):
    return (await exchanged(http, PING, mcp_session_id=session))["status"]


async def ended(http, session, **more):
    answer = await exchanged(http, {}, method="DELETE", mcp_session_id=session, **more)
    return answer["status"]


async def test_a_session_that_a_delete_has_not_ended_still_counts():
    callers, http = serving()
    async with http.manager.run():
        first = await begun(http)
        assert 405 == await ended(http, first, mcp_protocol_version=MODERN)
        assert 404 == await ended(http, first, user="bob")
        assert 404 == await ended(http, "another")
        with contextlib.ExitStack() as stack:
            for _ in range(64):
                held = callers.connections.answering(Caller(), "", stream=False)
                stack.enter_context(held)
            assert 503 == await ended(http, first)
        assert 200 == await reached(http, first)
        others = [await begun(http) for _ in range(16)]

        assert 404 == await reached(http, first)
        assert 200 == await ended(http, others[-1])
        await begun(http)
        assert 200 == await reached(http, others[0])
        assert 405 == await ended(http, others[0], mcp_protocol_version=MODERN)
        await callers.connections.end(await callers.of(token("alice"), "192.0.2.1"))
        assert 404 == await reached(http, others[0])
        await callers.close()


async def test_more_requests_of_one_user_at_once_are_refused():
    callers, http = serving()
    async with http.manager.run():
        assert 200 == await answered(http, HELLO)
        with contextlib.ExitStack() as stack:
            for _ in range(64):
                held = callers.connections.answering(Caller(), "", stream=False)
                stack.enter_context(held)
            assert 503 == await answered(http, HELLO)
            with callers.connections.answering(Caller("bob"), "", stream=False):
                pass
        with contextlib.ExitStack() as stack:
            for n in range(16):
                await Sessions(callers.connections).open(Caller(), n)
                held = callers.connections.answering(Caller(), n, stream=False)
                stack.enter_context(held)
            assert 503 == await answered(http, HELLO)
        assert 200 == await answered(http, HELLO)
        await callers.close()


async def test_requests_that_are_still_read_count_as_well():
    callers, http = serving()
    async with http.manager.run(), anyio.create_task_group() as group:
        assert 200 == await answered(http, HELLO)
        for _ in range(64):
            group.start_soon(answered, http, None)
        await anyio.wait_all_tasks_blocked()
        assert 503 == await answered(http, HELLO)
        with callers.connections.answering(Caller("bob"), "", stream=False):
            pass
        group.cancel_scope.cancel()
    assert not callers.connections._requests
    await callers.close()
