"""Servers each of whose answers is judged."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resolve import find_resolved_parameters
from mcp.server.mcpserver.utilities.context_injection import find_context_parameter

from inbounds.errors import ConfigurationError
from inbounds.integrations._adapter.call_arguments import complete
from inbounds.integrations._adapter.requirements import (
    require_authorization,
    require_guarded,
    require_named_once,
)
from inbounds.pep.tool import GuardedTool
from inbounds.process.threads import run_in_thread

from .middleware import AuthorizationMiddleware
from .tool_call import JUDGED, ROUND
from .tool_proxy import bare, compared

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


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
        ConfigurationError: `configuration.tool_out_of_reach`: it is not a server whose messages can
            be judged; `configuration.tool_guarded_twice`: a tool of it is guarded itself;
            `configuration.order`: an authorization stands among its middleware already;
            `configuration.tool_named_twice`: it has a tool by the name of a guarded one.
    """
    require_authorization(authorization, AuthorizationMiddleware)
    lowest = server._lowlevel_server if isinstance(server, MCPServer) else server  # noqa: SLF001
    if not isinstance(lowest, Server):
        raise ConfigurationError(
            f"messages to a {type(server).__name__} cannot be judged",
            code="configuration.tool_out_of_reach",
            hint="give it an `MCPServer`, or a low-level `Server`",
        )
    if tools and not isinstance(server, MCPServer):
        raise ConfigurationError(
            "a low-level `Server` takes no functions as tools",
            code="configuration.tool_out_of_reach",
            hint="give it handlers of its own, or guard an `MCPServer`",
        )
    for tool in tools:
        require_whole(tool)
    own = _tools(server)
    for each in own:
        require_unguarded(each.fn)
    require_named_once([*(n.name for n in own), *(authorization.own_name(n.name) for n in tools)])
    for tool in tools:
        about = inspect.getdoc(tool.function) or tool.name
        server.add_tool(
            bare(tool.function, _injected),
            name=authorization.own_name(tool.name),
            description=about,
        )
    if isinstance(server, MCPServer):
        mine = authorization.of_server(
            functools.partial(_owns, server), functools.partial(_completed, server)
        )
        watch(lowest, mine, JUDGED - {"tools/call"})
        _run_what_was_judged(server)
    else:
        watch(lowest, authorization.of_server(), JUDGED)
    return server


def watch(lowest: Any, authorization: AuthorizationMiddleware, methods: Collection[str]) -> None:
    """Put an authorization last, and once more in the place of the handlers of some methods.

    Args:
        lowest: The low-level server.
        authorization: That of this server alone, as `of_server` makes it.
        methods: Those whose handlers are compared with once more.

    Raises:
        ConfigurationError: `configuration.order`: one stands there already.
    """
    if any(isinstance(each, AuthorizationMiddleware) for each in lowest.middleware):
        raise ConfigurationError(
            "an authorization stands among the server's middleware, where others may come after it",
            code="configuration.order",
            hint="leave it out there: `authorization=` is put last",
        )
    for method in methods:
        entry = lowest.get_request_handler(method)
        if entry is not None:
            lowest.add_request_handler(method, entry.params_type, _in_place(method, entry.handler))
    lowest.middleware.append(authorization)


def require_unguarded(function: Any) -> None:
    """Refuse a tool whose function is guarded itself.

    Raises:
        ConfigurationError: `configuration.tool_guarded_twice`: it is.
    """
    if isinstance(function, GuardedTool):
        raise ConfigurationError(
            f"`{function.name}` would be judged twice: the function of a tool is guarded itself",
            code="configuration.tool_guarded_twice",
            hint="give the guarded function in `tools=`, without adding it to the server",
        )


def require_whole(tool: GuardedTool[..., Any]) -> None:
    """Refuse a guarded tool that gives its result bit by bit.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it does; `configuration.wrong_kind`:
            it is not a guarded tool.
    """
    require_guarded(tool)
    if tool.generates or tool.generates_async:
        raise ConfigurationError(
            f"calls of `{tool.name}` cannot be judged: it gives its result bit by bit",
            code="configuration.tool_out_of_reach",
            hint="give the server a tool that returns its result whole",
        )


def _run_what_was_judged(server: Any) -> None:
    """Compare where an `MCPServer` runs a tool: what extensions do comes before that."""
    run = server.call_tool

    async def call_tool(name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        await compared("tools/call", {"name": name, "arguments": arguments})
        tool = server._tool_manager.get_tool(name)  # noqa: SLF001 -- it has no public name
        if tool is not None:
            tool.fn = bare(tool.fn, _injected)
        return await run(name, arguments, context)

    server.call_tool = call_tool


def function_of(server: Any, name: str) -> Any:
    """Return the function of a tool of an `MCPServer`; None of any other server."""
    if not isinstance(server, MCPServer):
        return None
    tool = server._tool_manager.get_tool(name)  # noqa: SLF001 -- it has no public name
    return None if tool is None else tool.fn


async def _owns(server: Any, name: str) -> bool:
    """Whether a tool is one of an `MCPServer`: its functions are this program's."""
    return function_of(server, name) is not None


async def _completed(server: Any, name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return arguments with all that an `MCPServer` would call a tool's function with."""
    tool = server._tool_manager.get_tool(name)  # noqa: SLF001 -- it has no public name
    try:
        made = tool.fn_metadata.validate_arguments(dict(arguments))
    except Exception:  # noqa: BLE001 -- the tool says so itself
        return arguments
    return await run_in_thread(complete, arguments, made)


def _injected(function: Any) -> set[str]:
    """Return the names of the arguments that an `MCPServer` itself provides."""
    context = find_context_parameter(function)
    return {*find_resolved_parameters(function), *([] if context is None else [context])}


def _tools(server: Any) -> Sequence[Any]:
    return server._tool_manager.list_tools() if isinstance(server, MCPServer) else ()  # noqa: SLF001


def _in_place(method: str, handler: Any) -> Any:
    async def handle(ctx: Any, params: Any) -> Any:
        said = params.model_dump(by_alias=True, mode="json", exclude_none=True)
        arguments = getattr(params, "arguments", None)
        if arguments is not None:
            # As they are: a value of null is a value.
            said["arguments"] = arguments
        await compared(method, {n: v for n, v in said.items() if n not in ("_meta", *ROUND)})
        return await handler(ctx, params)

    return handle
