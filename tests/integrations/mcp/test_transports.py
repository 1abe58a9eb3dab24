"""A server that really runs: another process, or HTTP with the tokens of its users."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from tests.integrations.behaviours import DENIED
from tests.integrations.mcp.test_messages import LEGACY, MODERN
from tests.integrations.world import BOB, MALLORY

from inbounds.errors import TaskMissing
from inbounds.integrations.mcp import AuthorizationMiddleware, guarded_server

AT = "http://127.0.0.1:8000"

SERVER = '''
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer

from inbounds.integrations.mcp import AuthorizationMiddleware, guarded_server
from inbounds.testing import PolicyUnderTest

policy = PolicyUnderTest(Path(sys.argv[1]))
ran = Path(sys.argv[2])


@policy.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))
def send(to: list[str], body: str) -> str:
    """Send a mail."""
    with ran.open("a") as file:
        print(*to, file=file)
    return "sent"


# Who starts a server over stdio says for whom: one process is one task.
with policy.task(prompt="Write to bob@acme.example") as task:
    authorization = AuthorizationMiddleware(policy.guard, server="mail", task=lambda ctx: task)
    server = guarded_server(MCPServer("mail"), [send], authorization=authorization)
    server.run("stdio")
'''


@pytest.fixture(params=[MODERN, LEGACY])
def mode(request):
    return request.param


def test_a_server_in_a_process_of_its_own(tmp_path, mode):
    script, ran = tmp_path / "server.py", tmp_path / "ran"
    script.write_text(SERVER, "utf-8")
    command = StdioServerParameters(
        command=sys.executable, args=[str(script), str(tmp_path / "policy"), str(ran)]
    )

    async def host():
        async with Client(command, mode=mode, cache=None) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["send"]
            sent = await client.call_tool("send", {"to": [BOB], "body": "hi"})
            stolen = await client.call_tool("send", {"to": [MALLORY], "body": "canary"})
            return sent, stolen

    sent, stolen = asyncio.run(host())

    assert sent.content[0].text == "sent"
    assert DENIED.match(stolen.content[0].text)
    assert stolen.meta["inbounds/code"] == "egress.destination_not_allowed"
    assert ran.read_text("utf-8").split() == [BOB]


class Tokens:
    """Verifies two tokens; a real one asks an issuer."""

    async def verify_token(self, token):
        known = {
            "token-of-alice": ("alice@acme.example", f"{AT}/mcp"),
            "token-of-olga": ("olga@acme.example", f"{AT}/mcp"),
            "alice-elsewhere": ("alice@acme.example", "https://elsewhere.example/mcp"),
        }
        if token not in known:
            return None
        subject, resource = known[token]
        return AccessToken(
            token=token, client_id="editor", scopes=[], subject=subject, resource=resource
        )


class Site:
    """A server over HTTP whose users bring tokens."""

    def __init__(self, world):
        self.world = world
        self.tasks = {"alice@acme.example": world.task()}
        self.server = MCPServer(
            "mail",
            token_verifier=Tokens(),
            auth=AuthSettings(
                issuer_url="https://issuer.acme.example",
                resource_server_url=f"{AT}/mcp",
                validate_token_resource=True,
            ),
        )
        self.server.add_tool(world.send, name="send")
        authorization = AuthorizationMiddleware(
            world.guard, server="mail", task=self.task, resources=world.resources
        )
        guarded_server(self.server, authorization=authorization)

    def task(self, ctx):
        token = get_access_token()
        if token is None or token.subject not in self.tasks:
            raise TaskMissing("nobody has begun a task for this user")
        return self.tasks[token.subject]

    @contextlib.asynccontextmanager
    async def http(self, token):
        app = self.server.streamable_http_app()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            self.server.session_manager.run(),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app), base_url=AT, headers=headers
            ) as http,
        ):
            yield http

    def call(self, token, mode, to=BOB):
        async def connected():
            async with (
                self.http(token) as http,
                Client(
                    streamable_http_client(f"{AT}/mcp", http_client=http), mode=mode, cache=None
                ) as client,
            ):
                return await client.call_tool("send", {"to": [to], "body": "hi"})

        return asyncio.run(connected())

    def post(self, body, **headers):
        async def connected():
            async with self.http("token-of-alice") as http:
                said = {
                    "Accept": "application/json, text/event-stream",
                    "Content-Type": "application/json",
                    "MCP-Protocol-Version": MODERN,
                    **headers,
                }
                return await http.post("/mcp", content=body, headers=said)

        return asyncio.run(connected())


def test_each_user_has_a_task_of_their_own(world, mode):
    site = Site(world)

    assert site.call("token-of-alice", mode).content[0].text == "sent"
    assert DENIED.match(site.call("token-of-alice", mode, MALLORY).content[0].text)
    said = site.call("token-of-olga", mode)

    assert said.content[0].text == "Not executed [task.missing]; do not retry."
    assert world.ran == [("mail.send", {"to": [BOB], "body": "hi"})]
    assert site.tasks["alice@acme.example"].report().ran == 1


@pytest.mark.parametrize("token", ["", "another", "alice-elsewhere"])
def test_without_a_token_for_this_server_nothing_is_answered(world, token):
    site = Site(world)

    async def bare():
        async with site.http(token) as http:
            return await http.post("/mcp", content="{}")

    said = asyncio.run(bare())

    assert said.status_code == 401
    assert "resource_metadata" in said.headers["WWW-Authenticate"]
    assert world.ran == []


META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def body(arguments):
    """The text of a call, whose arguments are text as well."""
    return (
        '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "send", '
        f'{arguments}, "_meta": {json.dumps(META)}}}}}'
    )


GOOD = f'"arguments": {{"to": ["{BOB}"], "body": "hi"}}'
NAMED = {"Mcp-Method": "tools/call", "Mcp-Name": "send"}


def test_a_body_is_compared_with_its_headers(world):
    """
    A gateway that goes by the headers has seen what is judged: the SDK refuses anything else.
    """
    site = Site(world)

    for headers in (
        {**NAMED, "Mcp-Name": "read"},
        {**NAMED, "Mcp-Method": "tools/list"},
        {"Mcp-Method": "tools/call"},
    ):
        assert site.post(body(GOOD), **headers).status_code == 400
    assert world.ran == []
    assert site.post(body(GOOD), **NAMED).status_code == 200
    assert len(world.ran) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        f'"arguments": {{"to": ["{MALLORY}"], "body": "hi"}}, {GOOD}',
        f'"arguments": {{"to": ["{MALLORY}"], "to": ["{BOB}"], "body": "hi"}}',
        f'"name": "send", {GOOD}',
        f'{GOOD[:-1]}, "more": NaN}}',
    ],
    ids=["arguments", "argument", "name", "nan"],
)
def test_a_body_that_has_two_meanings_is_refused(world, arguments):
    site = Site(world)

    said = site.post(body(arguments), **NAMED)

    assert world.ran == []
    if said.status_code == 200:
        assert "Not executed [argument.not_representable]; do not retry." in said.text
        report = site.tasks["alice@acme.example"].report()
        assert sum(each.times for each in report.unavailable) == 1


@pytest.mark.parametrize("text", ["[]", "[{}]", "{", '"x"', "7", "[" * 100_000, "\xff"])
def test_what_is_no_message_runs_nothing(world, text):
    site = Site(world)

    said = site.post(text, **NAMED)

    assert said.status_code == 400
    assert world.ran == []
