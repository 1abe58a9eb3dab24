"""Every behaviour on FastMCP; and what is its alone."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import warnings

import httpx2
import pytest
from fastmcp import Context, FastMCP
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.server import create_proxy
from fastmcp.server.auth.providers.jwt import StaticTokenVerifier
from fastmcp.server.dependencies import get_access_token, get_http_headers
from fastmcp.server.extensions import ServerExtension
from fastmcp.server.middleware import Middleware
from fastmcp.server.middleware.caching import ResponseCachingMiddleware
from fastmcp.server.providers.proxy import FastMCPProxy, ProxyClient
from fastmcp.tools import Tool
from mcp import Client
from mcp.client._memory import InMemoryTransport
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from tests.integrations.behaviours import *  # noqa: F403 -- every behaviour is one of these tests
from tests.integrations.behaviours import DENIED
from tests.integrations.fastmcp.harness import FastMcpHarness
from tests.integrations.mcp.desk import Desk
from tests.integrations.mcp.test_messages import raw, refused
from tests.integrations.world import BOB, MALLORY

from inbounds import ConfigurationError, DecisionUnavailable, Labelled
from inbounds.integrations.fastmcp import AuthorizationMiddleware, guarded_server

MODERN, LEGACY = "2026-07-28", "legacy"
WAYS = [
    (MODERN, "memory"),
    (LEGACY, "memory"),
    (MODERN, "http"),
    (MODERN, "proxy"),
    (LEGACY, "proxy"),
]


@pytest.fixture(params=WAYS, ids="-".join)
def harness(request, world):
    mode, way = request.param
    return FastMcpHarness(world, mode, way)


# --- its own ways round ---------------------------------------------------------------------


class Files:
    """A server with a tool, a resource and a prompt, all of them registered."""

    def __init__(self, world):
        self.desk = Desk(world)
        self.world = world
        self.ran = []
        self.inner = None
        self.server = FastMCP("files")

        @self.server.tool(version="1.0")
        def find(limit: int = 7) -> str:
            self.ran.append(("find", limit))
            return "found"

        @self.server.tool
        async def both(ctx: Context) -> str:
            self.ran.append(("both",))
            await ctx.fastmcp.call_tool("find", {"limit": 1})
            return "done"

        @self.server.tool(name="find", version="2.0")
        def newer(limit: int = 7) -> str:
            self.ran.append(("newer", limit))
            return "found"

        @self.server.resource("file:///work/{name}")
        def read(name: str) -> str:
            self.ran.append(("read", name))
            return "hello"

        @self.server.prompt
        def letter(to: str = "bob") -> str:
            self.ran.append(("letter", to))
            return "write"

        world.policy.change(
            tools={
                **world.policy.deployment["tools"],
                "files.both": {**world.policy.deployment["tools"]["files.find"], "arguments": {}},
            }
        )

    def guarded(self, server=None, **options):
        authorization = AuthorizationMiddleware(self.world.guard, server="files", **options)
        return guarded_server(server or self.server, authorization=authorization)

    def go(self, host, server=None, mode=MODERN):
        async def connected():
            transport = InMemoryTransport((server or self.server)._mcp_server)
            async with Client(transport, mode=mode, cache=None) as client:
                return await host(client)

        return asyncio.run(connected())


@pytest.fixture
def files(world):
    return Files(world)


@pytest.fixture(params=[MODERN, LEGACY])
def mode(request):
    return request.param


@pytest.mark.parametrize("kind", ["own", "behind", "shared", "added", "made_from"])
def test_what_a_server_behind_says_of_its_tools_is_a_strangers_text(files, mode, kind):
    """
    What this program says of its own tools is not; FastMCP lists both alike.
    """
    server = files.server
    authorization = AuthorizationMiddleware(files.world.guard, server="files")
    if kind in ("behind", "shared"):
        server = create_proxy(server, name="files")
    elif kind != "own":
        found = asyncio.run(create_proxy(files.server, name="files").get_tool("find"))
        server = FastMCP("front")
        server.add_tool(found if kind == "added" else Tool.from_tool(found))
    guarded = guarded_server(server, authorization=authorization)
    if kind == "shared":
        guarded_server(FastMCP("another"), authorization=authorization)

    async def host(client):
        return [tool.name for tool in (await client.list_tools()).tools]

    with files.world.task() as task:
        assert "find" in files.go(host, guarded, mode)
        trust = files.world.guard._runtime.sessions.load(task.session).trust

    assert ("trusted" if kind == "own" else "untrusted") == trust


ASKED = [
    ("tools/call", {"name": "find", "arguments": {"limit": 1}}, ("newer", 1)),
    ("resources/read", {"uri": "file:///work/a"}, ("read", "a")),
    ("prompts/get", {"name": "letter", "arguments": {"to": "bob"}}, ("letter", "bob")),
    ("prompts/get", {"name": "letter"}, ("letter", "bob")),
]


@pytest.mark.parametrize("asked", ASKED, ids=lambda v: str(v)[:40])
@pytest.mark.parametrize("proxied", [True, False])
def test_what_is_allowed_runs_once(files, mode, asked, proxied):
    method, params, ran = asked
    server = create_proxy(files.server, name="files") if proxied else files.server
    files.guarded(server)

    with files.world.task() as task:
        files.go(lambda c: raw(c, method, dict(params)), server=server, mode=mode)
        assert task.report().ran == 1

    assert files.ran == [ran]


@pytest.mark.parametrize("proxied", [True, False])
def test_what_is_out_of_bounds_reaches_nothing(files, mode, proxied):
    server = create_proxy(files.server, name="files") if proxied else files.server
    files.guarded(server)

    async def host(client):
        await refused(client, "resources/read", {"uri": "file:///etc/passwd"})
        await refused(client, "prompts/get", {"name": "other"})
        await refused(client, "logging/setLevel", {"level": "debug"})
        await refused(client, "completion/complete", {})
        said = await raw(client, "tools/call", {"name": "wipe"})
        assert said["isError"]

    with files.world.task() as task:
        files.go(host, server=server, mode=mode)
        assert task.report().ran == 0

    assert files.ran == []


def test_an_answer_out_of_a_cache_is_not_believed(files, mode):
    """
    What a server has answered under one task, it does not answer again under another.
    """
    files.server.add_middleware(ResponseCachingMiddleware())
    files.guarded()

    async def host(client):
        return await raw(client, "tools/call", {"name": "find", "arguments": {"limit": 1}})

    with files.world.task():
        assert not files.go(host, mode=mode).get("isError")
    with files.world.task() as task:
        said = files.go(host, mode=mode)
        report = task.report()

    assert "result.not_the_tools" == said["_meta"]["inbounds/code"]
    assert 1 == len(files.ran)
    assert (0, 1, "cannot tell") == (report.ran, report.unknown, report.verdict)


class Changing(Middleware):
    """Changes whatever comes."""

    async def on_call_tool(self, context, call_next):
        return await call_next(self._changed(context, arguments={"limit": 9}))

    async def on_read_resource(self, context, call_next):
        return await call_next(self._changed(context, uri="file:///work/other"))

    async def on_get_prompt(self, context, call_next):
        return await call_next(self._changed(context, arguments={"to": "mallory"}))

    def _changed(self, context, **update):
        return context.copy(message=context.message.model_copy(update=update))


@pytest.mark.parametrize("asked", ASKED, ids=lambda v: str(v)[:40])
@pytest.mark.parametrize("late", [True, False])
def test_what_a_middleware_of_its_own_changes_does_not_run(files, mode, asked, late):
    """
    Whether it was there before the server was guarded, or comes after.
    """
    method, params, _ = asked
    if not late:
        files.server.add_middleware(Changing())
    files.guarded()
    if late:
        files.server.add_middleware(Changing())

    async def host(client):
        try:
            said = await raw(client, method, dict(params))
        except MCPError as error:
            return error.data["inbounds/code"]
        return said["_meta"]["inbounds/code"]

    with files.world.task() as task:
        assert files.go(host, mode=mode) == "permit.arguments_changed"
        assert task.report().ran == 0

    assert files.ran == []


class Intercepting(ServerExtension):
    """An extension that stands after all middleware."""

    identifier = "example.acme/intercepts"

    async def intercept_tool_call(self, params, context, call_next):
        params.arguments["limit"] = 9
        return await call_next()


def test_what_an_extension_of_its_own_changes_does_not_run(files, mode):
    files.server.add_extension(Intercepting())
    files.guarded()

    with files.world.task():
        said = files.go(lambda c: raw(c, "tools/call", {"name": "find"}), mode=mode)

    assert said["_meta"]["inbounds/code"] == "permit.arguments_changed"
    assert files.ran == []


def test_a_tool_that_calls_another_runs_alone(files, mode):
    """
    What it calls was judged for nobody.
    """
    files.guarded()
    desk = files.world.policy.deployment
    agent = "spiffe://acme.example/agent/assistant"
    manifest = desk["agents"][agent]["manifest"]
    files.world.policy.change(
        agents={
            **desk["agents"],
            agent: {
                **desk["agents"][agent],
                "manifest": {**manifest, "tools": [*manifest["tools"], "files.both"]},
            },
        },
        intents={
            "correspond": {
                **desk["intents"]["correspond"],
                "tools": [*desk["intents"]["correspond"]["tools"], "files.both"],
            }
        },
    )

    with files.world.task():
        said = files.go(lambda c: raw(c, "tools/call", {"name": "both"}), mode=mode)

    assert files.ran == [("both",)]
    assert said["isError"]


@pytest.mark.parametrize("masked", [True, False])
def test_what_a_tool_says_meanwhile_reaches_nobody_where_anything_is_owed(files, mode, masked):
    if masked:
        files.desk.register({"mask": ["email"]})
    heard = []

    @files.server.tool(name="find", version="3.0")
    async def newest(ctx: Context, limit: int = 7) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            await ctx.info(f"ask {BOB}")
        await ctx.report_progress(1, 2, f"asking {BOB}")
        return f"ask {BOB}"

    files.guarded()

    async def log(params):
        heard.append(str(params.data))

    async def progress(done, total, message):
        heard.append(str(message))

    async def connected():
        transport = InMemoryTransport(files.server._mcp_server)
        meta = {"io.modelcontextprotocol/logLevel": "debug"} if mode == MODERN else None
        async with Client(transport, mode=mode, cache=None, logging_callback=log) as client:
            said = await client.session.call_tool("find", {}, meta=meta, progress_callback=progress)
            await asyncio.sleep(0.05)
            return said

    with files.world.task():
        said = asyncio.run(connected())

    assert (BOB in said.model_dump_json()) != masked
    assert (BOB in str(heard)) != masked
    assert heard


def test_a_version_of_a_tool_is_not_chosen_past_the_policy(files, mode):
    """
    FastMCP lets a client choose one in `_meta`: there is one tool for the registry, the newest.
    """
    files.guarded()

    async def host(client):
        meta = {"fastmcp": {"version": "1.0"}}
        return await client.session.call_tool("find", {"limit": 1}, meta=meta)

    with files.world.task():
        files.go(host, mode=mode)

    assert files.ran == [("newer", 1)]


def test_a_server_that_is_mounted_is_covered_by_the_one_that_clients_see(files, mode):
    outer = FastMCP("outer")
    outer.mount(files.server)
    files.guarded(outer)

    async def host(client):
        await raw(client, "tools/call", {"name": "find", "arguments": {"limit": 1}})
        await refused(client, "resources/read", {"uri": "file:///etc/passwd"})

    with files.world.task():
        files.go(host, server=outer, mode=mode)

    assert files.ran == [("newer", 1)]


def test_what_is_called_past_every_message_does_not_run(files):
    files.guarded()

    async def direct():
        await files.server.call_tool("find", {"limit": 1})

    with files.world.task(), pytest.raises(DecisionUnavailable) as ei:
        asyncio.run(direct())

    assert ei.value.code == "call.not_judged"
    assert files.ran == []


def test_guarded_functions_become_tools_of_the_server(world, mode):
    send = world.guard.tool("mail.send", resource=lambda to, body: ("mailbox", "alice"))(world.send)
    server = FastMCP("mail")
    authorization = AuthorizationMiddleware(world.guard, server="mail")
    guarded_server(server, [send], authorization=authorization)

    async def connected():
        transport = InMemoryTransport(server._mcp_server)
        async with Client(transport, mode=mode, cache=None) as client:
            sent = await client.call_tool("send", {"to": [BOB], "body": "hi"})
            stolen = await client.call_tool("send", {"to": [MALLORY], "body": "hi"})
            return sent, stolen

    with world.task():
        sent, stolen = asyncio.run(connected())

    assert sent.content[0].text == "sent"
    assert DENIED.match(stolen.content[0].text)
    assert world.ran == [("mail.send", {"to": [BOB], "body": "hi"})]


def test_what_cannot_be_judged_is_refused(world):
    authorization = AuthorizationMiddleware(world.guard)

    @world.guard.tool("mail.list", resource=lambda: ("mail", "all"))
    def listed():
        yield 1

    again = guarded_server(FastMCP("again"), authorization=authorization)
    for code, server, tools in (
        ("configuration.tool_out_of_reach", MCPServer("another"), []),
        ("configuration.order", again, []),
        ("configuration.tool_out_of_reach", FastMCP("bits"), [listed]),
    ):
        with pytest.raises(ConfigurationError) as ei:
            guarded_server(server, tools, authorization=authorization)
        assert ei.value.code == code


def test_without_the_framework_it_says_what_to_install():
    script = (
        "import sys\n"
        "sys.modules['fastmcp'] = None\n"
        "try:\n"
        "    import inbounds.integrations.fastmcp\n"
        "except Exception as error:\n"
        "    print(error.code, error.hint)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == "configuration.extra_missing pip install 'inbounds[fastmcp]'"


def test_over_http_each_user_has_a_task_of_their_own(world, mode):
    tokens = {
        f"token-of-{name}": {"client_id": "editor", "sub": f"{name}@acme.example"}
        for name in ("alice", "olga")
    }
    server = FastMCP("mail", auth=StaticTokenVerifier(tokens=tokens))
    server.add_tool(Tool.from_function(world.send, name="send"))
    tasks = {"alice@acme.example": world.task()}

    def task_of(ctx):
        token = get_access_token()
        return tasks[token.claims["sub"]]

    authorization = AuthorizationMiddleware(
        world.guard, server="mail", task=task_of, resources=world.resources
    )
    guarded_server(server, authorization=authorization)
    app = server.http_app(path="/mcp")

    async def connected(token):
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app=app),
                base_url="http://127.0.0.1:8000",
                headers={"Authorization": f"Bearer {token}"},
            ) as http,
            Client(
                streamable_http_client("http://127.0.0.1:8000/mcp", http_client=http),
                mode=mode,
                cache=None,
            ) as client,
        ):
            return [
                (await client.call_tool("send", {"to": [to], "body": "hi"})).content[0].text
                for to in (BOB, MALLORY)
            ]

    sent, stolen = asyncio.run(connected("token-of-alice"))
    app = server.http_app(path="/mcp")
    others = asyncio.run(connected("token-of-olga"))

    assert sent == "sent"
    assert DENIED.match(stolen)
    assert others == ["Not executed [decision.unavailable]; do not retry."] * 2
    assert world.ran == [("mail.send", {"to": [BOB], "body": "hi"})]


class Web:
    """A server over HTTP, without sockets, that sees the headers of all its requests."""

    def __init__(self, app):
        self.app = app
        self.seen = []

    async def __call__(self, scope, receive, send):
        self.seen += scope["headers"]
        await self.app(scope, receive, send)

    def client(self, **options):
        options = {"base_url": "http://127.0.0.1", **options}
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self), **options)


async def proxied(way, web):
    """A server that has the tool `find` of one behind."""
    if way == "openapi":
        posted = {"operationId": "find", "responses": {"200": {"description": "found"}}}
        spec = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}}
        spec |= {"paths": {"/find": {"post": posted}}}
        return FastMCP.from_openapi(spec, web.client())
    transport = StreamableHttpTransport("http://127.0.0.1/mcp", httpx_client_factory=web.client)
    if way == "factory":
        return FastMCPProxy(client_factory=lambda: ProxyClient(transport))
    proxy = create_proxy(transport)
    if way in {"mounted", "copied"}:
        server = FastMCP("outer")
        if way == "mounted":
            server.mount(proxy)
        else:
            server.add_tool(Tool.from_tool(await proxy.get_tool("find"), description="A copy."))
        return server
    return create_proxy(proxy) if way == "proxy of a proxy" else proxy


@pytest.mark.parametrize(
    "way", ["proxy", "factory", "mounted", "copied", "proxy of a proxy", "openapi"]
)
def test_no_header_of_the_caller_reaches_a_server_behind(files, mode, way):
    behind = FastMCP("behind")
    behind.tool(lambda: "found", name="find")
    app = behind.http_app(path="/mcp")
    web = Web(app)
    tokens = {"canary-token": {"client_id": "editor", "sub": "canary"}}
    own = {"Authorization": "Bearer canary-token", "X-Api-Key": "canary", "tracestate": "a=canary"}
    heard = []

    def task_of(ctx):
        heard.append(get_http_headers()["x-api-key"])
        return task

    async def connected():
        if way == "openapi":
            web.app = Starlette(
                routes=[Route("/find", lambda request: Response("found"), methods=["POST"])]
            )
        async with contextlib.AsyncExitStack() as opened:
            await opened.enter_async_context(app.router.lifespan_context(app))
            server = await proxied(way, web)
            server.auth = StaticTokenVerifier(tokens=tokens)
            front = files.guarded(server, task=task_of).http_app(path="/mcp")
            web.seen.clear()
            await opened.enter_async_context(front.router.lifespan_context(front))
            http = await opened.enter_async_context(Web(front).client(headers=own))
            transport = streamable_http_client("http://127.0.0.1/mcp", http_client=http)
            client = await opened.enter_async_context(Client(transport, mode=mode, cache=None))
            await raw(client, "tools/call", {"name": "other", "arguments": {}})
            return (await client.call_tool("find", {})).content[0].text

    with files.world.task() as task:
        text = asyncio.run(connected())

    assert "found" in text
    assert web.seen
    assert not [each for each in web.seen if b"canary" in each[1]]
    assert set(heard) == {"canary"}


@pytest.mark.parametrize("label", ["public", "secret"])
def test_a_guarded_tool_says_how_sensitive_its_result_is(files, mode, label):
    guard = files.world.guard

    @guard.tool("files.find", resource=lambda limit: ("mcp_tool", "files.find"))
    def find(limit: int) -> Labelled[str]:
        """Find."""
        return Labelled("the canary", label)

    server = FastMCP("files")
    authorization = AuthorizationMiddleware(guard, server="files")
    guarded_server(server, [find], authorization=authorization)

    async def host(client):
        return await client.call_tool("find", {"limit": 1})

    with files.world.task():
        said = files.go(host, server, mode)

    assert ("canary" in str(said)) == (label == "public")
    assert said.is_error == (label == "secret")


def labelling(kind, label):
    """A server that has a tool `find`, made in one of FastMCP's ways, whose result has a label."""
    inner = FastMCP("inner")
    outer = FastMCP("outer")

    def find(limit: int):
        return Labelled("the canary", label)

    async def later(limit: int):
        return Labelled("the canary", label)

    def typed(limit: int) -> Labelled[str]:
        return Labelled("the canary", label)

    def each(limit: int):
        yield "nothing"
        yield Labelled("the canary", label)

    made = {"async": later, "typed": typed, "items": each}
    if kind in made:
        outer.tool(name="find")(made[kind])
    elif kind == "transformed":
        outer.add_tool(Tool.from_tool(Tool.from_function(find), name="find", description="-"))
    elif kind == "rewritten":
        own = Tool.from_function(lambda limit: "x", name="find")
        outer.add_tool(Tool.from_tool(own, name="find", transform_fn=find))
    else:
        inner.tool(name="look" if kind == "renamed" else "find")(find)
        outer.mount(inner, tool_names={"look": "find"} if kind == "renamed" else None)
    return outer


