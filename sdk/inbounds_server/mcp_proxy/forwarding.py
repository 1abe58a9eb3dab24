"""The server that a host speaks to: every request is judged, and what was judged is forwarded."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    CallToolRequest,
    CallToolRequestParams,
    CompleteRequest,
    GetPromptRequest,
    GetPromptRequestParams,
    ReadResourceRequest,
    ReadResourceRequestParams,
    SubscribeRequest,
    SubscribeRequestParams,
    SubscriptionFilter,
    SubscriptionsListenRequestParams,
    UnsubscribeRequest,
    UnsubscribeRequestParams,
)
from pydantic import ValidationError

from inbounds.integrations.mcp import AuthorizationMiddleware, guarded_server
from inbounds.integrations.mcp.refusals import Refusal
from inbounds.version import __version__

from .server_requests import METHODS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from mcp_types import ServerCapabilities

    from inbounds.pep import Guard

    from .caller import Caller
    from .place import Place
    from .upstream import Now

# What a server of an earlier version leaves out.
_COMPLETE = {"resultType": "complete"}
# What one caller may see now is not what another may see, and may change later.
_NEVER_KEPT: dict[Any, CacheHint] = dict.fromkeys(
    (
        *("tools/list", "resources/list", "resources/templates/list", "prompts/list"),
        *("resources/read", "server/discover"),
    ),
    CacheHint(ttl_ms=0, scope="private"),
)
_ITS_WORDS = frozenset({"_meta", "ttlMs", "cacheScope"})
_ITS_OWN = frozenset({"initialize", "ping", "server/discover"})
_now: ContextVar[Now] = ContextVar("inbounds_mcp_proxy_now")
_CODES = frozenset({INVALID_PARAMS, METHOD_NOT_FOUND, INTERNAL_ERROR, -32002})
_MOST_TEXT = 2000


def forwarding(
    guard: Guard,
    place: Place,
    caller_of: Callable[[Any], Caller],
    capabilities: ServerCapabilities,
    *,
    asks: Collection[str] = (),
) -> Server[Any]:
    """Make the server that stands in front of another one.

    Args:
        guard: Whose policy judges.
        place: Where the server behind runs.
        caller_of: Says of a request's context whose it is.
        capabilities: What the server behind can do. No more is offered.
        asks: What the server behind may ask of the host, of `server_requests.METHODS`.
    """
    forward = _Forward(caller_of, frozenset(asks))
    offered: dict[str, Any] = {}
    if capabilities.tools is not None:
        offered |= {"on_list_tools": forward.tools, "on_call_tool": forward.call}
    if capabilities.resources is not None:
        offered |= {
            "on_list_resources": forward.resources,
            "on_list_resource_templates": forward.templates,
            "on_read_resource": forward.read,
        }
        if capabilities.resources.subscribe:
            offered |= {
                "on_subscribe_resource": forward.subscribe,
                "on_unsubscribe_resource": forward.unsubscribe,
            }
    if capabilities.prompts is not None:
        offered |= {"on_list_prompts": forward.prompts, "on_get_prompt": forward.prompt}
    if capabilities.completions is not None:
        offered["on_completion"] = forward.complete
    # What the server says of itself, such as instructions to a model, is not passed on.
    server: Server[Any] = Server(
        place.name,
        version=__version__,
        cache_hints=_NEVER_KEPT,
        on_subscriptions_listen=forward.listen,
        **offered,
    )
    server.middleware.append(forward.first)
    authorization = AuthorizationMiddleware(
        guard,
        task=forward.task,
        server=place.name,
        descriptor=forward.descriptor,
        at=place.at,
        asks=[METHODS[kind] for kind in asks],
    )
    return guarded_server(server, authorization=authorization)


class _Forward:
    """The handlers, each of which forwards what the middleware before it has judged."""

    def __init__(self, caller_of: Callable[[Any], Caller], asks: frozenset[str]) -> None:
        self._caller_of = caller_of
        self._asks = asks

    # --- before a request is judged ---------------------------------------------------------

    async def first(self, ctx: Any, call_next: Any) -> Any:
        """Say whose request it is; and answer what is about the connection alone."""
        if ctx.request_id is None:
            return await call_next(ctx)
        caller = self._caller_of(ctx)
        connection = ctx.request.headers.get("mcp-session-id", "") if ctx.request else ""
        with caller.calling(ctx, connection):
            if ctx.method == "subscriptions/listen":
                return await self._listen(ctx)
            if ctx.method not in _ITS_OWN:
                # What is judged is the server as it is now, and no other is reached.
                _now.set(await caller.upstream.ready())
            return await call_next(ctx)

    async def task(self, ctx: Any) -> Any:
        """Return the task that a request is within."""
        return await self._caller_of(ctx).task()

    def descriptor(self, tool: str) -> str:
        """Return the digest of what the server behind says of a tool now."""
        return _now.get().descriptor(tool)

    async def _listen(self, ctx: Any) -> Any:
        """Tell a client of changes to lists. What one resource holds, nobody hears of here."""
        try:
            params = SubscriptionsListenRequestParams.model_validate(
                ctx.params or {}, by_name=False
            )
        except ValidationError:
            raise MCPError(INVALID_PARAMS, "Invalid request parameters", "") from None
        said = params.notifications
        wanted = SubscriptionFilter(
            tools_list_changed=said.tools_list_changed,
            prompts_list_changed=said.prompts_list_changed,
            resources_list_changed=said.resources_list_changed,
        )
        asked = params.model_copy(update={"notifications": wanted})
        return await self._caller_of(ctx).listen(ctx, asked)

    async def listen(self, _ctx: Any, _params: Any) -> Any:
        """Say that changes can be heard of; `first` answers."""
        raise MCPError(METHOD_NOT_FOUND, "Method not found")

    # --- lists, which the middleware cuts down to the task ------------------------------------

    async def tools(self, ctx: Any, params: Any) -> dict[str, Any]:
        return await self._list(ctx, params, "tools/list")

    async def resources(self, ctx: Any, params: Any) -> dict[str, Any]:
        return await self._list(ctx, params, "resources/list")

    async def templates(self, ctx: Any, params: Any) -> dict[str, Any]:
        return await self._list(ctx, params, "resources/templates/list")

    async def prompts(self, ctx: Any, params: Any) -> dict[str, Any]:
        return await self._list(ctx, params, "prompts/list")

    async def _list(self, ctx: Any, params: Any, method: str) -> dict[str, Any]:
        if params is not None and params.cursor is not None:
            # A list is given whole: a cursor would be words of the caller's that nobody judges.
            raise MCPError(INVALID_PARAMS, "there is no such page")
        listed = self._caller_of(ctx).upstream.listed(_now.get(), method)
        return {**_COMPLETE, **await _silently(listed)}

    # --- what is judged -----------------------------------------------------------------------

    async def call(self, ctx: Any, params: Any) -> dict[str, Any]:
        asked = CallToolRequestParams(
            name=params.name, arguments=params.arguments, **self._answers(params)
        )
        try:
            return await self._send(ctx, CallToolRequest(params=asked), tool=params.name)
        except Refusal:
            raise
        except MCPError as error:
            # As the result of a tool, so that what is owed to results is done to it.
            text = error.message[:_MOST_TEXT]
            return {**_COMPLETE, "content": [{"type": "text", "text": text}], "isError": True}

    async def read(self, ctx: Any, params: Any) -> dict[str, Any]:
        asked = ReadResourceRequestParams(uri=params.uri, **self._answers(params))
        return await self._plainly(ctx, ReadResourceRequest(params=asked))

    async def subscribe(self, ctx: Any, params: Any) -> dict[str, Any]:
        asked = SubscribeRequestParams(uri=params.uri)
        return await self._plainly(ctx, SubscribeRequest(params=asked))

    async def unsubscribe(self, ctx: Any, params: Any) -> dict[str, Any]:
        asked = UnsubscribeRequestParams(uri=params.uri)
        return await self._plainly(ctx, UnsubscribeRequest(params=asked))

    async def prompt(self, ctx: Any, params: Any) -> dict[str, Any]:
        asked = GetPromptRequestParams(
            name=params.name, arguments=params.arguments, **self._answers(params)
        )
        return await self._plainly(ctx, GetPromptRequest(params=asked))

    async def complete(self, ctx: Any, params: Any) -> dict[str, Any]:
        asked = params.model_copy(update={"meta": None})
        return await self._plainly(ctx, CompleteRequest(params=asked))

    # --- forwarding ---------------------------------------------------------------------------

    async def _plainly(self, ctx: Any, request: Any) -> dict[str, Any]:
        """Forward, and keep to oneself what the server says of what went wrong."""
        return await _silently(self._send(ctx, request))

    async def _send(self, ctx: Any, request: Any, *, tool: str = "") -> dict[str, Any]:
        caller = self._caller_of(ctx)

        async def progress(done: float, total: float | None, message: str | None) -> None:
            await ctx.session.report_progress(done, total, message)

        meta = (ctx.params or {}).get("_meta") or {}
        wanted = progress if meta.get("progressToken") is not None else None
        with caller.forwarding(ctx):
            result = await caller.upstream.send(_now.get(), request, tool=tool, progress=wanted)
        # What the server behind says of itself is not this server's. Nor is how long its answers
        # may be kept, which the SDK would take before `_NEVER_KEPT`.
        left = {name: each for name, each in result.items() if name not in _ITS_WORDS}
        return {**_COMPLETE, **left}

    def _answers(self, params: Any) -> dict[str, Any]:
        """Return what a host brings of the answers that the server may ask for."""
        if not self._asks:
            return {}
        return {"input_responses": params.input_responses, "request_state": params.request_state}


async def _silently(answer: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Return an answer, or raise an error that quotes nothing of the server behind."""
    try:
        return await answer
    except Refusal:
        raise
    except MCPError as error:
        code = error.code if error.code in _CODES else INTERNAL_ERROR
        raise MCPError(code, "the server answered with an error [upstream.error]") from None
