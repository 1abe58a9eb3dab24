"""A low-level server `files`, of which everything is registered and nothing is judged twice."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from mcp import Client
from mcp.client._memory import InMemoryTransport
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolResult,
    CompleteResult,
    Completion,
    EmptyResult,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    Prompt,
    PromptMessage,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
)
from tests.integrations.world import World

from inbounds.integrations.mcp import AuthorizationMiddleware, guarded_server

_TEXT: dict[str, Any] = {}
REGISTERED: Mapping[str, Mapping[str, Any]] = {
    "files.find": {"resource": "mcp_tool", "arguments": {"/limit": {"type": "integer"}}},
    "files.resources.read": {"resource": "mcp_resource", "arguments": {"/uri": _TEXT}},
    "files.resources.subscribe": {"resource": "mcp_resource", "arguments": {"/uri": _TEXT}},
    "files.prompts.get": {
        "resource": "mcp_prompt",
        "arguments": {"/name": _TEXT, "/arguments/to": _TEXT},
    },
    "files.completion.complete": {
        "resource": "mcp_completion",
        "arguments": dict.fromkeys(
            ("/ref/type", "/ref/name", "/argument/name", "/argument/value"), _TEXT
        ),
    },
}
BOUNDS = {
    "mcp_tool": "files.",
    "mcp_resource": "file:///work/",
    "mcp_prompt": "letter",
    "mcp_completion": "letter",
}


def text(said: str) -> TextContent:
    """A block of text."""
    return TextContent(type="text", text=said)


class Desk:
    """The server, and the policy on it.

    Attributes:
        ran: What reached a handler: the method, and its parameters without `_meta`.
        answers: What a handler answers, by method: an answer, an error, or a function of the
            handler's context.
        lists: What the lists have beside their entries.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.ran: list[tuple[str, Any]] = []
        self.answers: dict[str, Any] = {
            "tools/call": CallToolResult(content=[text("found")]),
            "resources/read": ReadResourceResult(
                contents=[TextResourceContents(uri="file:///work/a", text="hello")]
            ),
            "resources/subscribe": EmptyResult(),
            "resources/unsubscribe": EmptyResult(),
            "prompts/get": GetPromptResult(
                messages=[PromptMessage(role="user", content=text("write to Bob"))]
            ),
            "completion/complete": CompleteResult(completion=Completion(values=["bob"])),
        }
        self.lists: dict[str, Any] = {"ttlMs": 1000, "cacheScope": "public"}
        self.register()

    def register(self, returns: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Register everything of the server; `returns` is of all of it."""
        said = {"label": "public", "party": "first", **(returns or {})}
        place = {"effects": ["read"], "tenant": "acme", "environment": "development"}
        entries = {
            name: {**entry, **place, "returns": said, **more} for name, entry in REGISTERED.items()
        }
        now = self.world.policy.deployment
        agents = dict(now["agents"])
        name = "spiffe://acme.example/agent/assistant"
        manifest = agents[name]["manifest"]
        tools = sorted({*manifest["tools"], *entries})
        agents[name] = {**agents[name], "manifest": {**manifest, "tools": tools}}
        intent = now["intents"]["correspond"]
        bounds = [{"type": kind, "prefixes": [prefix]} for kind, prefix in BOUNDS.items()]
        intent = {
            **intent,
            "tools": sorted({*intent["tools"], *entries}),
            "resources": [r for r in intent["resources"] if r["type"] not in BOUNDS] + bounds,
        }
        kinds = ["notify", "redact", "mask", "strip", "truncate"]
        labels = now["labels"]
        known = {**labels["resources"], **{kind: {"label": "public"} for kind in BOUNDS}}
        self.world.policy.change(
            tools={**now["tools"], **entries},
            agents=agents,
            servers={},
            intents={**now["intents"], "correspond": intent},
            labels={**labels, "resources": known},
            peps={each: {**entry, "obligations": kinds} for each, entry in now["peps"].items()},
        )

    def server(self, *, watched: bool = True, **options: Any) -> Server[Any]:
        """Make the guarded server."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server: Server[Any] = Server(
                "files",
                on_list_tools=self._tools,
                on_call_tool=self._handler("tools/call"),
                on_list_resources=self._resources,
                on_list_resource_templates=self._templates,
                on_read_resource=self._handler("resources/read"),
                on_subscribe_resource=self._handler("resources/subscribe"),
                on_unsubscribe_resource=self._handler("resources/unsubscribe"),
                on_list_prompts=self._prompts,
                on_get_prompt=self._handler("prompts/get"),
                on_completion=self._handler("completion/complete"),
                on_set_logging_level=self._handler("logging/setLevel"),
                on_progress=self._handler("notifications/progress"),
            )
        authorization = AuthorizationMiddleware(self.world.guard, server="files", **options)
        if watched:
            guarded_server(server, authorization=authorization)
        else:
            server.middleware.append(authorization)
        return server

    def go(
        self, host: Callable[[Client], Any], *, mode: str, server: Any = None, **callbacks: Any
    ) -> Any:
        """Let a host use a client of the server, in memory."""
        server = server or self.server()

        async def connected() -> Any:
            transport = InMemoryTransport(server)
            async with Client(transport, mode=mode, cache=None, **callbacks) as client:
                return await host(client)

        return asyncio.run(connected())

    def _handler(self, method: str) -> Any:
        async def handle(ctx: Any, params: Any) -> Any:
            said = params.model_dump(by_alias=True, mode="json", exclude_none=True)
            said.pop("_meta", None)
            self.ran.append((method, said))
            answer = self.answers.get(method)
            if callable(answer):
                answer = await answer(ctx)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return handle

    async def _tools(self, *_: Any) -> ListToolsResult:
        schema = {"type": "object", "properties": {"limit": {"type": "integer", "default": 7}}}
        tools = [Tool(name=name, input_schema=schema) for name in ("find", "wipe")]
        return ListToolsResult(tools=tools, **self.lists)

    async def _resources(self, *_: Any) -> ListResourcesResult:
        resources = [Resource(name="a", uri="file:///work/a")]
        return ListResourcesResult(resources=resources, **self.lists)

    async def _templates(self, *_: Any) -> ListResourceTemplatesResult:
        template = ResourceTemplate(name="t", uri_template="file:///work/{name}")
        return ListResourceTemplatesResult(resource_templates=[template])

    async def _prompts(self, *_: Any) -> ListPromptsResult:
        return ListPromptsResult(prompts=[Prompt(name="letter")], **self.lists)