@pytest.mark.parametrize(
    "kind", ["async", "typed", "items", "transformed", "rewritten", "mounted", "renamed"]
)
@pytest.mark.parametrize("label", ["public", "secret"])
def test_however_a_tool_is_made_its_label_counts(files, mode, kind, label):
    server = labelling(kind, label)
    authorization = AuthorizationMiddleware(
        files.world.guard,
        server="files",
        resources={"files.find": lambda limit: ("mcp_tool", "files.find")},
    )
    guarded_server(server, authorization=authorization)

    async def host(client):
        return await client.call_tool("find", {"limit": 1})

    with files.world.task() as task:
        said = files.go(host, server, mode)
        report = task.report()

    assert ("canary" in str(said)) == (label == "public")
    assert ("result.label_above_bound" in str(said)) == (label == "secret")
    assert said.is_error == (label == "secret")
    assert (1, int(label == "secret")) == (report.ran, report.withheld)


def test_a_server_that_keeps_a_tool_by_a_guarded_tools_name_is_refused(files):
    """
    What is judged as the guarded one would be another that runs.
    """

    @files.world.guard.tool("files.find", resource=lambda limit: ("mcp_tool", "files.find"))
    def find(limit: int) -> str:
        """Find."""
        return "found"

    server = FastMCP("files", on_duplicate="ignore")
    server.add_tool(Tool.from_function(lambda limit: "removed", name="find"))
    authorization = AuthorizationMiddleware(files.world.guard, server="files")
    with pytest.raises(ConfigurationError) as ei:
        guarded_server(server, [find], authorization=authorization)
    assert "configuration.tool_named_twice" == ei.value.code
