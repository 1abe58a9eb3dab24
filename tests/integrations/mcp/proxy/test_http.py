"""The proxy over HTTP: who may come in, whose task it is, and what reaches the server."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import time

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from tests.integrations.mcp.proxy.world import LEGACY, MODERN, OTHER, SUBJECT, said, until

from inbounds.identity.signing_keys import SigningKey

NOW = {"io.modelcontextprotocol/protocolVersion": MODERN}
ENVELOPE = {
    **NOW,
    "io.modelcontextprotocol/clientInfo": {"name": "host", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def call(name="read", arguments=None, id=1):
    """One call, as 2026-07-28 has it: a request of its own."""
    params = {"name": name, "arguments": arguments or {"path": "/a"}, "_meta": ENVELOPE}
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}


def headers(name="read", **more):
    said = {
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": name,
    }
    return {**said, **{key.replace("_", "-"): value for key, value in more.items()}}


@pytest.mark.parametrize("host", [LEGACY, MODERN])
async def test_a_user_with_a_token_is_judged_as_that_user(web, host):
    async with web.http(version=host) as client:
        assert host == client.protocol_version
        given = await client.call_tool("read", {"path": "/a"})
        refused = await client.call_tool("odd", {})

    assert 'read {"path": "/a"}' == said(given)
    assert "[capability.unregistered_tool]" in said(refused)
    assert ["read"] == [call["name"] for call in web.calls()]
    assert {"alice@acme.example"} == {
        each["subject"] for each in web.records() if "subject" in each
    }


# --- who may come in ------------------------------------------------------------------------


def changed(claims):
    return lambda web: web.issuing.user(**claims)


@pytest.mark.parametrize(
    "token",
    [
        lambda web: "",
        lambda web: "no.token.",
        lambda web: "x" * 70_000,
        lambda web: web.issuing.user(SigningKey.generate()),
        changed({"exp": int(time.time()) - 10}),
        changed({"aud": "somebody-else"}),
        changed({"iss": "https://evil.example"}),
        changed({"sub": "mallory@evil.example"}),
        changed({"sub": ""}),
        changed({"act": {"sub": "spiffe://evil.example/agent"}}),
        lambda web: web.issuing.svid(),
    ],
    ids=[
        "none",
        "no JWT",
        "too long",
        "of another key",
        "expired",
        "for somebody else",
        "of another issuer",
        "of nobody known",
        "of nobody",
        "of somebody on their behalf",
        "an agent's",
    ],
)
def test_a_token_that_is_not_accepted_says_where_one_is_had_and_nothing_more(web, token):
    said_token = token(web)
    authorization = f"Bearer {said_token}" if said_token else ""
    answer = web.post(call(), headers(Authorization=authorization))

    assert 401 == answer.status_code
    assert b"" == answer.content
    challenge = answer.headers["www-authenticate"]
    where = f"http://127.0.0.1:{web.port}/.well-known/oauth-protected-resource/mcp"
    assert challenge.startswith("Bearer ")
    assert f'resource_metadata="{where}"' in challenge
    assert [] == web.seen
    about = httpx2.get(where, trust_env=False).json()
    assert web.url == about["resource"]
    assert ["https://login.acme.example"] == about["authorization_servers"]


async def test_strangers_who_try_tokens_keep_no_new_user_out(web):
    """
    The service takes 120 requests of the proxy in a minute: more tokens than that are tried.
    """
    bound = httpx2.HTTPTransport(local_address="127.0.0.9")
    usual = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    with httpx2.Client(transport=bound, trust_env=False) as stranger:
        answers = [
            stranger.post(
                web.url,
                json=call(),
                headers={**headers(Authorization=f"Bearer {forged}"), **usual},
            ).status_code
            for forged in [web.issuing.user(SigningKey.generate(), jti=str(n)) for n in range(150)]
        ]

    assert {401: 20, 503: 130} == {each: answers.count(each) for each in answers}
    async with web.http(web.issuing.user(sub=OTHER, jti="new")) as client:
        assert not (await client.call_tool("read", {"path": "/a"})).is_error


def test_two_tokens_are_none(web):
    token = web.token()
    both = [("Authorization", f"Bearer {token}")] * 2
    usual = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    answer = httpx2.post(
        web.url,
        json=call(),
        headers=[*both, *headers().items(), *usual.items()],
        trust_env=False,
    )
    assert 401 == answer.status_code


@pytest.mark.parametrize(
    ("forged", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_page_of_somebody_elses_gets_nothing(web, forged, status):
    """
    DNS rebinding: a browser is led to this address under another name.
    """
    answer = web.post(call(), {**headers(), **forged})

    assert status == answer.status_code
    assert [] == web.seen
    assert [] == web.records()


async def test_tokens_of_one_user_go_on_with_one_session_and_another_users_is_another(web):
    async def tasks(token):
        before = len(web.records())
        async with web.http(token) as client:
            assert not (await client.call_tool("read", {"path": "/a"})).is_error
        return {(each["task"], each["sid"]) for each in web.records()[before:] if "sid" in each}

    first, second = web.issuing.user(jti="1"), web.issuing.user(jti="2")
    [(one, sid)] = await tasks(first)
    [(again, _)] = await tasks(first)
    [(other, same)] = await tasks(second)
    [(_, bobs)] = await tasks(web.issuing.user(sub=OTHER))

    assert one == again != other
    assert sid == same != bobs


async def test_the_tokens_of_one_user_share_a_session_wherever_they_come_in(issued):
    """At once, at two proxies at the same time, and at one that was started again."""
    issued.forget()
    tokens = [issued.issuing.user(jti=f"shared {n}") for n in range(3)]

    async def read(url, token):
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http,
            Client(streamable_http_client(url, http_client=http), cache=None) as client,
        ):
            assert not (await client.call_tool("read", {"path": "/a"})).is_error

    with issued.elsewhere(), issued.running("--shared"):
        first = issued.url
        with issued.elsewhere(), issued.running("--shared"):
            async with anyio.create_task_group() as group:
                for url, token in zip([first, first, issued.url], tokens, strict=True):
                    group.start_soon(read, url, token)
    with issued.elsewhere(), issued.running("--shared"):
        await read(issued.url, tokens[0])

    said = [each for each in issued.records() if "sid" in each]
    assert 4 == len({each["task"] for each in said})
    assert 1 == len({each["sid"] for each in said})


async def test_a_session_of_the_transport_is_its_users_alone(web):
    who = {"name": "host", "version": "1"}
    about = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": who}
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    session = web.post(hello).headers["mcp-session-id"]
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    stolen = web.post(
        listing,
        {
            "Mcp-Session-Id": session,
            "Authorization": f"Bearer {web.issuing.user(sub=OTHER)}",
        },
    )

    assert 404 == stolen.status_code
    assert 200 == web.post(listing, {"Mcp-Session-Id": session}).status_code


def test_without_the_issuers_service_nobody_is_let_in(folder):
    command = folder.command(folder.behind())
    i = command.index("--subject")
    command[i : i + 2] = ["--listen", "127.0.0.1:1"]
    done = subprocess.run(command, env=folder.variables, capture_output=True, check=False)

    assert 1 == done.returncode
    assert b"configuration.listen_needs_issuer" in done.stderr


# --- what reaches the server ----------------------------------------------------------------


@pytest.mark.parametrize("behind", [LEGACY, MODERN])
@pytest.mark.parametrize("host", [LEGACY, MODERN])
async def test_nothing_of_the_caller_reaches_a_server_over_http(issued, host, behind):
    options = ["--legacy"] if behind == LEGACY else []
    issued.variables["OWN"] = "the-proxys-own"
    issued.forget()
    with (
        issued.elsewhere(),
        issued.upstream(*options) as url,
        issued.running("--url", url, "--credential-env", "OWN", behind=[]),
    ):
        token = issued.token()
        async with issued.http(token, version=host) as client:
            text = said(await client.call_tool("seen", {}, meta={"x.example/canary": "y"}))

    seen = json.loads(text)
    assert "Bearer the-proxys-own" == seen["headers"]["authorization"]
    everything = json.dumps(issued.seen) + text
    assert token not in everything
    assert "canary" not in everything
    assert SUBJECT not in everything


async def test_a_server_over_http_that_was_away_is_asked_again(issued):
    issued.forget()
    with issued.elsewhere(), contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.ExitStack())
        url = first.enter_context(issued.upstream("--legacy"))
        stack.enter_context(issued.running("--url", url, behind=[]))
        async with issued.http() as client:
            assert not (await client.call_tool("read", {"path": "/a"})).is_error
            first.close()
            with pytest.raises(MCPError, match=r"\[upstream\.[a-z]+\]"):
                await client.call_tool("read", {"path": "/a"})
            with issued.upstream("--legacy"):
                assert not (await client.call_tool("read", {"path": "/a"})).is_error


async def test_a_caller_who_goes_away_has_the_server_told(web):
    async with web.http(version=MODERN) as client, anyio.create_task_group() as calls:
        await client.list_tools()
        calls.start_soon(client.call_tool, "slow", {"seconds": 60})
        await until(web.calls)
        calls.cancel_scope.cancel()
    await until(lambda: ["allow", "cancelled"] == web.outcomes())
    await until(lambda: "cancelled" in [each["method"] for each in web.seen])


# --- what is cut short ----------------------------------------------------------------------


def test_a_body_that_does_not_end_is_not_waited_for(web):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", web.port), 20) as host:
        lines = [
            "POST /mcp HTTP/1.1",
            f"Host: 127.0.0.1:{web.port}",
            f"Authorization: Bearer {web.token()}",
            "Content-Type: application/json",
            "Content-Length: 1000",
            "",
            "{",
        ]
        host.sendall("\r\n".join(lines).encode())
        assert b" 408 " in host.recv(4096)

    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
        b"GET /mcp HTTP/1.1\r\nHost: x\r\n\r\nPOST /mcp HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "a part of a head", "a part of a body", "a request and a part of the next"],
)
def test_connections_that_bring_no_request_shut_nobody_out(web, begun):
    silent = []
    try:
        for _ in range(300):
            silent.append(socket.create_connection(("127.0.0.1", web.port), 5))
            silent[-1].sendall(begun)
            time.sleep(0.003)  # each is read before the next: many at once refuse each other
        assert 200 == web.post(call(), headers()).status_code
    finally:
        for each in silent:
            each.close()


async def test_tasks_are_bounded_and_end_where_nobody_uses_them(issued):
    issued.forget()
    with issued.elsewhere(), issued.running("--callers", "2", "--idle", "1") as proxy:
        for n in range(3):
            token = issued.issuing.user(jti=str(n))
            async with issued.http(token) as client:
                assert not (await client.call_tool("read", {"path": "/a"})).is_error
        assert servers(proxy.pid) <= 2
        end = time.monotonic() + 20
        while servers(proxy.pid):
            assert time.monotonic() < end
            await anyio.sleep(0.2)


def servers(pid):
    """How many servers behind a proxy has started."""
    command = [shutil.which("ps"), "--ppid", str(pid), "-o", "args="]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.count("upstream.py")
