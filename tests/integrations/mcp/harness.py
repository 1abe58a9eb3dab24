"""A client of the MCP SDK before a guarded `MCPServer`, and a host whose model asks for calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx2
from mcp import Client
from mcp.client._memory import InMemoryTransport
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import MCPServer
from mcp.server.request_state import RequestStateBoundary
from mcp_types import (
    CallToolResult,
    ElicitResult,
    InputRequiredResult,
    TextContent,
)
from tests.integrations.world import (
    Seen,
    ToolCall,
    World,
    authorization_of,
    no_agents,
    no_conversations,
)

from inbounds.errors import InboundsError
from inbounds.integrations.mcp import AuthorizationMiddleware, guarded_server
from inbounds.pep.task import Task, current

NO_AGENTS = "a server runs no agent: whoever calls its tools is its client"
NO_ANSWERS = "a client of 2025-11-25 brings no answers: who says no does not send the call again"
STATED = "test_a_default_that_a_stated_schema_leaves_out_is_judged"


class Between:
    """A layer between the adapter and the tool."""

    def __init__(self, change: Callable[[Any], Any] | None, answer: Callable[[], str] | None):
        self.change = change
        self.answer = answer

    async def __call__(self, ctx: Any, call_next: Any) -> Any:
        if ctx.method != "tools/call":
            return await call_next(ctx)
        if self.answer is not None:
            return CallToolResult(content=[TextContent(type="text", text=self.answer())])
        if self.change is not None:
            changed = {**ctx.params, "arguments": self.change(ctx.params["arguments"])}
            ctx = replace(ctx, params=changed)
        return await call_next(ctx)


class McpHarness:
    """See `Harness`.

    Args:
        world: What the agent is put before.
        mode: The version of the protocol: `2026-07-28`, or `legacy` for 2025-11-25.
        way: `memory` for streams in memory, `http` for streamable HTTP in this process.
    """

    filters = True
    aborts = False
    cannot_wait = "flow.untrusted_argument"
    states: Sequence[str] = ()

    def __init__(self, world: World, mode: str, way: str) -> None:
        self.world = world
        self.mode = mode
        self.way = way
        self.beyond: Mapping[str, str] = {
            STATED: "the framework itself makes the schema of a function, from its signature",
            "test_an_agent_within_is_judged_under_the_same_task": NO_AGENTS,
            "test_an_agent_within_that_is_not_judged_is_refused": NO_AGENTS,
            "test_a_tool_that_its_provider_runs_is_refused": NO_AGENTS,
            **no_agents(NO_AGENTS),
            **no_conversations("a server has no conversation: its client has it"),
        }
        if mode == "legacy":
            self.beyond = {
                **self.beyond,
                "test_what_a_person_has_refused_stays_refused": NO_ANSWERS,
                "test_a_no_is_heard_by_a_task_that_would_be_allowed_to": NO_ANSWERS,
                "test_an_answer_to_another_call_is_none_to_this": NO_ANSWERS,
            }
        self._task: Task | None = None
        self._context: Task | None = None
        self._pending: list[tuple[ToolCall, Any]] = []
        self._rest: list[Sequence[ToolCall]] = []
        self.server: Any = None

    def run(
        self,
        *turns: Sequence[ToolCall],
        tamper: Callable[[Any], Any] | None = None,
        answer: Callable[[], str] | None = None,
        waits: bool = True,
        context: Task | None = None,
    ) -> Seen:
        self._context = context
        self.server = self.make()
        if tamper or answer:
            # As nobody should: a layer comes after the authorization.
            self.layer(Between(tamper, answer))
        return self.go(lambda client: self._turns(client, turns), waits=waits)

    def bare(self, *turns: Sequence[ToolCall]) -> Seen:
        self._context = None
        self.server = self.unguarded()
        return self.go(lambda client: self._turns(client, turns), waits=True)

    def resume(self, *, approve: bool, call: str = "") -> Seen:
        if call:
            # The SDK's own seal knows the call as well: without it, the adapter has to.
            middleware = self.lowest.middleware
            middleware[:] = [m for m in middleware if not isinstance(m, RequestStateBoundary)]
        return self.go(
            lambda client: self._answered(client, approve=approve, call=call), waits=True
        )

    def make(self, authorization: AuthorizationMiddleware | None = None) -> Any:
        """Make a guarded server of the tools of the world."""
        return self._guarded(self.unguarded(), authorization or self.authorization())

    def unguarded(self) -> Any:
        """Make the same server without an authorization."""
        server = MCPServer("world", lifespan=self._lifespan)
        for name, function in self.world.tools.items():
            server.add_tool(function, name=name)
        return server

    @property
    def lowest(self) -> Any:
        """What the SDK runs."""
        return self.server

    def layer(self, layer: Between) -> None:
        """Put a layer between the authorization and the tool."""
        self.server.middleware.append(layer)

    @contextlib.asynccontextmanager
    async def app(self) -> AsyncIterator[Any]:
        """Serve HTTP."""
        app = self.server.streamable_http_app()
        async with self.server.session_manager.run():
            yield app

    def authorization(self, **options: Any) -> AuthorizationMiddleware:
        """Make an authorization that knows the task in this way to run a server."""
        if self.way == "http":
            options.setdefault("task", self._of_request)
        return AuthorizationMiddleware(
            self.world.guard, **{"resources": self.world.resources, **options}
        )

    def go(self, host: Callable[[Client], Any], *, waits: bool) -> Any:
        """Connect a client, and let a host use it."""
        try:
            self._task = current()
        except InboundsError:
            self._task = None
        return asyncio.run(self._connected(host, waits=waits))

    def nest(self, *, guarded: bool, wish: ToolCall) -> Seen:
        raise NotImplementedError

    def host(self) -> None:
        raise NotImplementedError

    def set_up(self, **wrong: Any) -> None:
        authorization = authorization_of(self.world, AuthorizationMiddleware, wrong)
        self._guarded(self.unguarded(), authorization)

    def _guarded(self, server: Any, authorization: Any) -> Any:
        return guarded_server(server, authorization=authorization)

    # --- its own --------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"task": self._context}

    def _of_request(self, ctx: Any) -> Task:
        # As an application has it: by whom the request is from, and not by context.
        return self._context or self._task or current()

    async def _connected(self, host: Callable[[Client], Any], *, waits: bool) -> Any:
        async with contextlib.AsyncExitStack() as stack:
            if self.way != "http":
                transport: Any = InMemoryTransport(self.lowest)
            else:
                app = await stack.enter_async_context(self.app())
                http = httpx2.AsyncClient(
                    transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
                )
                await stack.enter_async_context(http)
                transport = streamable_http_client("http://127.0.0.1:8000/mcp", http_client=http)
            asks = {"elicitation_callback": _unasked} if waits else {}
            client = Client(transport, mode=self.mode, cache=None, **asks)
            await stack.enter_async_context(client)
            return await host(client)

    async def _turns(self, client: Client, turns: Sequence[Sequence[ToolCall]]) -> Seen:
        listed = [tool.name for tool in (await client.list_tools()).tools]
        shown, read = [listed], {}
        self._pending, self._rest = [], [*turns]
        while self._rest and not self._pending:
            wishes = self._rest.pop(0)
            said = await asyncio.gather(*(self._call(client, wish) for wish in wishes))
            read |= self._sorted(wishes, said, waits=client.elicitation_callback is not None)
        return Seen(read=read, paused=self._paused(), shown=shown)

    async def _answered(self, client: Client, *, approve: bool, call: str) -> Seen:
        pending, self._pending = self._pending, []
        read: dict[str, str] = {}
        for wish, question in pending:
            before = question
            brought: dict[str, Any] = {}
            if isinstance(before, InputRequiredResult):
                answer: Any = ElicitResult(action="decline")
                if approve:
                    answer = ElicitResult(action="accept", content={"approve": True})
                if call:
                    other = ToolCall(wish.tool, {**wish.arguments, "body": "another"}, call)
                    signs, self.world.signs = self.world.signs, False
                    before = await self._call(client, other)
                    self.world.signs = signs
                brought = {
                    "input_responses": dict.fromkeys(before.input_requests, answer),
                    "request_state": before.request_state,
                }
            said = await self._call(client, wish, **brought)
            read |= self._sorted([wish], [said], waits=not call)
        if not self._pending:
            seen = await self._turns(client, self._rest)
            return replace(seen, read={**self.before, **read, **seen.read})
        self.before = {**self.before, **read}
        return Seen(read=self.before, paused=self._paused())

    async def _call(self, client: Client, wish: ToolCall, **brought: Any) -> Any:
        return await client.session.call_tool(
            wish.tool,
            dict(wish.arguments),
            meta={"inbounds/tool_call_id": wish.id},
            allow_input_required=True,
            **brought,
        )

    def _sorted(
        self, wishes: Sequence[ToolCall], said: Sequence[Any], *, waits: bool
    ) -> dict[str, str]:
        read = {}
        for wish, each in zip(wishes, said, strict=True):
            later = waits and self.mode == "legacy" and "inbounds/request_id" in (each.meta or {})
            if later or isinstance(each, InputRequiredResult):
                self._pending.append((wish, each))
            else:
                read[wish.id] = "".join(getattr(b, "text", "") for b in each.content)
        self.before = {**getattr(self, "before", {}), **read}
        return read

    def _paused(self) -> list[dict[str, Any]]:
        return [
            {
                "tool_call_id": wish.id,
                "name": wish.tool,
                "code": said.meta["inbounds/code"],
                "decision_id": said.meta["inbounds/decision_id"],
                "request_id": said.meta["inbounds/request_id"],
                "said": said.model_dump_json(),
            }
            for wish, said in self._pending
        ]


async def _unasked(*_: Any) -> Any:
    raise AssertionError("the host answers by itself")
