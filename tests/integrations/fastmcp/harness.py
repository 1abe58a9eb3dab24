"""A client of the MCP SDK before a guarded `FastMCP`, or before a guarded proxy of one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastmcp import FastMCP
from fastmcp.server import create_proxy
from fastmcp.server.middleware import Middleware
from fastmcp.tools import Tool
from fastmcp.tools.base import ToolResult
from mcp_types import TextContent
from tests.integrations.mcp.harness import STATED, Between, McpHarness
from tests.integrations.world import World

from inbounds.integrations.fastmcp import guarded_server


async def _always(_: str) -> bool:
    return True


class Within(Middleware):
    """A layer of FastMCP's own, which comes after everything of the SDK."""

    def __init__(self, between: Between) -> None:
        self._between = between

    async def on_call_tool(self, context: Any, call_next: Any) -> Any:
        if self._between.answer is not None:
            said = [TextContent(type="text", text=self._between.answer())]
            return ToolResult(content=said)
        if self._between.change is not None:
            changed = self._between.change(context.message.arguments)
            message = context.message.model_copy(update={"arguments": changed})
            context = context.copy(message=message)
        return await call_next(context)


class FastMcpHarness(McpHarness):
    """See `Harness`.

    Args:
        world: What the agent is put before.
        mode: As `McpHarness`.
        way: As `McpHarness`, or `proxy` for a proxy of another server, in memory.
    """

    states = ("json", "default")

    def __init__(self, world: World, mode: str, way: str) -> None:
        super().__init__(world, mode, way)
        self.beyond = {name: why for name, why in self.beyond.items() if name != STATED}
        if way == "proxy":
            labels = dict.fromkeys(
                (
                    "test_a_result_with_a_label_of_its_own_is_given",
                    "test_a_result_that_is_more_sensitive_is_withheld",
                    "test_a_field_is_left_out_of_text_with_a_label",
                ),
                "no label crosses the wire from a server that a proxy stands before: what it "
                "returns is text already",
            )
            own = "what was refused in a server that a proxy stands before, that says itself"
            within = "test_of_a_call_that_a_tool_itself_asks_for_no_more_is_read_than_of_any"
            known = "test_the_code_of_a_tool_is_known_to_be_within_its_call"
            told = "test_what_a_tool_says_by_raising_is_neither_traced_nor_logged"
            behind = "what a proxy stands before runs elsewhere"
            self.beyond = {**self.beyond, **labels, within: own, known: behind, told: behind}

    def unguarded(self) -> Any:
        server: Any = FastMCP("world", lifespan=self._lifespan)
        for name, function in self.world.tools.items():
            tool = Tool.from_function(function, name=name)
            tool.parameters = self.world.schemas.get(name, tool.parameters)
            server.add_tool(tool)
        if self.way == "proxy":
            server = create_proxy(server, name="proxy", lifespan=self._lifespan)
        return server

    def _guarded(self, server: Any, authorization: Any) -> Any:
        guarded = guarded_server(server, authorization=authorization)
        if self.way == "proxy":
            # The server behind is this program's own as well, which the adapter cannot know.
            guarded._mcp_server.middleware[-1].owns = _always
        return guarded

    @property
    def lowest(self) -> Any:
        return self.server._mcp_server

    def layer(self, layer: Between) -> None:
        self.server.add_middleware(Within(layer))

    @contextlib.asynccontextmanager
    async def app(self) -> AsyncIterator[Any]:
        app = self.server.http_app(path="/mcp")
        async with app.router.lifespan_context(app):
            yield app
