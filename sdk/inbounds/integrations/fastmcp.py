"""FastMCP servers and proxies: what a client asks for is judged before a tool of theirs runs.

    server = guarded_server(FastMCP("files"), [read, write], authorization=authorization)

The authorization is the one of `inbounds.integrations.mcp`, put last of the server's lowest
middleware; and what is judged is compared once more where FastMCP runs a tool, reads a resource or
renders a prompt: after all of its own middleware and extensions.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from inbounds.errors import ConfigurationError

try:
    from fastmcp import FastMCP
    from fastmcp.server.providers import LocalProvider
    from fastmcp.server.providers.fastmcp_provider import FastMCPProviderTool
    from fastmcp.server.transforms import Transform
    from fastmcp.tools import FunctionTool, Tool
    from fastmcp.tools.tool_transform import TransformedTool

    from inbounds.integrations._adapter.requirements import (
        require_authorization,
        require_named_once,
    )
    from inbounds.integrations.mcp import AuthorizationMiddleware
    from inbounds.integrations.mcp.server import require_whole, watch
    from inbounds.integrations.mcp.tool_proxy import bare, compared
except ImportError as missing:
    if not (missing.name or "").startswith(("fastmcp", "mcp")):
        raise
    raise ConfigurationError(
        "FastMCP servers are guarded with the package `fastmcp`: it is not there",
        code="configuration.extra_missing",
        hint="pip install 'inbounds[fastmcp]'",
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inbounds.pep.tool import GuardedTool

__all__ = ["AuthorizationMiddleware", "guarded_server"]

_BELOW = ("resources/subscribe", "resources/unsubscribe", "completion/complete")
"""What FastMCP answers below its own middleware."""


def guarded_server(
    server: Any,
    tools: Sequence[GuardedTool[..., Any]] = (),
    *,
    authorization: AuthorizationMiddleware,
) -> Any:
    """Let a server, or a proxy of another one, answer only what is judged. It is returned.

    Guard the server that clients are connected to, and none that is mounted in it.

    Args:
        server: A `FastMCP`, such as `create_proxy` makes one.
        tools: Guarded tools to give it; their functions run under the permits asked for here.
        authorization: Judges.

    Raises:
        ConfigurationError: `configuration.tool_out_of_reach`: it is not such a server, or a tool
            gives its result bit by bit; `configuration.order`: it has an authorization already;
            `configuration.tool_named_twice`: it keeps a tool of its own by a guarded tool's name.
    """
    require_authorization(authorization, AuthorizationMiddleware)
    if not isinstance(server, FastMCP):
        raise ConfigurationError(
            f"messages to a {type(server).__name__} cannot be judged",
            code="configuration.tool_out_of_reach",
            hint="give it a `FastMCP`; servers of the SDK by `inbounds.integrations.mcp`",
        )
    for tool in tools:
        require_whole(tool)
        about = inspect.getdoc(tool.function) or tool.name
        own = authorization.own_name(tool.name)
        made = Tool.from_function(bare(tool.function), name=own, description=about)
        if server.add_tool(made) is not made:
            require_named_once([own, own])
    watch(server._mcp_server, authorization, _BELOW)  # noqa: SLF001 -- it has no public name
    # A server that is mounted, and one behind a proxy, says of its tools what it likes.
    authorization.own_tools = lambda: all(isinstance(p, LocalProvider) for p in server.providers)
    _run_what_was_judged(server)
    _keep_labels(server)
    return server


class _Bare(Transform):  # type: ignore[misc]  # not there for mypy
    """Lets each tool return its result without its label: of all that it is, text is made."""

    async def get_tool(self, name: str, call_next: Any, *, version: Any = None) -> Any:
        """Find a tool, as `Transform.get_tool`."""
        tool = await call_next(name, version=version)
        _keep_label(tool)
        return tool


def _keep_labels(server: Any) -> None:
    if not any(isinstance(each, _Bare) for each in server.transforms):
        server.add_transform(_Bare())


def _keep_label(tool: Any) -> None:
    """Let the permit of a call see the label, whichever server the tool is mounted from."""
    if isinstance(tool, FastMCPProviderTool):
        _keep_labels(tool._server)  # noqa: SLF001 -- it has no public name
    if isinstance(tool, TransformedTool):
        _keep_label(tool.parent_tool)
    if isinstance(tool, FunctionTool | TransformedTool):
        tool.fn = bare(tool.fn)


def _run_what_was_judged(server: Any) -> None:
    """Compare once more, innermost: FastMCP calls these of itself where its middleware ends."""
    run, read, render = server.call_tool, server.read_resource, server.render_prompt

    async def call_tool(
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        run_middleware: bool = True,
        **options: Any,
    ) -> Any:
        if not run_middleware:
            await compared("tools/call", {"name": name, "arguments": arguments})
        return await run(name, arguments, run_middleware=run_middleware, **options)

    async def read_resource(uri: str, *, run_middleware: bool = True, **options: Any) -> Any:
        if not run_middleware:
            await compared("resources/read", {"uri": str(uri)})
        return await read(uri, run_middleware=run_middleware, **options)

    async def render_prompt(
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        run_middleware: bool = True,
        **options: Any,
    ) -> Any:
        if not run_middleware:
            await compared("prompts/get", {"name": name, "arguments": arguments})
        return await render(name, arguments, run_middleware=run_middleware, **options)

    server.call_tool = call_tool
    server.read_resource = read_resource
    server.render_prompt = render_prompt
