"""Servers each of whose answers is judged."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer

from inbounds.errors import ConfigurationError, DecisionUnavailable
from inbounds.threads import beside
from inbounds.tools import GuardedTool

from .in_place import in_place
from .middleware import AuthorizationMiddleware
from .wish import JUDGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def guarded_server(
    server: Any,
    tools: Sequence[GuardedTool[..., Any]] = (),
    *,
    authorization: AuthorizationMiddleware,
) -> Any:
    """Let a server answer only what is judged. The same server is returned.

    Handlers that are added to it later are not covered: put them there before.

    Args:
        server: An `MCPServer`, or a low-level `Server`.
        tools: Guarded tools to give an `MCPServer`; their functions run under the permits
            asked for here.
        authorization: Judges. It is put innermost, after all other middleware.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it is no server whose messages can
            be judged; `configuration.tool_guarded_twice`: a tool of it is guarded itself;
            `configuration.order`: an authorization stands among its middleware already.
    """
    lowest = server._lowlevel_server if isinstance(server, MCPServer) else server  # noqa: SLF001
    if not isinstance(lowest, Server):
        raise ConfigurationError(
            f"messages to a {type(server).__name__} cannot be judged",
            code="configuration.tool_out_of_reach",
            hint="give it an `MCPServer`, or a low-level `Server`",
        )
    if any(isinstance(each, AuthorizationMiddleware) for each in lowest.middleware):
        raise ConfigurationError(
            "an authorization stands among the server's middleware, where others may come after it",
            code="configuration.order",
            hint="leave it out there: `authorization=` is put last",
        )
    for each in _functions(server):
        if isinstance(each, GuardedTool):
            raise ConfigurationError(
                f"`{each.name}` would be judged twice: the function of a tool is guarded itself",
                code="configuration.tool_guarded_twice",
                hint="give the guarded function in `tools=`, without adding it to the server",
            )
    for tool in tools:
        if tool.generates or tool.generates_async:
            raise ConfigurationError(
                f"calls of `{tool.name}` cannot be judged: it gives its result bit by bit",
                code="configuration.tool_out_of_reach",
                hint="give the server a tool that returns its result whole",
            )
        about = inspect.getdoc(tool.function) or tool.name
        server.add_tool(tool.function, name=authorization.own_name(tool.name), description=about)
    for method in JUDGED:
        entry = lowest.get_request_handler(method)
        if entry is not None:
            lowest.add_request_handler(method, entry.params_type, _in_place(method, entry.handler))
    lowest.middleware.append(authorization)
    authorization.watched = True
    return server


def _functions(server: Any) -> Iterator[Any]:
    if isinstance(server, MCPServer):
        yield from (tool.fn for tool in server._tool_manager.list_tools())  # noqa: SLF001


def _in_place(method: str, handler: Any) -> Any:
    async def handle(ctx: Any, params: Any) -> Any:
        place = in_place.get()
        if place is None:
            raise DecisionUnavailable(
                "a request has reached its handler past the authorization",
                code="call.not_judged",
                hint="let the authorization be the last of the server's middleware",
            )
        await beside(place.compare, method, params)
        return await handler(ctx, params)

    return handle
